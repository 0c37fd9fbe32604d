"""NVIDIA GPUs: what NVML tells through its Python binding.

A call that a card or a driver does not support tells nothing. A call that shows a card to be ill gives that
card its fault and leaves the others alone. A driver that does not answer at all raises Unavailable.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib import metadata
from typing import Any

from resources.errors import Unavailable
from resources.gpu.inventory import pci
from resources.gpu.inventory.links import groups
from resources.gpu.inventory.mig import profile_name
from resources.gpu.inventory.model import (
    ComputeMode,
    Device,
    DeviceId,
    DeviceProcess,
    DeviceReading,
    Health,
    Vendor,
)
from resources.gpu.inventory.processes import device_process
from resources.gpu.inventory.source import Ability, Found, Missing, Source
from resources.texts import filled, mark

MIB = 1024 * 1024
NUMA_WORDS = 4
"""64 NUMA nodes each."""


class _NoDriver(Exception):
    """There is no NVIDIA driver here."""


@dataclass(frozen=True)
class _Card:
    device: Device
    handle: Any
    """None for a card too ill to have one."""


def find() -> Found | Missing:
    """The GPUs of this machine in the order of NVML, which is that of their PCI bus ids.

    Of a card in MIG mode, its instances are the devices. Raises :class:`Unavailable` where the driver does
    not answer.
    """
    try:
        with _session() as nvml:
            cards = [_card(nvml, index) for index in range(nvml.nvmlDeviceGetCount())]
            islands = groups([_place(card) for card in cards], _nvlinks(nvml, cards))
            switches = groups([_place(card) for card in cards], _pcie_links(nvml, cards))
            devices: list[Device] = []
            for card in cards:
                linked = replace(
                    card.device, island=islands.get(_place(card)), pcie_switch=switches.get(_place(card))
                )
                devices += _instances(nvml, replace(card, device=linked))
            return Found(_version(nvml), tuple(devices))
    except _NoDriver as reason:
        return Missing(str(reason))


def read(devices: tuple[Device, ...]) -> tuple[DeviceReading, ...]:
    """How busy, how warm and how well each of these devices is now. Raises as :func:`find` does."""
    try:
        with _session() as nvml:
            return tuple(_reading(nvml, device) for device in devices)
    except _NoDriver as reason:
        return tuple(
            DeviceReading(device.id, fault=filled(mark("It is gone: {reason}."), reason=str(reason)))
            for device in devices
        )


SOURCE = Source("NVML", Vendor.NVIDIA, frozenset(Ability), find, read)


@contextmanager
def _session() -> Iterator[Any]:
    import pynvml

    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError_LibraryNotFound:
        raise _NoDriver("no NVIDIA driver: libnvidia-ml.so.1 is not installed") from None
    except pynvml.NVMLError_DriverNotLoaded:
        raise _NoDriver("the NVIDIA driver is installed and not loaded") from None
    except pynvml.NVMLError as problem:
        raise _unavailable(problem) from problem
    try:
        yield pynvml
    except pynvml.NVMLError as problem:
        raise _unavailable(problem) from problem
    finally:
        pynvml.nvmlShutdown()


def _unavailable(problem: Exception) -> Unavailable:
    return Unavailable(
        f"the NVIDIA driver is installed but NVML does not answer: {problem}",
        "Run nvidia-smi; reload the driver or restart the machine. No run is started meanwhile.",
    )


def _version(nvml: Any) -> str:
    driver = _ask(nvml, nvml.nvmlSystemGetDriverVersion)
    library = _ask(nvml, nvml.nvmlSystemGetNVMLVersion)
    told = [f"driver {driver}" if driver else "", f"NVML {library}" if library else ""]
    return ", ".join([*filter(None, told), f"nvidia-ml-py {metadata.version('nvidia-ml-py')}"])


def _ask(nvml: Any, call: Callable[..., Any], *arguments: Any) -> Any:
    """What ``call`` returns; None where it tells nothing. Raises NVMLError where the card is ill."""
    try:
        return call(*arguments)
    except (nvml.NVMLError_GpuIsLost, nvml.NVMLError_ResetRequired):
        raise
    except nvml.NVMLError:
        return None


def _card(nvml: Any, index: int) -> _Card:
    device = Device(DeviceId(f"cuda:{index}"), None, None, vendor=Vendor.NVIDIA)
    handle = None
    try:
        handle = nvml.nvmlDeviceGetHandleByIndex(index)
        device = replace(device, model=_text(nvml.nvmlDeviceGetName(handle)))
        bus = _ask(nvml, nvml.nvmlDeviceGetPciInfo, handle)
        device = replace(
            device,
            uuid=_text(_ask(nvml, nvml.nvmlDeviceGetUUID, handle)),
            pci_bus_id=None if bus is None else pci.bus_id(_text(bus.busId) or ""),
        )
        device = replace(
            device, compute_capability=_capability(nvml, handle), compute_mode=_compute_mode(nvml, handle)
        )
        device = replace(device, numa_node=_numa_node(nvml, handle, device.pci_bus_id))
        device = replace(device, memory_mib=_total_memory_mib(nvml, handle))
        return _Card(replace(device, fault=_fault(_health(nvml, handle))), handle)
    except nvml.NVMLError as problem:
        return _Card(replace(device, fault=_fault_of_error(nvml, problem), answers=False), handle)


def _text(told: str | bytes | None) -> str | None:
    return told.decode() if isinstance(told, bytes) else told


def _capability(nvml: Any, handle: Any) -> tuple[int, int] | None:
    told = _ask(nvml, nvml.nvmlDeviceGetCudaComputeCapability, handle)
    return None if told is None else (int(told[0]), int(told[1]))


def _compute_mode(nvml: Any, handle: Any) -> ComputeMode | None:
    told = _ask(nvml, nvml.nvmlDeviceGetComputeMode, handle)
    if told == nvml.NVML_COMPUTEMODE_DEFAULT:
        return ComputeMode.DEFAULT
    if told == nvml.NVML_COMPUTEMODE_PROHIBITED:
        return ComputeMode.PROHIBITED
    return None if told is None else ComputeMode.EXCLUSIVE  # of a thread, as it was once, or of a process


def _total_memory_mib(nvml: Any, handle: Any) -> int | None:
    """In MiB; None for a GPU that shares the machine's memory. Any other refusal means that it is ill."""
    try:
        return int(nvml.nvmlDeviceGetMemoryInfo(handle).total) // MIB
    except nvml.NVMLError_NotSupported:
        return None


