from dataclasses import replace
from pathlib import Path

import pytest

from resources.gpu.inventory import ascend
from resources.gpu.inventory.model import (
    LOCAL,
    Device,
    DeviceId,
    Inventory,
    Launcher,
    Node,
    NodeId,
    Vendor,
)
from resources.gpu.inventory.readings import read_devices
from resources.gpu.inventory.sources import SOURCES
from tests.resources.gpu.inventory.conftest import RECORDED, InstallTool

NPU = Device(DeviceId("npu:0"), "Ascend 910B2C", 65536, vendor=Vendor.HUAWEI)
SLOT = Device(DeviceId("cpu:0"), None, None)


def node(name: str, *devices: Device) -> Node:
    return Node(NodeId(name), 1000, 1024, devices)


@pytest.fixture(autouse=True)
def _npu(install_tool: InstallTool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ascend, "DRIVER", tmp_path)
    install_tool("npu-smi", {"info": RECORDED / "npu_smi_910b2c.txt"})


def test_the_accelerators_of_this_machine_are_read_and_slots_and_other_machines_are_not() -> None:
    far = Device(DeviceId("far/npu:0"), "Ascend 910B2C", 65536, node=NodeId("far"), vendor=Vendor.HUAWEI)
    found = read_devices(
        Inventory((node(LOCAL, NPU, SLOT), replace(node("far", far), launcher=Launcher.NOBODY)))
    )
    assert list(found) == ["npu:0"]
    assert found[NPU.id].memory_used_mib == 20701


def test_a_source_that_does_not_answer_is_a_fault_of_its_devices(install_tool: InstallTool) -> None:
    install_tool("npu-smi", {})
    found = read_devices(Inventory((node(LOCAL, NPU),)))
    assert "npu-smi info` does not tell" in (found[NPU.id].fault or "")


def test_every_vendor_has_one_source() -> None:
    assert sorted(source.vendor for source in SOURCES) == sorted(Vendor)
