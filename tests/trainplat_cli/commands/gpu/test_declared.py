"""The commands where a file declares other machines: on which node what is, and how it is used there."""

import json

import pytest

from resources.home import Home
from tests.trainplat_cli.commands.gpu.homes import run
from tests.trainplat_cli.commands.gpu.test_reserve import SOON

CLUSTER = """
nodes:
  - {name: 'gpu-[1-2]', cpus: 96, memory: 768GiB, devices: [{model: NVIDIA H100, memory: 81559MiB, count: 8}]}
"""


@pytest.fixture(autouse=True)
def _cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINPLAT_CPU_SLOTS", "2")
    home = Home.from_environment().path
    home.mkdir(parents=True, exist_ok=True)
    (home / "inventory.yaml").write_text(CLUSTER)


def test_a_lease_says_on_which_machine_it_is_and_how_its_devices_are_seen_there() -> None:
    result = run("allocate", "probe", "8(H100)", "--for", "1h")
    assert result.exit_code == 0, result.stderr
    assert "export CUDA_VISIBLE_DEVICES=''" in result.stdout.splitlines(), "this shell sees none of them"
    said = " ".join(result.stderr.split())
    assert "not on this machine but on gpu-" in said
    assert "There: export CUDA_DEVICE_ORDER=PCI_BUS_ID CUDA_VISIBLE_DEVICES=0,1,2,3,4,5,6,7" in said
    told = json.loads(run("allocate", "second", "1(H100)", "--json").stdout)
    (place,) = told["placement"]
    assert (place["node"], place["declared"]) == (f"gpu-{place['node_index']}", True)
    assert place["devices"] == told["devices"]
    assert place["environment"]["CUDA_VISIBLE_DEVICES"] == str(place["device_indexes"][0])


def test_a_lease_on_this_machine_says_nothing_of_others() -> None:
    result = run("allocate", "probe", "1")
    assert "not on this machine" not in result.stderr
    (place,) = json.loads(run("allocate", "other", "1", "--json").stdout)["placement"]
    assert (place["node"], place["node_index"], place["declared"]) == ("local", 0, False)
    assert place["environment"] is None


def test_a_simulation_says_that_no_run_can_have_it() -> None:
    told = json.loads(run("simulate", "2(H100)", "--json").stdout)
    assert (told["outcome"], told["for_run"]) == ("granted", False)
    assert told["placement"][0]["device_indexes"] == [0, 1]
    shown = " ".join(run("simulate", "2(H100)").stdout.split())
    assert "a lease without a run can have it: trainplat gpu allocate NAME '2(H100)'" in shown
    assert json.loads(run("simulate", "1", "--json").stdout)["for_run"] is True


def test_a_reservation_says_where_it_is() -> None:
    made = json.loads(run("reserve", "demo", "4(H100)", "--from", SOON, "--for", "1h", "--json").stdout)
    assert made["placement"][0]["node"].startswith("gpu-")
    (listed,) = json.loads(run("reserve", "list", "--json").stdout)["reservations"]
    assert listed["placement"] == made["placement"]


def test_devices_that_nobody_looks_at_are_marked() -> None:
    told = json.loads(run("status", "--json").stdout)["devices"]
    assert [one["declared"] for one in told] == [False] * 2 + [True] * 16
    shown = run("status").stdout
    assert shown.count("nobody, declared") == 16
