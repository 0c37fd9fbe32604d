"""AMD GPUs where only ``rocm-smi`` is installed, the tool before ``amd-smi``."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from resources.gpu.inventory import pci
from resources.gpu.inventory.links import groups
from resources.gpu.inventory.model import Device, DeviceId, DeviceReading, Vendor
from resources.gpu.inventory.source import NOT_LISTED, Ability, Found
from resources.gpu.inventory.tool import FRESH_S, ask_json, ask_json_if_told, number, version_of, whole
from resources.texts import filled, mark

MIB = 1024 * 1024
UNTOLD = dict.fromkeys((Ability.HEALTH, Ability.PROCESSES), mark("rocm-smi does not tell it; amd-smi does"))
FACTS = (
    "--showproductname",
    "--showuniqueid",
    "--showbus",
    "--showmeminfo",
    "vram",
    "--showtoponuma",
    "--showtopotype",
)
METRICS = ("--showuse", "--showmeminfo", "vram", "--showtemp", "--showpower")
SILENT = mark(
    "It does not answer: rocm-smi lists it and can read nothing of it. Look for amdgpu in the log of the "
    "kernel; reset it with rocm-smi --gpureset, or restart the machine."
)
_CARD = re.compile(r"card(\d+)")
_LINK = re.compile(r"\(Topology\) Link type between DRM devices (\d+) and (\d+)")


def find(tool: str) -> Found:
    """The GPUs by index; they tell neither of ill memory nor of processes."""
    told = ask_json(tool, *FACTS, "--json", fresh_s=FRESH_S)
    cards = _cards(told)
    islands = groups(sorted(cards), _xgmi(told))
    metrics = _cards(ask_json_if_told(tool, *METRICS, "--json", fresh_s=FRESH_S))
    devices = tuple(
        _with_health(_device(index, cards[index], islands.get(index)), metrics.get(index))
        for index in sorted(cards)
    )
    return Found(version_of(tool, "--version") or "rocm-smi", devices, UNTOLD)


def read(tool: str | None, devices: tuple[Device, ...]) -> tuple[DeviceReading, ...]:
    """One reading for each of these devices."""
    cards = {} if tool is None else _cards(ask_json(tool, *METRICS, "--json"))
    return tuple(_reading(device, cards) for device in devices)


def _cards(told: Any) -> dict[int, Mapping[str, Any]]:
    entries = told.items() if isinstance(told, dict) else ()
    return {int(found[1]): one for name, one in entries if (found := _CARD.fullmatch(name)) is not None}


def _xgmi(told: Any) -> list[tuple[int, int]]:
    return [
        (int(found[1]), int(found[2]))
        for name, kind in told.get("system", {}).items()
        if kind == "XGMI" and (found := _LINK.fullmatch(name)) is not None
    ]


def _device(index: int, told: Mapping[str, Any], island: int | None) -> Device:
    memory = whole(told.get("VRAM Total Memory (B)"))
    numa = whole(told.get("(Topology) Numa Node"))
    return Device(
        DeviceId(f"rocm:{index}"),
        _first(told, "Card Series", "Card series"),  # the spelling changed between releases
        None if memory is None else memory // MIB,
        vendor=Vendor.AMD,
        uuid=_first(told, "Unique ID"),
        numa_node=None if numa is None or numa < 0 else numa,
        island=island,
        pci_bus_id=pci.bus_id(_first(told, "PCI Bus") or ""),
    )


def _with_health(device: Device, metrics: Mapping[str, Any] | None) -> Device:
    return device if _tells(device, metrics) else replace(device, fault=SILENT, answers=False)


def _tells(device: Device, metrics: Mapping[str, Any] | None) -> bool:
    """Whether any of its sensors can be read; of one that sleeps none can, and it is well."""
    if metrics is None or pci.is_asleep(device.pci_bus_id):
        return True
    return any(number(value) is not None for value in metrics.values())


def _reading(device: Device, cards: dict[int, Mapping[str, Any]]) -> DeviceReading:
    told = cards.get(int(device.id.rpartition(":")[2]))
    if told is None:
        return DeviceReading(device.id, fault=filled(NOT_LISTED, tool="rocm-smi"))
    if not _tells(device, told):
        return DeviceReading(device.id, fault=SILENT)
    used, total = whole(told.get("VRAM Total Used Memory (B)")), whole(told.get("VRAM Total Memory (B)"))
    power = _first(told, "Current Socket Graphics Package Power (W)", "Average Graphics Package Power (W)")
    return DeviceReading(
        device.id,
        utilisation_pct=number(told.get("GPU use (%)")),
        memory_used_mib=None if used is None else used // MIB,
        memory_total_mib=None if total is None else total // MIB,
        temperature_c=number(
            _first(told, "Temperature (Sensor junction) (C)", "Temperature (Sensor edge) (C)")
        ),
        power_w=number(power),
    )


def _first(told: Mapping[str, Any], *names: str) -> str | None:
    return next((str(told[name]) for name in names if told.get(name) not in (None, "", "N/A")), None)
