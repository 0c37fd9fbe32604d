"""The values of placement: what is asked for, what there is, and what was found."""

from dataclasses import dataclass
from enum import StrEnum

from resources.errors import BadInput, Conflict

WHOLE_MILLI = 1000
"""A whole device, in thousandths of one."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What a request needs. For :attr:`Span.NODES` CPU and host memory are those of the whole gang.

    Raises :class:`BadInput` for numbers that mean nothing.
    """

    devices: int
    """How many devices; 0 asks for CPU and host memory only."""
    milli: int = WHOLE_MILLI
    """Thousandths of each device; less than 1000 shares it with others."""
    memory_mib: int = 0
    """Device memory that is reserved on each."""
    models: frozenset[str] | None = None
    """The exact names of the device models that will do; None takes any."""
    cpu_milli: int = 0
    """Thousandths of a core."""
    host_memory_mib: int = 0

    def __post_init__(self) -> None:
        amounts = (self.devices, self.memory_mib, self.cpu_milli, self.host_memory_mib)
        if min(amounts) >= 0 and 1 <= self.milli <= WHOLE_MILLI:
            return
        raise BadInput(
            f"{self} cannot be placed; expected 1 to {WHOLE_MILLI} thousandths and nothing below zero",
            "Correct the request.",
        )

    @property
    def units_milli(self) -> int:
        """Thousandths of devices in all."""
        return self.devices * self.milli


class Span(StrEnum):
    """How far the devices of one request may lie apart. None of them is given without the others."""

    NODE = "node"
    """On one node."""
    ISLAND = "island"
    """On one node, and in one NVLink island of it."""
    NODES = "nodes"
    """Over several nodes, as few as there can be; CPU and host memory go with the devices in proportion."""


@dataclass(frozen=True, slots=True)
class DeviceSpec:
    """One device of a node."""

    model: str | None
    """None for a CPU slot, which only requests that name no model can hold."""
    memory_mib: int = 0
    island: int | None = None
    """Devices of a node with the same number are joined by NVLink; None: joined to no other."""


@dataclass(frozen=True, slots=True)
class NodeSpec:
    """One machine, as it is when nothing runs on it."""

    name: str
    cpu_milli: int
    host_memory_mib: int
    devices: tuple[DeviceSpec, ...]


@dataclass(frozen=True, slots=True)
class Slot:
    """Devices of one node; none of them for a request that asks for CPU only."""

    node: int
    """Index into the nodes of the cluster."""
    devices: tuple[int, ...]
    """Indexes into the devices of the node, ascending."""


Placement = tuple[Slot, ...]


@dataclass(frozen=True, slots=True)
class Misfit:
    """Why a shape has no place: how many devices and nodes are left after each condition.

    Each count of devices is of those that meet the conditions before it too.
    """

    devices_of_model: int
    devices_usable: int
    """Not drained."""
    devices_with_share: int
    """With enough thousandths free; for a whole device: nobody on it."""
    devices_with_memory: int
    """With enough device memory free: what could be given now, were it all on one node."""
    nodes_with_devices: int
    """Nodes with enough such devices (in one island, where asked); of these, those short of something:"""
    nodes_short_of_cpu: int
    nodes_short_of_host_memory: int
    largest_block: int
    """The most such devices on one node, or in one island where asked; over all nodes for a gang of nodes."""
    largest_share_milli: int
    """The most thousandths that one usable device of the model has free."""
    largest_memory_mib: int
    """The most device memory that a device with enough thousandths has free."""
    largest_cpu_milli: int
    """The most CPU free on a node with enough devices, or on any node where none has."""
    largest_host_memory_mib: int
    """The most host memory free on such a node."""


class Oversold(Conflict):
    """More was to be taken than is free, or given back than was taken. Nothing was changed."""
