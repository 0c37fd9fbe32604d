"""Intel GPUs, from recorded outputs of the vendor's tool."""

from pathlib import Path

import pytest

from resources.errors import Unavailable
from resources.gpu.inventory import intel
from resources.gpu.inventory.source import Found, Missing
from tests.resources.gpu.inventory.conftest import RECORDED, InstallTool

ANSWERS: dict[str, str | Path] = {
    "-v": "CLI:\n    Version: 1.2.38\n",
    "discovery -j": RECORDED / "xpu_smi_discovery.json",
    "discovery -d 0 -j": RECORDED / "xpu_smi_discovery_0.json",
    "health -d 0 -j": RECORDED / "xpu_smi_health.json",
    "stats -d 0 -j": RECORDED / "xpu_smi_stats.json",
    "ps -d 0 -j": RECORDED / "xpu_smi_ps.json",
}
ERROR = '{"error": "Device not found", "errno": 12}'


@pytest.fixture(autouse=True)
def _driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "dri").mkdir()
    monkeypatch.setattr(intel, "DRIVER", tmp_path / "dri")


def found() -> Found:
    seen = intel.find()
    assert isinstance(seen, Found)
    return seen


def test_gpus_tell_model_memory_and_place_and_an_ill_one_hides_no_other(install_tool: InstallTool) -> None:
    install_tool("xpu-smi", {**ANSWERS, "discovery -d 1 -j": ERROR})
    first, second = found().devices
    assert (first.id, first.model) == ("xpu:0", "Intel(R) Data Center GPU Max 1100")
    assert (first.memory_mib, first.uuid, first.fault) == (
        49136,
        "00000000-0000-0029-0000-002f0bda8086",
        None,
    )
    assert second.id == "xpu:1"
    assert second.fault == "xpu-smi does not tell the accelerators of this machine: Device not found."
    assert (first.answers, second.answers) == (True, False)
    assert found().version == "CLI: Version: 1.2.38"


def test_a_tool_that_fails_for_a_gpu_says_nothing_of_whether_it_answers(install_tool: InstallTool) -> None:
    install_tool("xpu-smi", ANSWERS)
    second = found().devices[1]
    assert "`xpu-smi discovery -d 1 -j` does not tell" in (second.fault or "")
    assert second.answers


def test_a_part_that_is_ill_keeps_a_gpu_from_being_given_out(install_tool: InstallTool) -> None:
    text = (RECORDED / "xpu_smi_health.json").read_text()
    ill = text.replace(
        '"Ok",\n    "description": "All memory channels', '"Critical",\n    "description": "Some'
    )
    assert ill != text
    install_tool("xpu-smi", {**ANSWERS, "health -d 0 -j": ill})
    assert found().devices[0].fault == "xpu-smi calls its health Critical: see `xpu-smi health`."


def test_a_gpu_that_is_throttled_is_slow_and_not_ill(install_tool: InstallTool) -> None:
    throttled = (RECORDED / "xpu_smi_health.json").read_text().replace('"OK"', '"Warning"')
    install_tool("xpu-smi", {**ANSWERS, "health -d 0 -j": throttled})
    assert found().devices[0].fault is None


def test_a_look_reads_what_the_recording_has(install_tool: InstallTool) -> None:
    install_tool("xpu-smi", ANSWERS)
    reading = intel.read(found().devices[:1])[0]
    assert (reading.power_w, reading.temperature_c, reading.utilisation_pct) == (44.69, 53, None)
    assert (reading.memory_used_mib, reading.memory_total_mib) == (229, 49136)
    assert reading.health.status == "Ok"
    assert [(one.pid, one.memory_mib) for one in reading.processes or ()] == [
        (768707, 5461),
        (5225, 1),
        (4615, 16439),
    ]
    assert reading.fault is None


def test_what_cannot_be_read_is_a_fault_of_that_device(install_tool: InstallTool) -> None:
    install_tool("xpu-smi", {**ANSWERS, "stats -d 0 -j": ERROR, "health -d 0 -j": "no JSON"})
    devices = found().devices
    assert devices[0].fault is None
    assert "Device not found" in (intel.read(devices[:1])[0].fault or "")


def test_a_machine_without_the_tool_or_the_driver_has_none(
    install_tool: InstallTool, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert intel.find() == Missing("xpu-smi is not installed")
    install_tool("xpu-smi", ANSWERS)
    monkeypatch.setattr(intel, "DRIVER", Path("/nowhere"))
    assert intel.find() == Missing("no graphics driver: /nowhere is not there")


def test_an_error_in_json_is_an_error(install_tool: InstallTool) -> None:
    install_tool("xpu-smi", {"discovery -j": '{"error": "Level Zero Initialization Error"}'})
    with pytest.raises(Unavailable, match="Level Zero Initialization Error"):
        intel.find()