def _numa_node(nvml: Any, handle: Any, bus_id: str | None) -> int | None:
    """The node of the CPUs nearby. nvmlDeviceGetNumaNodeId tells another: the one that a GPU itself is."""
    words = _ask(nvml, nvml.nvmlDeviceGetMemoryAffinity, handle, NUMA_WORDS, nvml.NVML_AFFINITY_SCOPE_NODE)
    mask = sum(word << (64 * place) for place, word in enumerate(words or ()))
    if mask.bit_count() == 1:
        return int(mask.bit_length()) - 1
    return pci.numa_node(bus_id)


def _health(nvml: Any, handle: Any) -> Health:
    uncorrectable = _ask(
        nvml,
        nvml.nvmlDeviceGetTotalEccErrors,
        handle,
        nvml.NVML_MEMORY_ERROR_TYPE_UNCORRECTED,
        nvml.NVML_VOLATILE_ECC,
    )
    rows = _ask(nvml, nvml.nvmlDeviceGetRemappedRows, handle)
    if rows is not None:
        corrected, failed, pending, spares_used_up = rows
        return Health(uncorrectable, corrected + failed, bool(pending), bool(spares_used_up))
    causes = range(nvml.NVML_PAGE_RETIREMENT_CAUSE_COUNT)
    pages = [_ask(nvml, nvml.nvmlDeviceGetRetiredPages, handle, cause) for cause in causes]
    pending = _ask(nvml, nvml.nvmlDeviceGetRetiredPagesPendingStatus, handle)
    known = [len(found) for found in pages if found is not None]
    return Health(uncorrectable, sum(known) if known else None, None if pending is None else bool(pending))


def _fault(health: Health) -> str | None:
    if health.spares_used_up:
        return mark("Rows of its memory failed that no spare row is left for: have the card exchanged.")
    if health.reset_needed:
        return mark(
            "Memory that failed is replaced when the card is reset only: reset it, or restart the machine."
        )
    if health.uncorrectable_errors:
        return filled(
            mark(
                "Its memory had {count} uncorrectable error(s) since the driver was loaded: reset the card, "
                "and have it exchanged if they come back."
            ),
            count=health.uncorrectable_errors,
        )
    return None


