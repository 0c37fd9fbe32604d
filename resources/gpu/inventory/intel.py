"""Intel data centre GPUs: what ``xpu-smi`` tells."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from resources.errors import Unavailable
from resources.gpu.inventory import pci
from resources.gpu.inventory.model import Device, DeviceId, DeviceProcess, DeviceReading, Health, Vendor
from resources.gpu.inventory.processes import device_process
from resources.gpu.inventory.source import NO_ERRORS, NO_ISOLATION, Ability, Found, Missing, Source
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

DRIVER = Path("/dev/dri")
MIB = 1024 * 1024
KB = 1000
"""The unit of the memory of processes, in bytes."""
WELL_ENOUGH = ("ok", "unknown", "warning")
"""A throttled card is slow, not ill; and without root some parts cannot be looked at."""


def find() -> Found | Missing:
    """The GPUs of this machine by index. Raises :class:`Unavailable` where the tool fails."""
    tool = find_tool("xpu-smi")
    if tool is None:
        return Missing("xpu-smi is not installed")
    if not DRIVER.exists():
        return Missing(f"no graphics driver: {DRIVER} is not there")
    listed = _told(ask_json(tool, "discovery", "-j", fresh_s=FRESH_S)).get("device_list", ())
    indexes = sorted(int(one["device_id"]) for one in listed if one.get("device_function_type") != "virtual")
    devices = tuple(_device(tool, index) for index in indexes)
    return Found(version_of(tool, "-v") or "xpu-smi", devices)


def read(devices: tuple[Device, ...]) -> tuple[DeviceReading, ...]:
    """One reading for each of these devices. Raises as :func:`find` does."""
    tool = find_tool("xpu-smi")
    if tool is None:
        return tuple(
            DeviceReading(device.id, fault=mark("xpu-smi is not installed any more.")) for device in devices
        )
    return tuple(_reading(tool, device) for device in devices)


WHY_NOT = {
    Ability.PARTITIONS: mark("virtual functions are for virtual machines, and are left out"),
    Ability.LINKS: mark("the Xe Links that xpu-smi knows are not read"),
    Ability.ERRORS: NO_ERRORS,
    Ability.ISOLATION: NO_ISOLATION,
}
SOURCE = Source(
    "XPU-SMI",
    Vendor.INTEL,
    frozenset(Ability) - WHY_NOT.keys(),
    find,
    read,
    WHY_NOT,
)


class Silent(Unavailable):
    """The tool answers, and says that a device does not."""


def _told(answer: Any) -> Mapping[str, Any]:
    """The answer, unless it says in JSON that something went wrong, with an exit code of 0."""
    if not isinstance(answer, dict) or "error" in answer:
        said = answer.get("error") if isinstance(answer, dict) else answer
        raise Silent(
            f"xpu-smi does not tell the accelerators of this machine: {said}",
            "Run `xpu-smi discovery`; see that this user is in the group of /dev/dri/renderD*.",
        )
    return answer


def _device(tool: str, index: int) -> Device:
    device = DeviceId(f"xpu:{index}")
    try:
        told = _told(ask_json(tool, "discovery", "-d", str(index), "-j", fresh_s=FRESH_S))
        inside = told.get("device_list")
        told = inside[0] if inside else told
        memory = whole(told.get("memory_physical_size_byte"))
        bus = pci.bus_id(str(told.get("pci_bdf_address", "")))
        status = _status(tool, index)
        return Device(
            device,
            told.get("device_name"),
            None if memory is None else memory // MIB,
            vendor=Vendor.INTEL,
            uuid=told.get("uuid"),
            numa_node=pci.numa_node(bus),
            pci_bus_id=bus,
            fault=_fault(status),
        )
    except Silent as problem:
        # It is listed, and the tool says that it cannot reach it.
        return Device(device, None, None, vendor=Vendor.INTEL, fault=f"{problem.problem}.", answers=False)
    except Unavailable as problem:
        return Device(device, None, None, vendor=Vendor.INTEL, fault=f"{problem.problem}.")


def _status(tool: str, index: int) -> str | None:
    """The worst word that the tool has for a part of the device; None where it has none at all."""
    told = ask_json_if_told(tool, "health", "-d", str(index), "-j", fresh_s=FRESH_S)
    parts = told.values() if isinstance(told, dict) else ()
    words = [str(part["status"]) for part in parts if isinstance(part, dict) and "status" in part]
    return next((word for word in words if word.lower() not in WELL_ENOUGH), words[0] if words else None)


def _fault(status: str | None) -> str | None:
    if status is None or status.lower() in WELL_ENOUGH:
        return None
    return filled(
        mark("{tool} calls its health {status}: see `{command}`."),
        tool="xpu-smi",
        status=status,
        command="xpu-smi health",
    )


def _reading(tool: str, device: Device) -> DeviceReading:
    index = device.id.rpartition(":")[2]
    try:
        told = _told(ask_json(tool, "stats", "-d", index, "-j"))
        running = ask_json_if_told(tool, "ps", "-d", index, "-j")
        status = _status(tool, int(index))
    except Unavailable as problem:
        return DeviceReading(device.id, fault=f"{problem.problem}.")
    metrics = {one.get("metrics_type"): one.get("value") for one in told.get("device_level", ())}
    return DeviceReading(
        device.id,
        utilisation_pct=number(metrics.get("XPUM_STATS_GPU_UTILIZATION")),
        memory_used_mib=whole(metrics.get("XPUM_STATS_MEMORY_USED")),
        memory_total_mib=device.memory_mib,
        temperature_c=number(metrics.get("XPUM_STATS_GPU_CORE_TEMPERATURE")),
        power_w=number(metrics.get("XPUM_STATS_POWER")),
        health=Health(
            uncorrectable_errors=whole(
                metrics.get("XPUM_STATS_RAS_ERROR_CAT_NON_COMPUTE_ERRORS_UNCORRECTABLE")
            ),
            status=status,
        ),
        processes=_processes(running),
        fault=_fault(status),
    )


def _processes(told: Any) -> tuple[DeviceProcess, ...] | None:
    if not isinstance(told, dict) or "device_util_by_proc_list" not in told:
        return None
    return tuple(
        device_process(int(one["process_id"]), int(one["mem_size"]) * KB // MIB)
        for one in told["device_util_by_proc_list"]
        if one.get("process_name") != "xpu-smi"  # it sees itself
    )
