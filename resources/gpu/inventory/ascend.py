"""Huawei Ascend NPUs: what ``npu-smi info`` prints, a table for people.

A card takes two lines for each of its chips, the device and its chip; which columns they have differs by
release: memory stands last on the second line, as ``USED / TOTAL``, after that of the card's own CPU where
there is one.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from resources.gpu.inventory import pci
from resources.gpu.inventory.model import Device, DeviceId, DeviceReading, Health, Vendor
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
from resources.gpu.inventory.tool import FRESH_S, ask, find_tool, number
from resources.texts import filled, mark

DRIVER = Path("/dev/davinci_manager")
INSTALLED_IN = ("/usr/local/sbin", "/usr/local/bin")
WELL_ENOUGH = ("OK", "Warning")
"""What its manual calls Alarm, Critical and UNKNOWN is ill."""
SILENT = "UNKNOWN"
"""Of a chip that the tool lists and cannot reach."""
_VERSION = re.compile(r"\| npu-smi\s+(\S+)")
_SHARE = re.compile(r"(\d+)\s*/\s*(\d+)")


@dataclass(frozen=True)
class Chip:
    """What the table says of one chip."""

    npu: int
    chip: int
    model: str
    health: str
    power_w: float | None
    temperature_c: float | None
    bus: str
    utilisation_pct: float | None
    memory_used_mib: int | None
    memory_total_mib: int | None


def find() -> Found | Missing:
    """The chips of this machine in the order of the table.

    Raises :class:`Unavailable` where the tool fails.
    """
    tool = find_tool("npu-smi", *INSTALLED_IN)
    if not DRIVER.exists():
        return Missing(f"no Ascend driver: {DRIVER} is not there")
    if tool is None:
        return Missing(
            "npu-smi is not installed",
            "The Ascend driver is loaded: bring npu-smi, which comes with it, into PATH to use its NPUs.",
        )
    table = ask(tool, "info", fresh_s=FRESH_S)
    version = _VERSION.search(table)
    devices = tuple(_device(index, chip) for index, chip in enumerate(parse_chips(table)))
    return Found(f"npu-smi {version[1] if version else '?'}", devices)


def read(devices: tuple[Device, ...]) -> tuple[DeviceReading, ...]:
    """One reading for each of these devices. Raises as :func:`find` does."""
    tool = find_tool("npu-smi", *INSTALLED_IN)
    table = "" if tool is None else ask(tool, "info")
    chips = dict(enumerate(parse_chips(table)))
    running = parse_processes(table)
    return tuple(
        _reading(device, chips.get(int(device.id.rpartition(":")[2])), running) for device in devices
    )


WHY_NOT = {
    Ability.PARTITIONS: mark("`npu-smi info` lists no vNPUs"),
    Ability.LINKS: mark("`npu-smi info` tells no HCCS links"),
    Ability.ERRORS: NO_ERRORS,
    Ability.ISOLATION: NO_ISOLATION,
}
SOURCE = Source(
    "npu-smi",
    Vendor.HUAWEI,
    frozenset(Ability) - WHY_NOT.keys(),
    find,
    read,
    WHY_NOT,
)


def parse_chips(table: str) -> list[Chip]:
    """The chips of a table as ``npu-smi info`` prints it."""
    chips: list[Chip] = []
    first: list[list[str]] | None = None
    for cells in _rows(table.partition("Process id")[0]):
        if len(cells) != 3 or not cells[0] or not cells[0][0].isdigit():
            first = None
        elif first is None:
            first = cells
        else:
            chips.append(_chip(first, cells))
            first = None
    return chips


def parse_processes(table: str) -> dict[tuple[int, int], list[tuple[int, int | None]]]:
    """The processes of each NPU and chip, as their ids and memory in MiB."""
    found: dict[tuple[int, int], list[tuple[int, int | None]]] = {}
    for cells in _rows(table.partition("Process id")[2]):
        if len(cells) < 4 or len(cells[0]) != 2 or not all(word.isdigit() for word in cells[0] + cells[1]):
            continue
        memory = number(cells[3][0]) if cells[3] else None
        place = (int(cells[0][0]), int(cells[0][1]))
        found.setdefault(place, []).append((int(cells[1][0]), None if memory is None else int(memory)))
    return found


def _rows(table: str) -> list[list[list[str]]]:
    lines = (line.strip() for line in table.splitlines())
    return [[cell.split() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]


def _chip(first: list[list[str]], second: list[list[str]]) -> Chip:
    power, temperature = [*first[2], "", ""][:2]
    shares = _SHARE.findall(" ".join(second[2]))
    used, total = (int(shares[-1][0]), int(shares[-1][1])) if shares else (None, None)
    return Chip(
        npu=int(first[0][0]),
        chip=int(second[0][0]),
        model=" ".join(first[0][1:]),
        health=" ".join(first[1]),
        power_w=number(power),
        temperature_c=number(temperature),
        bus=" ".join(second[1]),
        utilisation_pct=number(second[2][0]) if second[2] else None,
        memory_used_mib=used,
        memory_total_mib=total or None,
    )


def _device(index: int, chip: Chip) -> Device:
    bus = pci.bus_id(chip.bus)
    return Device(
        DeviceId(f"npu:{index}"),
        chip.model if chip.model.startswith("Ascend") else f"Ascend {chip.model}",
        chip.memory_total_mib,
        vendor=Vendor.HUAWEI,
        numa_node=pci.numa_node(bus),
        pci_bus_id=bus,
        fault=_fault(chip),
        answers=chip.health != SILENT,
    )


def _fault(chip: Chip) -> str | None:
    if chip.health in WELL_ENOUGH:
        return None
    if chip.health == SILENT:
        return filled(
            mark(
                "It does not answer: npu-smi lists it and calls its health {status}. Reset it with "
                "`{command}`, or restart the machine."
            ),
            status=chip.health,
            command=f"npu-smi set -t reset -i {chip.npu} -c {chip.chip}",
        )
    return filled(
        mark("{tool} calls its health {status}: see `{command}`."),
        tool="npu-smi",
        status=chip.health,
        command=f"npu-smi info -t health -i {chip.npu}",
    )


def _reading(
    device: Device, chip: Chip | None, running: dict[tuple[int, int], list[tuple[int, int | None]]]
) -> DeviceReading:
    if chip is None:
        return DeviceReading(device.id, fault=filled(NOT_LISTED, tool="npu-smi"))
    return DeviceReading(
        device.id,
        utilisation_pct=chip.utilisation_pct,
        memory_used_mib=chip.memory_used_mib,
        memory_total_mib=chip.memory_total_mib,
        temperature_c=chip.temperature_c,
        power_w=chip.power_w,
        health=Health(status=chip.health),
        processes=tuple(
            device_process(pid, memory) for pid, memory in running.get((chip.npu, chip.chip), ())
        ),
        fault=_fault(chip),
    )
