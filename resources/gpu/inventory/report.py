"""What each source of devices says of itself, for people who look for one that is missing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from resources.errors import TrainplatError
from resources.gpu.inventory import static
from resources.gpu.inventory.discover import host_names
from resources.gpu.inventory.model import Device
from resources.gpu.inventory.slots import cpu_slots, leaves_accelerators
from resources.gpu.inventory.source import Ability, Found, Source
from resources.gpu.inventory.sources import SOURCES
from resources.gpu.requests.vendor_file import shipped_vendors
from resources.texts import mark

STATIC_FILE = "inventory.yaml"
CPU_SLOTS = "CPU slots"
OTHERS = "other vendors"
LOOKED_FOR = frozenset({"gpu", "mig", "vgpu", "amd", "intel", "intel-xe", "npu"})
"""The keys of requests whose devices a source finds."""
DECLARED = frozenset({Ability.MEMORY, Ability.LINKS})
_NOBODY_LOOKS = mark("a file says what is there, and nobody looks at it; no run is started there")
NOT_DECLARED = {
    Ability.PARTITIONS: mark("the file has no key for slices of a card"),
    Ability.NUMA: mark("the file has no key for it"),
    Ability.HEALTH: _NOBODY_LOOKS,
    Ability.UTILISATION: _NOBODY_LOOKS,
    Ability.PROCESSES: _NOBODY_LOOKS,
    Ability.ERRORS: _NOBODY_LOOKS,
    Ability.ISOLATION: _NOBODY_LOOKS,
}


class State(StrEnum):
    """How looking at a source ended."""

    FOUND = "found"
    NOT_FOUND = "not_found"
    UNUSED = "unused"
    """It is there, and something else takes its place."""
    UNSUPPORTED = "unsupported"
    """Requests for such devices are understood; nothing looks for them."""
    ERROR = "error"


@dataclass(frozen=True)
class SourceReport:
    """One source."""

    name: str
    state: State
    detail: str
    """Versions and places where it was found; else why not."""
    devices: tuple[Device, ...] = ()
    """Those that it lists, ill ones too."""
    can: frozenset[Ability] = frozenset()
    """What it can tell here; of one that is not found, what it could tell."""
    cannot: Mapping[Ability, str] = field(default_factory=dict)
    """What it cannot, and why not."""
    next_step: str = ""

    @property
    def is_well(self) -> bool:
        """Whether nothing is to be mended."""
        return self.state is not State.ERROR and not any(device.fault for device in self.devices)


def report() -> tuple[SourceReport, ...]:
    """Every source, whatever is wrong with the others."""
    vendors = _vendors()
    has_accelerator = any(one.devices or one.state is State.ERROR for one in vendors)
    return (*vendors, _other_vendors(), _static_file(), _cpu_slots(needed=not has_accelerator))


def _vendors() -> tuple[SourceReport, ...]:
    try:
        leaves = leaves_accelerators()
    except TrainplatError as problem:
        return tuple(_error(source.name, problem) for source in SOURCES)
    if leaves:
        told = "left to others: TRAINPLAT_ACCELERATOR is cpu"
        return tuple(
            SourceReport(source.name, State.UNUSED, told, (), source.abilities, source.why_not)
            for source in SOURCES
        )
    return tuple(_vendor(source) for source in SOURCES)


def _vendor(source: Source) -> SourceReport:
    try:
        found = source.find()
    except TrainplatError as problem:
        return _error(source.name, problem)
    if isinstance(found, Found):
        can, cannot = source.abilities - found.untold.keys(), {**source.why_not, **found.untold}
        return SourceReport(source.name, State.FOUND, found.version, found.devices, can, cannot)
    return SourceReport(
        source.name, State.NOT_FOUND, found.why, (), source.abilities, source.why_not, found.next_step
    )


def _other_vendors() -> SourceReport:
    """What requests may name, and whose devices nothing looks for."""
    families = [one for key, one in shipped_vendors().families.items() if key not in LOOKED_FOR]
    names = (f"{one.vendor} ({one.key})" if one.key != one.vendor else one.vendor for one in families)
    return SourceReport(OTHERS, State.UNSUPPORTED, ", ".join(sorted(names)))


def _static_file() -> SourceReport:
    try:
        file = static.declared_file()
        if file is None:
            told = "no cluster is declared"
            return SourceReport(STATIC_FILE, State.NOT_FOUND, told, (), DECLARED, NOT_DECLARED)
        cluster = static.load(file)
    except TrainplatError as problem:
        return _error(STATIC_FILE, problem)
    detail = f"{file}: {len(cluster.nodes)} node(s), {len(cluster.devices)} device(s)"
    names = host_names()
    own = next((node for node in cluster.nodes if node.id in names), None)
    if own is not None:
        detail += f"; {own.id} is this machine, whose devices are those found above"
    elsewhere = tuple(device for device in cluster.devices if own is None or device.node != own.id)
    return SourceReport(STATIC_FILE, State.FOUND, detail, elsewhere, DECLARED, NOT_DECLARED)


def _cpu_slots(*, needed: bool) -> SourceReport:
    try:
        slots = cpu_slots()
    except TrainplatError as problem:
        return _error(CPU_SLOTS, problem)
    if not needed:
        return SourceReport(CPU_SLOTS, State.UNUSED, "this machine has accelerators")
    return SourceReport(CPU_SLOTS, State.FOUND, f"{len(slots)}", slots)


def _error(name: str, problem: TrainplatError) -> SourceReport:
    return SourceReport(name, State.ERROR, problem.problem, next_step=problem.next_step)