def _fault_of_error(nvml: Any, problem: Exception) -> str:
    if isinstance(problem, nvml.NVMLError_GpuIsLost):
        return mark(
            "It has fallen off the bus (GPU is lost): restart the machine, and look for Xid 79 in its log."
        )
    if isinstance(problem, nvml.NVMLError_ResetRequired):
        return mark("It needs a reset before it can be used again: reset it, or restart the machine.")
    return filled(mark("NVML does not answer for it: {problem}."), problem=str(problem))


def _place(card: _Card) -> str:
    """What the links of other cards call it."""
    return card.device.pci_bus_id or card.device.id


def _nvlinks(nvml: Any, cards: list[_Card]) -> list[tuple[str, str]]:
    """Who is joined by an active NVLink; a link may lead to a switch.

    A guest whose host hides the far ends of the links still tells which pairs can copy over NVLink.
    """
    links: list[tuple[str, str]] = []
    hidden: list[_Card] = []
    for card in cards:
        ends = _far_ends(nvml, card)
        links += [(_place(card), end) for end in ends if end is not None]
        if None in ends:
            hidden.append(card)
    for one, other in _pairs(hidden):
        status = _ask_of_pair(nvml, nvml.nvmlDeviceGetP2PStatus, one, other, nvml.NVML_P2P_CAPS_INDEX_NVLINK)
        if status == nvml.NVML_P2P_STATUS_OK:
            links.append((_place(one), _place(other)))
    return links


def _far_ends(nvml: Any, card: _Card) -> list[str | None]:
    """The PCI bus id at the far end of each active link; None where it is hidden."""
    if card.handle is None or card.device.fault:
        return []
    ends: list[str | None] = []
    try:
        for link in range(nvml.NVML_NVLINK_MAX_LINKS):
            if _ask(nvml, nvml.nvmlDeviceGetNvLinkState, card.handle, link):
                end = _ask(nvml, nvml.nvmlDeviceGetNvLinkRemotePciInfo, card.handle, link)
                ends.append(pci.bus_id(_text(end.busId) or "") if end is not None else None)
    except nvml.NVMLError:
        return []  # it fell ill between two calls; the next look gives it its fault
    return ends


def _pcie_links(nvml: Any, cards: list[_Card]) -> list[tuple[str, str]]:
    links: list[tuple[str, str]] = []
    for one, other in _pairs([card for card in cards if card.handle is not None and not card.device.fault]):
        level = _ask_of_pair(nvml, nvml.nvmlDeviceGetTopologyCommonAncestor, one, other)
        if level is not None and level <= nvml.NVML_TOPOLOGY_MULTIPLE:
            links.append((_place(one), _place(other)))
    return links


def _pairs(cards: list[_Card]) -> list[tuple[_Card, _Card]]:
    return [(one, other) for place, one in enumerate(cards) for other in cards[place + 1 :]]


def _ask_of_pair(nvml: Any, call: Callable[..., Any], one: _Card, other: _Card, *more: Any) -> Any:
    try:
        return _ask(nvml, call, one.handle, other.handle, *more)
    except nvml.NVMLError:
        return None


def _instances(nvml: Any, card: _Card) -> list[Device]:
    """The devices that a card is worth: itself, or its MIG instances, which no NVLink joins."""
    if card.handle is None:
        return [card.device]
    try:
        mode = _ask(nvml, nvml.nvmlDeviceGetMigMode, card.handle)
        if mode is None or mode[0] != nvml.NVML_FEATURE_ENABLED:
            return [card.device]
        found = [
            instance
            for index in range(_ask(nvml, nvml.nvmlDeviceGetMaxMigDeviceCount, card.handle) or 0)
            if (instance := _instance(nvml, card, index)) is not None
        ]
    except nvml.NVMLError as problem:
        return [replace(card.device, fault=_fault_of_error(nvml, problem), answers=False)]
    if not found:
        empty = mark(
            "It is in MIG mode and has no instance: make some with nvidia-smi mig, or leave MIG mode."
        )
        return [replace(card.device, fault=card.device.fault or empty)]
    return found


