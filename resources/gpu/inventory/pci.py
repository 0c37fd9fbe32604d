"""PCI bus ids, as the kernel writes them."""

import re
from pathlib import Path

SYSFS = Path("/sys/bus/pci/devices")
_BUS_ID = re.compile(r"([0-9a-fA-F]{4,8}):([0-9a-fA-F]{2}:[0-9a-fA-F]{2}\.[0-7])")


def bus_id(told: str) -> str | None:
    """``00000000:4D:00.0`` as ``0000:4d:00.0``; None for anything that is no bus id."""
    found = _BUS_ID.fullmatch(told.strip())
    return None if found is None else f"{int(found[1], 16):04x}:{found[2].lower()}"


def is_asleep(bus: str | None, sysfs: Path | None = None) -> bool:
    """Whether the kernel has put a device to sleep to save power; its tool tells nothing of it then."""
    if bus is None:
        return False
    try:
        return ((sysfs or SYSFS) / bus / "power" / "runtime_status").read_text().strip() == "suspended"
    except OSError:
        return False


def numa_node(bus: str | None, sysfs: Path | None = None) -> int | None:
    """The NUMA node that the kernel gives a device; None where it gives none, as on a machine with one."""
    if bus is None:
        return None
    try:
        told = int(((sysfs or SYSFS) / bus / "numa_node").read_text())
    except (OSError, ValueError):
        return None
    return told if told >= 0 else None
