"""Fractions of a GPU from start to watch, over stand-ins for the library of NVML and the program of MPS."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import cast

import pytest

from tests.resources.gpu.enforcement.mps_on_path import put_mps_on_path
from tests.resources.gpu.enforcement.processes import program
from tests.resources.gpu.inventory import conftest

nvml_library = conftest.nvml_library
ACT = """
import json, os, sys
from pathlib import Path
from dagster import DagsterInstance
from resources.gpu.enforcement.apart import apart
from resources.gpu.enforcement.mps import Mps
from resources.gpu.enforcement.rules import Patience
from resources.gpu.enforcement.start import run_environment, start_mps
from resources.gpu.model import Attempt, Origin, Owner, RunId
from resources.gpu.service import GpuService
from resources.home import Home
from resources.process import ProcessIdentity
from resources.runs.watching import ACTOR, Watch

pids = dict(zip(("first", "second"), map(int, sys.argv[1:])))
cards = Path(os.environ["FAKE_NVML"])
home = Home.from_environment()
service = GpuService(home.database())
watch = Watch(DagsterInstance.ephemeral(), service, home, Patience(grace_s=0, again_s=60))
mps = Mps(home)

def card(used, **mib):
    processes = ";".join(f"{pids[name]}:{amount}" for name, amount in mib.items())
    told = ("uuid=GPU-1", "cc=7.0", "mode=0", f"used={used}", f"mps={processes}")
    cards.write_text("\\t".join(("Tesla V100-SXM2-16GB", "16160", *told)) + "\\n")

def looks(times):
    return [[f.run_id, f.rule, f.action] for _ in range(times) for f in watch.look() if f.rule != "U1"]

told = {}
card(0)
for name in pids:
    service.submit(RunId(name), "6000M,0.5(V100)", owner=Owner("vision", "ann"), origin=Origin.QUEUE,
                   instance="x", actor=ACTOR)
service.decide_now(ACTOR)
start_mps(home, service.fractions)
told["mps"] = mps.answers()
for name, pid in pids.items():
    holder = ProcessIdentity.of(pid)
    lease = service.claim(RunId(name), holder)
    service.set_holder(RunId(name), Attempt(1), holder)
environment = run_environment(lease, service.devices(), home)
told["environment"] = {key: environment.get(key) for key in
                       ("CUDA_MPS_ACTIVE_THREAD_PERCENTAGE", "CUDA_MPS_PINNED_DEVICE_MEM_LIMIT",
                        "CUDA_VISIBLE_DEVICES")}
told["apart"] = [one.level for one in apart(lease, service.devices()).devices]
card(7000, first=6000, second=1000)
told["within"] = looks(2)
card(9500, first=8500, second=1000)
told["above, with enough left"] = looks(2)
card(15000, first=14000, second=1000)
told["a neighbour is short"] = looks(1)
told["stops"] = service.newest_lease(RunId("first")).stop_for
for name in pids:
    service.release(RunId(name), Attempt(1), reason="the run ended", actor=ACTOR)
watch.look()
told["mps after the last"] = mps.daemon() is not None
print(json.dumps(told))
"""


SECOND = """
import json, os
from click.testing import CliRunner
from dagster import DagsterInstance, asset, materialize
from resources.gpu.resource import GpuResource
from trainplat_cli.main import main

NAMES = ("CUDA_MPS_ACTIVE_THREAD_PERCENTAGE", "CUDA_MPS_PINNED_DEVICE_MEM_LIMIT", "CUDA_VISIBLE_DEVICES")
told = {}

def look(name):
    told[name] = [os.environ.get(one) for one in NAMES]

@asset(op_tags={"trainplat/gpu": "6000M,0.5(V100)"})
def trained(gpu: GpuResource) -> None:
    look("run")
    with gpu.lease("1(V100)"):
        look("whole")
        with gpu.lease("4000M,0.25(V100)"):
            look("fraction")
        look("whole again")
    look("run again")

