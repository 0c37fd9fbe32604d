"""What each source of devices says of itself, for people who look for one that is missing."""

from dataclasses import dataclass
from enum import StrEnum

from resources.errors import TrainplatError
from resources.gpu.inventory import static
from resources.gpu.inventory.model import Device
from resources.gpu.inventory.slots import cpu_slots, leaves_accelerators
from resources.gpu.inventory.source import Ability, Found, Source
from resources.gpu.inventory.sources import SOURCES

STATIC_FILE = "inventory.yaml"
CPU_SLOTS = "CPU slots"


class State(StrEnum):
    """How looking at a source ended."""

    FOUND = "found"
    NOT_FOUND = "not_found"
    UNUSED = "unused"
    """It is there, and something else takes its place."""
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
    """What it can tell here."""
    next_step: str = ""

    @property
    def is_well(self) -> bool:
        """Whether nothing is to be mended."""
        return self.state is not State.ERROR and not any(device.fault for device in self.devices)


def report() -> tuple[SourceReport, ...]:
    """Every source, whatever is wrong with the others."""
    vendors = _vendors()
    has_accelerator = any(one.devices or one.state is State.ERROR for one in vendors)
    return (*vendors, _static_file(), _cpu_slots(needed=not has_accelerator))


def _vendors() -> tuple[SourceReport, ...]:
    try:
        leaves = leaves_accelerators()
    except TrainplatError as problem:
        return tuple(_error(source.name, problem) for source in SOURCES)
    if leaves:
        told = "left to others: TRAINPLAT_ACCELERATOR is cpu"
        return tuple(SourceReport(source.name, State.UNUSED, told) for source in SOURCES)
    return tuple(_vendor(source) for source in SOURCES)


def _vendor(source: Source) -> SourceReport:
    try:
        found = source.find()
    except TrainplatError as problem:
        return _error(source.name, problem)
    if isinstance(found, Found):
        can = source.abilities - found.untold
        return SourceReport(source.name, State.FOUND, found.version, found.devices, can)
    return SourceReport(source.name, State.NOT_FOUND, found.why, next_step=found.next_step)


def _static_file() -> SourceReport:
    try:
        file = static.declared_file()
        if file is None:
            return SourceReport(STATIC_FILE, State.NOT_FOUND, "no cluster is declared")
        cluster = static.load(file)
    except TrainplatError as problem:
        return _error(STATIC_FILE, problem)
    detail = f"{file}: {len(cluster.nodes)} node(s), {len(cluster.devices)} device(s)"
    can = frozenset({Ability.MEMORY, Ability.LINKS})
    return SourceReport(STATIC_FILE, State.FOUND, detail, cluster.devices, can)


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
