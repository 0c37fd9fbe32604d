from pathlib import Path

import pytest

from resources.gpu.inventory import ascend
from resources.gpu.inventory.report import SourceReport, State, report
from resources.gpu.inventory.source import Ability
from tests.resources.gpu.inventory.conftest import RECORDED, InstallTool


def by_name() -> dict[str, SourceReport]:
    return {one.name: one for one in report()}


def test_every_source_says_what_it_is(trainplat_home: Path) -> None:
    told = by_name()
    assert list(told) == [
        *("NVML", "AMD SMI", "XPU-SMI", "npu-smi"),
        *("other vendors", "inventory.yaml", "CPU slots"),
    ]
    assert told["NVML"].state is State.UNUSED
    assert told["inventory.yaml"].state is State.NOT_FOUND
    assert (told["CPU slots"].state, told["CPU slots"].detail) == (State.FOUND, "2")
    assert all(one.is_well for one in told.values())


def test_a_source_lists_its_devices_with_what_it_can_tell(
    install_tool: InstallTool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ascend, "DRIVER", tmp_path)
    install_tool("npu-smi", {"info": RECORDED / "npu_smi_310b4.txt"})
    told = by_name()
    npus = told["npu-smi"]
    assert (npus.state, npus.detail) == (State.FOUND, "npu-smi 23.0.0")
    assert [one.id for one in npus.devices] == ["npu:0"]
    assert Ability.HEALTH in npus.can
    assert Ability.LINKS not in npus.can
    assert not npus.is_well
    assert told["CPU slots"].state is State.UNUSED


def test_what_is_wrong_with_one_source_hides_no_other(
    install_tool: InstallTool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trainplat_home: Path
) -> None:
    monkeypatch.setattr(ascend, "DRIVER", tmp_path)
    install_tool("npu-smi", {})
    trainplat_home.mkdir()
    (trainplat_home / "inventory.yaml").write_text("nodes: 3")
    monkeypatch.setenv("TRAINPLAT_CPU_SLOTS", "many")
    told = by_name()
    assert told["npu-smi"].state is told["inventory.yaml"].state is told["CPU slots"].state is State.ERROR
    assert told["NVML"].state is not State.ERROR
    assert "nodes is 3" in told["inventory.yaml"].detail
    assert all(one.next_step for one in told.values() if not one.is_well)
    monkeypatch.setenv("TRAINPLAT_ACCELERATOR", "tpu")
    assert by_name()["NVML"].state is State.ERROR


def test_a_declared_cluster_is_told_with_its_size(trainplat_home: Path) -> None:
    trainplat_home.mkdir()
    file = trainplat_home / "inventory.yaml"
    file.write_text("nodes:\n- {name: a, cpus: 4, memory: 8GiB, devices: [{model: T4, count: 2}]}\n")
    declared = by_name()["inventory.yaml"]
    assert (declared.state, declared.detail) == (State.FOUND, f"{file}: 1 node(s), 2 device(s)")
    assert [one.id for one in declared.devices] == ["a/cuda:0", "a/cuda:1"]
    assert "nobody looks at it" in declared.cannot[Ability.HEALTH]


def test_of_a_declared_node_that_is_this_machine_the_found_devices_count(
    trainplat_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainplat_home.mkdir()
    (trainplat_home / "inventory.yaml").write_text(
        "nodes:\n- {name: 'a-[1-2]', cpus: 4, memory: 8GiB, devices: [{model: T4}]}\n"
    )
    monkeypatch.setattr("socket.gethostname", lambda: "a-2.example.org")
    declared = by_name()["inventory.yaml"]
    assert declared.detail.endswith("; a-2 is this machine, whose devices are those found above")
    assert [one.id for one in declared.devices] == ["a-1/cuda:0"]


def test_each_source_says_of_each_thing_that_it_cannot_why_not(trainplat_home: Path) -> None:
    for one in report():
        if one.can:
            assert set(one.cannot) == set(Ability) - one.can, one.name
            assert all(one.cannot.values())


def test_vendors_whose_devices_nothing_looks_for_are_named() -> None:
    others = by_name()["other vendors"]
    assert (others.state, others.is_well) == (State.UNSUPPORTED, True)
    assert {"intel (gaudi)", "cambricon (mlu)", "metax", "hygon (dcu)"} <= set(others.detail.split(", "))
