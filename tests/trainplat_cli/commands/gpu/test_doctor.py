import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from resources.gpu.inventory.model import Device, DeviceId, Vendor
from resources.gpu.inventory.report import SourceReport, State
from resources.gpu.inventory.source import Ability
from trainplat_cli.commands.gpu import doctor as module
from trainplat_cli.main import main

WELL = Device(
    DeviceId("cuda:0"),
    "NVIDIA [H100]",
    81559,
    vendor=Vendor.NVIDIA,
    island=0,
    numa_node=1,
    mig_profile="1g.10gb",
)
LOST = Device(DeviceId("cuda:1"), None, None, vendor=Vendor.NVIDIA, fault="It has fallen off the bus.")


WORDS = (
    "memory",
    "slices of a card",
    "NUMA nodes",
    "health",
    "utilisation",
    "processes",
    "fractions kept apart",
)


def given(monkeypatch: pytest.MonkeyPatch, *sources: SourceReport) -> None:
    monkeypatch.setattr(module, "report", lambda: sources)


def test_a_machine_that_is_well_ends_with_zero_and_names_each_source(trainplat_home: Path) -> None:
    result = CliRunner().invoke(main, ["gpu", "doctor"])
    assert result.exit_code == 0
    for line in (
        "· NVML             not used: left to others: TRAINPLAT_ACCELERATOR is cpu",
        "· inventory.yaml   not found: no cluster is declared",
        "    not supported: direct links (`npu-smi info` tells no HCCS links)",
        "✓ CPU slots        found: 2",
        "Nothing is to be mended.",
    ):
        assert line in result.stdout.splitlines()


def test_devices_are_shown_with_their_facts_and_what_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    cannot = dict.fromkeys((Ability.LINKS, Ability.ERRORS), "it is too old")
    can = frozenset(Ability) - cannot.keys()
    given(monkeypatch, SourceReport("NVML", State.FOUND, "driver 580", (WELL, LOST), can, cannot))
    result = CliRunner().invoke(main, ["gpu", "doctor"])
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        "✓ NVML             found: driver 580",
        f"    supported: {', '.join(WORDS)}",
        "    not supported: direct links, errors as they come (it is too old)",
        "    cuda:1           ?",
        "      ✗ It has fallen off the bus.",
        "    cuda:0           NVIDIA [H100] · MIG 1g.10gb · 80 GiB · island 0 · NUMA 1",
        "Something is to be mended.",
    ]


def test_an_error_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, SourceReport("AMD SMI", State.ERROR, "it hangs", next_step="Run it yourself."))
    result = CliRunner().invoke(main, ["gpu", "doctor"])
    assert result.exit_code == 1
    assert "✗ AMD SMI          error: it hangs\n    Next: Run it yourself.\n" in result.stdout


def test_of_a_large_cluster_people_see_a_part_and_ill_devices_first(monkeypatch: pytest.MonkeyPatch) -> None:
    many = tuple(Device(DeviceId(f"n/cuda:{index}"), "T4", None) for index in range(100))
    given(monkeypatch, SourceReport("inventory.yaml", State.FOUND, "x", (*many, LOST)))
    lines = CliRunner().invoke(main, ["gpu", "doctor"]).stdout.splitlines()
    assert lines[1].split()[0] == "cuda:1"
    assert lines[-2] == "    and 37 more"
    assert len(lines) == 1 + 64 + 1 + 2


def test_programs_get_all_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, SourceReport("NVML", State.FOUND, "driver 580", (LOST,), frozenset({Ability.MEMORY})))
    result = CliRunner().invoke(main, ["gpu", "doctor", "--json"])
    assert result.exit_code == 1
    told = json.loads(result.stdout)
    assert told["well"] is False
    (source,) = told["sources"]
    assert source["can"] == ["memory"]
    assert source["cannot"] == [one for one in Ability if one is not Ability.MEMORY]
    assert source["why_not"] == {}
    assert (source["name"], source["state"], source["detail"]) == ("NVML", "found", "driver 580")
    (device,) = source["devices"]
    assert (device["id"], device["vendor"], device["fault"]) == ("cuda:1", "nvidia", LOST.fault)


def test_declared_nodes_are_told_with_what_nobody_looks_at(trainplat_home: Path) -> None:
    trainplat_home.mkdir()
    (trainplat_home / "inventory.yaml").write_text(
        "nodes:\n- {name: 'gpu-[1-3]', cpus: 8, memory: 64GiB, devices: [{model: NVIDIA H100, count: 8}]}\n"
    )
    result = CliRunner().invoke(main, ["gpu", "doctor"])
    assert result.exit_code == 0
    assert (
        f"✓ inventory.yaml   found: {trainplat_home}/inventory.yaml: 3 node(s), 24 device(s)" in result.stdout
    )
    assert "    supported: memory, direct links\n" in result.stdout
    assert "nobody looks at it; no run is started there" in result.stdout
    assert "    gpu-3/cuda:7     NVIDIA H100" in result.stdout
    told = json.loads(CliRunner().invoke(main, ["gpu", "doctor", "--json"]).stdout)
    (declared,) = [one for one in told["sources"] if one["name"] == "inventory.yaml"]
    assert declared["can"] == ["memory", "links"]
    assert set(declared["why_not"]) == set(declared["cannot"])
