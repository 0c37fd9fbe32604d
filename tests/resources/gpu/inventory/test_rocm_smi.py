"""AMD GPUs where only the older tool is installed, from its recorded output."""

import json
from pathlib import Path

import pytest

from resources.gpu.inventory import amd, rocm_smi
from resources.gpu.inventory.source import Ability, Found
from tests.resources.gpu.inventory.conftest import RECORDED, InstallTool

MI100 = RECORDED / "rocm_smi_mi100.json"
FACTS = " ".join([*rocm_smi.FACTS, "--json"])
METRICS = " ".join([*rocm_smi.METRICS, "--json"])


@pytest.fixture(autouse=True)
def _driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "kfd").touch()
    monkeypatch.setattr(amd, "DRIVER", tmp_path / "kfd")


def found() -> Found:
    seen = amd.find()
    assert isinstance(seen, Found)
    return seen


def test_gpus_tell_their_model_memory_and_place(install_tool: InstallTool) -> None:
    install_tool("rocm-smi", {FACTS: MI100, "--version": "ROCM-SMI version: 1.4.1\n"})
    first, second = found().devices
    assert (first.id, first.model) == ("rocm:0", "Arcturus GL-XL [Instinct MI100]")
    assert (first.memory_mib, first.uuid, first.numa_node) == (32752, "0x79ccd55167a2124a", 1)
    assert second.pci_bus_id == "0000:a3:00.0"
    assert [one.island for one in found().devices] == [None, None]
    assert found().version == "ROCM-SMI version: 1.4.1"
    assert set(found().untold) == {Ability.HEALTH, Ability.PROCESSES}


def test_gpus_that_xgmi_joins_are_an_island(install_tool: InstallTool) -> None:
    install_tool("rocm-smi", {FACTS: MI100.read_text().replace('"PCIE"', '"XGMI"')})
    assert [one.island for one in found().devices] == [0, 0]


def test_a_look_reads_use_warmth_and_power_and_tells_no_processes(install_tool: InstallTool) -> None:
    install_tool("rocm-smi", {FACTS: MI100, METRICS: MI100})
    devices = found().devices
    first, second = amd.read(devices)
    assert (first.utilisation_pct, first.memory_used_mib, first.memory_total_mib) == (0, 6, 32752)
    assert (first.temperature_c, first.power_w) == (55, 36)
    assert (second.temperature_c, second.processes, second.health.uncorrectable_errors) == (58, None, None)


def test_a_card_that_is_not_listed_any_more_is_told(install_tool: InstallTool) -> None:
    install_tool("rocm-smi", {FACTS: MI100, METRICS: MI100.read_text().replace('"card1"', '"card9"')})
    assert [one.fault for one in amd.read(found().devices)] == [
        None,
        "It is gone: rocm-smi does not list it any more.",
    ]


def test_a_card_of_which_no_sensor_can_be_read_does_not_answer(install_tool: InstallTool) -> None:
    told = json.loads(MI100.read_text())
    told["card1"] = dict.fromkeys(told["card1"], "N/A")
    install_tool("rocm-smi", {FACTS: MI100, METRICS: json.dumps(told)})
    first, second = found().devices
    assert (first.answers, first.fault, second.answers) == (True, None, False)
    assert second.fault == rocm_smi.SILENT
    assert [one.fault for one in amd.read((first, second))] == [None, rocm_smi.SILENT]
