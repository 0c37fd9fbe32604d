"""AMD GPUs: what ``amd-smi`` tells, or, where only the older tool is installed, ``rocm-smi``.

Both are the vendor's own programs over its library. Its Python binding is not asked itself: it loads each
function of the library when it is imported and so fits the one release of ROCm that it came with.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from resources.gpu.inventory import pci, rocm_smi
from resources.gpu.inventory.links import groups
from resources.gpu.inventory.model import Device, DeviceId, DeviceProcess, DeviceReading, Health, Vendor
from resources.gpu.inventory.processes import device_process
from resources.gpu.inventory.source import (
    NO_ERRORS,
    NO_ISOLATION,
    NOT_LISTED,
    Ability,
    Found,
    Missing,
    Source,
)
from resources.gpu.inventory.tool import (
    FRESH_S,
    ask_json,
    ask_json_if_told,
    find_tool,
    number,
    version_of,
    whole,
)
from resources.texts import filled, mark

DRIVER = Path("/dev/kfd")
"""It is there when the driver is loaded and has found a card."""
INSTALLED_IN = ("/opt/rocm/bin",)
SILENT = mark(
    "It does not answer: amd-smi lists it and can read nothing of it. Look for amdgpu in the log of the "
    "kernel; reset it with amd-smi reset, or restart the machine."
)
MIB_IN = {"B": 1 / (1024 * 1024), "KB": 1 / 1024, "MB": 1.0, "GB": 1024.0}
"""The tool's units are binary ones."""


def find() -> Found | Missing:
    """The GPUs of this machine by index. Raises :class:`Unavailable` where a tool fails."""
    tool, old_tool = find_tool("amd-smi", *INSTALLED_IN), find_tool("rocm-smi", *INSTALLED_IN)
    if not DRIVER.exists():
        return Missing(f"no AMD driver: {DRIVER} is not there")
    if tool is None and old_tool is None:
        return Missing(
            "neither amd-smi nor rocm-smi is installed",
            "The AMD driver is loaded: install AMD's package amd-smi-lib to use its GPUs.",
        )
    if tool is None:
        return rocm_smi.find(str(old_tool))
    listed = _by_gpu(ask_json(tool, "list", "--json", fresh_s=FRESH_S))
    static = _by_gpu(ask_json(tool, "static", "--json", fresh_s=FRESH_S))
    islands = _islands(ask_json_if_told(tool, "topology", "--json", fresh_s=FRESH_S))
    metrics = _by_gpu(ask_json_if_told(tool, "metric", "--json", fresh_s=FRESH_S))
    devices = tuple(
        _with_health(
            _device(index, {**static.get(index, {}), **told}, islands.get(index)), metrics.get(index)
        )
        for index, told in sorted(listed.items())
    )
    return Found(version_of(tool, "version") or "amd-smi", devices)


def read(devices: tuple[Device, ...]) -> tuple[DeviceReading, ...]:
    """One reading for each of these devices. Raises as :func:`find` does."""
    tool = find_tool("amd-smi", *INSTALLED_IN)
    if tool is None:
        return rocm_smi.read(find_tool("rocm-smi", *INSTALLED_IN), devices)
    metrics = _by_gpu(ask_json(tool, "metric", "--json"))
    processes = _by_gpu(ask_json_if_told(tool, "process", "--json"))
    return tuple(_reading(device, metrics, processes) for device in devices)


WHY_NOT = {
    Ability.PARTITIONS: mark("amd-smi lists each part of a card as a GPU of its own"),
    Ability.ERRORS: NO_ERRORS,
    Ability.ISOLATION: NO_ISOLATION,
}
SOURCE = Source(
    "AMD SMI",
    Vendor.AMD,
    frozenset(Ability) - WHY_NOT.keys(),
    find,
    read,
    WHY_NOT,
)


def _by_gpu(told: Any) -> dict[int, Mapping[str, Any]]:
    """The entries by index. Newer releases wrap the list that older ones print."""
    entries = told.get("gpu_data", []) if isinstance(told, dict) else told
    return {int(one["gpu"]): one for one in entries if isinstance(one, dict) and "gpu" in one}


