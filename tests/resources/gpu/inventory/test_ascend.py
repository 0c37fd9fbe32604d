"""Ascend NPUs, from recorded tables of the vendor's tool."""

from pathlib import Path

import pytest

from resources.gpu.inventory import ascend
from resources.gpu.inventory.source import Found, Missing
from tests.resources.gpu.inventory.conftest import RECORDED, InstallTool

TRAINING = RECORDED / "npu_smi_910b2c.txt"
SMALL = RECORDED / "npu_smi_310b4.txt"
TWO_CHIPS = RECORDED / "npu_smi_910_two_chips.txt"


@pytest.fixture(autouse=True)
def _driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "manager").touch()
    monkeypatch.setattr(ascend, "DRIVER", tmp_path / "manager")


def found() -> Found:
    seen = ascend.find()
    assert isinstance(seen, Found)
    return seen


def test_npus_tell_their_model_and_the_memory_that_trainings_use(install_tool: InstallTool) -> None:
    install_tool("npu-smi", {"info": TRAINING})
    first, second = found().devices
    assert (first.id, first.model, first.memory_mib) == ("npu:0", "Ascend 910B2C", 65536)
    assert (second.pci_bus_id, second.fault) == ("0000:19:00.0", None)
    assert found().version == "npu-smi 23.0.2.1"


def test_each_chip_of_a_card_is_a_device(install_tool: InstallTool) -> None:
    install_tool("npu-smi", {"info": TWO_CHIPS})
    assert [(one.id, one.model, one.pci_bus_id) for one in found().devices] == [
        ("npu:0", "Ascend910", "0000:9d:00.0"),
        ("npu:1", "Ascend910", "0000:9f:00.0"),
        ("npu:2", "Ascend910", "0000:99:00.0"),
    ]
    chips = ascend.parse_chips(TWO_CHIPS.read_text())
    assert [(one.npu, one.chip, one.power_w) for one in chips] == [(0, 0, 178.5), (0, 1, None), (1, 0, 186.3)]


def test_a_device_that_raises_an_alarm_is_not_given_out(install_tool: InstallTool) -> None:
    install_tool("npu-smi", {"info": SMALL})
    (device,) = found().devices
    assert (device.model, device.memory_mib, device.pci_bus_id) == ("Ascend 310B4", 15609, None)
    assert device.fault == "npu-smi calls its health Alarm: see `npu-smi info -t health -i 0`."
    (reading,) = ascend.read((device,))
    assert (reading.fault, reading.health.status, reading.temperature_c) == (device.fault, "Alarm", 65)


def test_a_chip_that_is_listed_and_cannot_be_reached_does_not_answer(install_tool: InstallTool) -> None:
    lines = TRAINING.read_text().splitlines()
    (row,) = [number for number, line in enumerate(lines) if line.startswith("| 1     910B2C")]
    lines[row] = lines[row].replace("| OK            |", "| UNKNOWN       |")
    install_tool("npu-smi", {"info": "\n".join(lines)})
    first, second = found().devices
    assert (first.answers, first.fault, second.answers) == (True, None, False)
    assert second.fault is not None
    assert second.fault.startswith("It does not answer: npu-smi lists it and calls its health UNKNOWN.")
    assert "npu-smi set -t reset -i 1 -c 0" in second.fault
    assert ascend.read((second,))[0].fault == second.fault


def test_a_look_reads_memory_power_and_processes(install_tool: InstallTool) -> None:
    install_tool("npu-smi", {"info": TRAINING})
    first, second = ascend.read(found().devices)
    assert (first.memory_used_mib, first.memory_total_mib, first.power_w) == (20701, 65536, 88.6)
    assert (first.utilisation_pct, first.temperature_c) == (0, 51)
    assert [(one.pid, one.memory_mib) for one in first.processes or ()] == [(124528, 17400)]
    assert second.processes == ()


def test_a_device_that_is_not_listed_any_more_is_told(install_tool: InstallTool) -> None:
    install_tool("npu-smi", {"info": TRAINING})
    devices = found().devices
    install_tool("npu-smi", {"info": SMALL})
    assert [one.fault is None for one in ascend.read(devices)] == [False, False]
    assert ascend.read(devices)[1].fault == "It is gone: npu-smi does not list it any more."


def test_a_table_without_devices_has_none() -> None:
    assert ascend.parse_chips("") == []
    assert ascend.parse_processes("| No running processes found in NPU 0 |") == {}


def test_a_machine_without_the_tool_or_the_driver_has_none(
    install_tool: InstallTool, monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing = ascend.find()
    assert isinstance(nothing, Missing)
    assert nothing.why == "npu-smi is not installed"
    assert "PATH" in nothing.next_step
    install_tool("npu-smi", {"info": SMALL})
    monkeypatch.setattr(ascend, "DRIVER", Path("/nowhere"))
    assert ascend.find() == Missing("no Ascend driver: /nowhere is not there")
