"""AMD GPUs, from recorded outputs of the vendor's tools."""

import json
from pathlib import Path
from typing import Any

import pytest

from resources.errors import Unavailable
from resources.gpu.inventory import amd, pci
from resources.gpu.inventory.source import Found, Missing
from tests.resources.gpu.inventory.conftest import RECORDED, InstallTool

STATIC = RECORDED / "amd_smi_static_mi210.json"
METRIC = RECORDED / "amd_smi_metric_mi210.json"


@pytest.fixture(autouse=True)
def driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    driver = tmp_path / "kfd"
    driver.touch()
    monkeypatch.setattr(amd, "DRIVER", driver)
    return driver


def answers(**changed: str | Path) -> dict[str, str | Path]:
    return {
        "version": "AMDSMI Tool: 25.3.0 | ROCm version: 6.4.0\n",
        "list --json": changed.get("list", RECORDED / "amd_smi_list.json"),
        "static --json": changed.get("static", STATIC),
        "topology --json": changed.get("topology", RECORDED / "amd_smi_topology.json"),
        "metric --json": changed.get("metric", METRIC),
        "process --json": RECORDED / "amd_smi_process.json",
    }


def found() -> Found:
    seen = amd.find()
    assert isinstance(seen, Found)
    return seen


def changed(file: Path, change: Any) -> str:
    told = json.loads(file.read_text())
    change(told["gpu_data"][0])
    return json.dumps(told)


def test_a_gpu_tells_its_model_memory_and_place(install_tool: InstallTool) -> None:
    install_tool("amd-smi", answers())
    seen = found()
    assert seen.version == "AMDSMI Tool: 25.3.0 | ROCm version: 6.4.0"
    first, second = seen.devices
    assert (first.id, first.model, first.memory_mib) == ("rocm:0", "AMD Instinct MI210", 65520)
    assert (first.numa_node, first.pci_bus_id, first.fault) == (1, "0000:08:00.0", None)
    assert first.uuid == "aeff740f-0000-1000-8000-000000000001"
    # The recording of `static` is of a machine with one; what is not told is not guessed.
    assert (second.id, second.model, second.memory_mib) == ("rocm:1", None, None)
    assert not second.is_cpu_slot
    assert [one.island for one in seen.devices] == [None, None]


def test_gpus_that_xgmi_joins_are_an_island(install_tool: InstallTool) -> None:
    install_tool("amd-smi", answers(topology=RECORDED / "amd_smi_topology_xgmi.json"))
    assert [one.island for one in found().devices] == [0, 0]


def test_a_release_that_tells_no_links_tells_the_rest(install_tool: InstallTool) -> None:
    told = answers()
    del told["topology --json"], told["version"]
    install_tool("amd-smi", told)
    assert [(one.island, one.fault) for one in found().devices] == [(None, None)] * 2


def test_what_older_releases_print_is_read_too(install_tool: InstallTool) -> None:
    bare = json.dumps(json.loads(STATIC.read_text())["gpu_data"])
    install_tool("amd-smi", answers(static=f"WARNING: User is missing the groups: ['render']\n{bare}"))
    assert found().devices[0].model == "AMD Instinct MI210"


def test_uncorrectable_errors_keep_a_gpu_from_being_given_out(install_tool: InstallTool) -> None:
    ill = changed(METRIC, lambda gpu: gpu["ecc"].update(total_uncorrectable_count=2))
    install_tool("amd-smi", answers(metric=ill))
    first, second = found().devices
    assert first.fault is not None
    assert first.fault.startswith("It had 2 uncorrectable memory error(s)")
    assert second.fault is None
    assert amd.read((first,))[0].fault == first.fault


def test_a_look_reads_what_the_recording_has(install_tool: InstallTool) -> None:
    busy = changed(
        METRIC,
        lambda gpu: gpu.update(
            usage={"gfx_activity": {"value": 73, "unit": "%"}},
            mem_usage={"used_vram": {"value": 2, "unit": "GB"}, "total_vram": {"value": 65520, "unit": "MB"}},
        ),
    )
    install_tool("amd-smi", answers(metric=busy))
    first, second = amd.read(found().devices)
    assert (first.power_w, first.temperature_c) == (41, 37)
    assert (first.utilisation_pct, first.memory_used_mib, first.memory_total_mib) == (73, 2048, 65520)
    assert first.health.uncorrectable_errors == 0
    assert [(one.pid, one.user, one.memory_mib) for one in first.processes or ()] == [(4194303, None, 53)]
    assert second.fault == "It is gone: amd-smi does not list it any more."


def test_what_is_not_available_is_not_told(install_tool: InstallTool) -> None:
    told = {"gpu": 0, "usage": "N/A", "power": {"socket_power": "N/A"}, "fan": {"rpm": 0}}
    install_tool("amd-smi", answers(metric=json.dumps([told])))
    first = amd.read(found().devices)[0]
    assert (first.utilisation_pct, first.power_w, first.memory_used_mib, first.fault) == (None,) * 4


def unread(told: Any) -> Any:
    """What the tool prints where each of its calls for a GPU fails (``values_dict[...] = "N/A"``)."""
    if isinstance(told, dict) and "unit" not in told:
        return {key: value if key == "gpu" else unread(value) for key, value in told.items()}
    return "N/A"


def test_a_gpu_of_which_nothing_can_be_read_does_not_answer(
    install_tool: InstallTool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    metrics = json.loads(METRIC.read_text())["gpu_data"]
    install_tool("amd-smi", answers(metric=json.dumps([unread(metrics[0]), {**metrics[0], "gpu": 1}])))
    first, second = found().devices
    assert (first.answers, second.answers, second.fault) == (False, True, None)
    assert first.fault is not None
    assert first.fault.startswith("It does not answer: amd-smi lists it and can read nothing of it.")
    assert [one.fault for one in amd.read((first, second))] == [first.fault, None]
    asleep = tmp_path / "0000:08:00.0" / "power"
    asleep.mkdir(parents=True)
    (asleep / "runtime_status").write_text("suspended\n")
    monkeypatch.setattr(pci, "SYSFS", tmp_path)
    assert [(one.answers, one.fault) for one in found().devices] == [(True, None)] * 2
    assert amd.read((first,))[0].fault is None


def test_a_machine_without_the_driver_or_a_tool_has_none(install_tool: InstallTool, driver: Path) -> None:
    nothing = amd.find()
    assert isinstance(nothing, Missing)
    assert nothing.why == "neither amd-smi nor rocm-smi is installed"
    assert "amd-smi-lib" in nothing.next_step
    install_tool("amd-smi", {})
    driver.unlink()
    assert amd.find() == Missing(f"no AMD driver: {driver} is not there")


def test_a_tool_that_fails_is_an_error_and_not_a_machine_without_gpus(install_tool: InstallTool) -> None:
    install_tool("amd-smi", {})
    with pytest.raises(Unavailable, match=r"`amd-smi list --json` does not tell .* ends with 1 and says"):
        amd.find()