def _device(index: int, told: Mapping[str, Any], island: int | None) -> Device:
    bus = told.get("bdf") or _inside(told, "bus", "bdf")
    return Device(
        DeviceId(f"rocm:{index}"),
        _inside(told, "asic", "market_name"),
        _mib(_inside(told, "vram", "size")),
        vendor=Vendor.AMD,
        uuid=told.get("uuid"),
        numa_node=whole(_inside(told, "numa", "node")),
        island=island,
        pci_bus_id=pci.bus_id(str(bus)),
    )


def _with_health(device: Device, metrics: Mapping[str, Any] | None) -> Device:
    """The device with its fault; ``metrics`` is None where the tool has no entry for it."""
    if metrics is None:
        return device
    if not _tells(metrics) and not pci.is_asleep(device.pci_bus_id):
        return replace(device, fault=SILENT, answers=False)
    return replace(device, fault=_fault(_health(metrics)))


def _tells(told: Any) -> bool:
    """Whether there is any value: the tool puts N/A in the place of each that it could not read."""
    if isinstance(told, Mapping):
        return any(_tells(value) for name, value in told.items() if name not in ("gpu", "unit"))
    if isinstance(told, list):
        return any(map(_tells, told))
    return told not in (None, "", "N/A")


def _inside(told: Any, *names: str) -> Any:
    for name in names:
        told = told.get(name) if isinstance(told, Mapping) else None
    return told


def _mib(told: Any) -> int | None:
    found = number(told)
    unit = told.get("unit", "MB") if isinstance(told, Mapping) else "MB"
    return None if found is None or unit not in MIB_IN else int(found * MIB_IN[unit])


def _islands(told: Any) -> dict[int, int]:
    entries = _by_gpu(told)
    links = [
        (index, int(link["gpu"]))
        for index, one in entries.items()
        for link in one.get("links", ())
        if link.get("link_type") == "XGMI"
    ]
    return groups(sorted(entries), links)


def _health(told: Mapping[str, Any]) -> Health:
    return Health(uncorrectable_errors=whole(_inside(told, "ecc", "total_uncorrectable_count")))


def _fault(health: Health) -> str | None:
    if health.uncorrectable_errors:
        return filled(
            mark(
                "It had {count} uncorrectable memory error(s) since the driver was loaded: reset it with "
                "amd-smi reset, and have it exchanged if they come back."
            ),
            count=health.uncorrectable_errors,
        )
    return None


def _reading(
    device: Device, metrics: dict[int, Mapping[str, Any]], processes: dict[int, Mapping[str, Any]]
) -> DeviceReading:
    index = int(device.id.rpartition(":")[2])
    if index not in metrics:
        return DeviceReading(device.id, fault=filled(NOT_LISTED, tool="amd-smi"))
    told = metrics[index]
    if not _tells(told) and not pci.is_asleep(device.pci_bus_id):
        return DeviceReading(device.id, fault=SILENT)
    health = _health(told)
    warmest = number(_inside(told, "temperature", "hotspot"))
    return DeviceReading(
        device.id,
        utilisation_pct=number(_inside(told, "usage", "gfx_activity")),
        memory_used_mib=_mib(_inside(told, "mem_usage", "used_vram")),
        memory_total_mib=_mib(_inside(told, "mem_usage", "total_vram")),
        temperature_c=warmest if warmest is not None else number(_inside(told, "temperature", "edge")),
        power_w=number(_inside(told, "power", "socket_power")),
        health=health,
        processes=_processes(processes.get(index)),
        fault=_fault(health),
    )


def _processes(told: Mapping[str, Any] | None) -> tuple[DeviceProcess, ...] | None:
    if told is None:
        return None
    return tuple(
        device_process(int(one["pid"]), _mib(_inside(one, "memory_usage", "vram_mem")))
        for entry in told.get("process_list", ())
        # Where none runs there is one entry that says so in words.
        if isinstance(one := entry.get("process_info"), Mapping)
    )