done = materialize([trained], instance=DagsterInstance.ephemeral(), resources={"gpu": GpuResource()})
assert done.success
shown = CliRunner().invoke(main, ["gpu", "allocate", "probe", "4000M,0.25(V100)", "--json"])
told["without a run"] = [json.loads(shown.stdout)["environment"].get(one) for one in NAMES]
print(json.dumps(told))
assert CliRunner().invoke(main, ["gpu", "release", "probe"]).exit_code == 0
from resources.gpu.enforcement.mps import Mps
from resources.home import Home
Mps(Home.from_environment()).stop()
"""


def test_a_second_lease_and_one_without_a_run_have_the_limits_of_their_own_share(
    nvml_library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_mps_on_path(tmp_path / "bin", monkeypatch)
    card = "Tesla V100-SXM2-16GB\t16160\tuuid=GPU-{}\tcc=7.0\tmode=0\n"
    (tmp_path / "cards").write_text(card.format(1) + card.format(2))
    environment = {
        **os.environ,
        "LD_LIBRARY_PATH": str(nvml_library),
        "FAKE_NVML": str(tmp_path / "cards"),
        "TRAINPLAT_ACCELERATOR": "auto",
    }
    done = subprocess.run(
        [sys.executable, "-c", SECOND], env=environment, stdout=subprocess.PIPE, text=True, check=True
    )
    told = json.loads(done.stdout.splitlines()[-1])
    run, whole, fraction = told["run"], told["whole"], told["fraction"]
    assert (run[0], whole[:2], fraction[0]) == ("50", [None, None], "25")
    assert (run[1].endswith("=6000MB"), fraction[1].endswith("=4000MB")) == (True, True)
    assert {run[2], whole[2]} == {"GPU-1", "GPU-2"}
    assert fraction[2] == run[2]
    assert (told["whole again"], told["run again"]) == (whole, run)
    assert told["without a run"][0] == "25"


@pytest.fixture(scope="module")
def told(nvml_library: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """What two halves of one card see, and what becomes of the one that takes too much of it."""
    folder = tmp_path_factory.mktemp("card")
    with pytest.MonkeyPatch.context() as patched, program("first") as first, program("second") as second:
        put_mps_on_path(folder / "bin", patched)
        environment = {
            **os.environ,
            "LD_LIBRARY_PATH": str(nvml_library),
            "FAKE_NVML": str(folder / "cards"),
            "TRAINPLAT_ACCELERATOR": "auto",
            "TRAINPLAT_HOME": str(folder / "home"),
        }
        shown = subprocess.run(
            [sys.executable, "-c", ACT, str(first.process.pid), str(second.process.pid)],
            env=environment,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
    found: dict[str, object] = json.loads(shown.stdout.splitlines()[-1])
    return found


def test_a_fraction_starts_under_mps_with_its_limits(told: dict[str, object]) -> None:
    assert told["mps"] is True
    assert told["environment"] == {
        "CUDA_MPS_ACTIVE_THREAD_PERCENTAGE": "50",
        "CUDA_MPS_PINNED_DEVICE_MEM_LIMIT": "0=6000MB",
        "CUDA_VISIBLE_DEVICES": "GPU-1",
    }
    assert told["apart"] == ["limited"]


def test_who_takes_more_device_memory_than_its_lease_is_warned_in_two_looks(told: dict[str, object]) -> None:
    assert told["within"] == []
    assert told["above, with enough left"] == [["first", "U2", "note"], ["first", "U2", "warn"]]


def test_who_leaves_a_neighbour_short_is_evicted_whatever_it_declared(told: dict[str, object]) -> None:
    above, short = cast(list[list[str]], told["a neighbour is short"])
    assert above[:2] == ["first", "U2"]  # what follows from that depends on how long it took until here
    assert short == ["first", "U6", "evict"]
    assert told["stops"] == "overuse:U6"


def test_mps_ends_with_the_last_fraction(told: dict[str, object]) -> None:
    assert told["mps after the last"] is False