def _instance(nvml: Any, card: _Card, index: int) -> Device | None:
    handle = _ask(nvml, nvml.nvmlDeviceGetMigDeviceHandleByIndex, card.handle, index)
    if handle is None:
        return None  # the places of a card are numbered through, taken or not
    slices = _ask(nvml, nvml.nvmlDeviceGetAttributes, handle)
    return replace(
        card.device,
        id=DeviceId(f"{card.device.id}:{index}"),
        memory_mib=_total_memory_mib(nvml, handle),
        mig_uuid=_text(_ask(nvml, nvml.nvmlDeviceGetUUID, handle)),
        mig_profile=profile_name(
            _text(_ask(nvml, nvml.nvmlDeviceGetName, handle)),
            None if slices is None else slices.computeInstanceSliceCount,
            None if slices is None else slices.gpuInstanceSliceCount,
            None if slices is None else slices.memorySizeMB,
            card.device.memory_mib,
        ),
        island=None,
    )


def _reading(nvml: Any, device: Device) -> DeviceReading:
    reading = DeviceReading(device.id)
    try:
        card = _handle(nvml, device.uuid, device.id)
        handle = card if device.mig_uuid is None else _handle(nvml, device.mig_uuid, device.id)
        used, total = _memory_mib(nvml, handle)
        reading = replace(reading, memory_used_mib=used, memory_total_mib=total)
        busy = _ask(nvml, nvml.nvmlDeviceGetUtilizationRates, handle)
        power_mw = None if device.mig_uuid else _ask(nvml, nvml.nvmlDeviceGetPowerUsage, card)
        health = _health(nvml, card)
        return replace(
            reading,
            utilisation_pct=None if busy is None else float(busy.gpu),
            temperature_c=_temperature_c(nvml, card),
            power_w=None if power_mw is None else power_mw / 1000,
            health=health,
            processes=_processes(nvml, handle),
            fault=_fault(health),
        )
    except nvml.NVMLError_NotFound:
        return replace(reading, fault=mark("It is gone: the driver does not know it any more."))
    except nvml.NVMLError as problem:
        return replace(reading, fault=_fault_of_error(nvml, problem))


def _handle(nvml: Any, uuid: str | None, device: DeviceId) -> Any:
    """By what stays with a card; the driver may count anew."""
    if uuid is not None:
        return nvml.nvmlDeviceGetHandleByUUID(uuid)
    return nvml.nvmlDeviceGetHandleByIndex(int(device.split(":")[1]))


def _memory_mib(nvml: Any, handle: Any) -> tuple[int | None, int | None]:
    """Used and total. The second version counts what the driver keeps for itself apart from what is used."""
    told = _ask(nvml, nvml.nvmlDeviceGetMemoryInfo, handle, nvml.nvmlMemory_v2)
    told = told or _ask(nvml, nvml.nvmlDeviceGetMemoryInfo, handle)
    return (None, None) if told is None else (int(told.used) // MIB, int(told.total) // MIB)


def _temperature_c(nvml: Any, handle: Any) -> float | None:
    told = _ask(nvml, nvml.nvmlDeviceGetTemperatureV, handle, nvml.NVML_TEMPERATURE_GPU)
    if told is None:  # a driver older than this call
        told = _ask(nvml, nvml.nvmlDeviceGetTemperature, handle, nvml.NVML_TEMPERATURE_GPU)
    return None if told is None else float(told)


def _processes(nvml: Any, handle: Any) -> tuple[DeviceProcess, ...] | None:
    """Who computes there, once each: some drivers list clients of MPS apart, some among the others."""
    told = (
        _ask(nvml, nvml.nvmlDeviceGetComputeRunningProcesses, handle),
        _ask(nvml, nvml.nvmlDeviceGetMPSComputeRunningProcesses, handle),
    )
    if told == (None, None):
        return None
    memory_mib: dict[int, int | None] = {}
    for one in (*(told[0] or ()), *(told[1] or ())):
        used_mib = None if one.usedGpuMemory is None else int(one.usedGpuMemory) // MIB
        known_mib = memory_mib.get(one.pid)
        memory_mib[one.pid] = used_mib if known_mib is None else max(known_mib, used_mib or 0)
    return tuple(device_process(pid, used_mib) for pid, used_mib in memory_mib.items())
