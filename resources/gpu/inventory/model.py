"""The values of the inventory: nodes, their devices, and what a look at a device reads."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import NewType

DeviceId = NewType("DeviceId", str)
"""A device: ``cuda:0``, a MIG instance ``cuda:0:1``, ``rocm:0``, ``xpu:0``, ``npu:0``, or, where there is no
accelerator, a slot ``cpu:0``. A device of another node than this machine has its node in front:
``gpu-7/cuda:0``."""

NodeId = NewType("NodeId", str)
LOCAL = NodeId("local")
"""This machine, where no file declares a cluster."""


NODE_LABEL = "node"
"""The label that every node has: its name."""


class Vendor(StrEnum):
    """Who made an accelerator."""

    NVIDIA = "nvidia"
    AMD = "amd"
    INTEL = "intel"
    HUAWEI = "huawei"


class Launcher(StrEnum):
    """Who starts runs on a node."""

    HERE = "here"
    """The launcher of this machine, for it is this machine."""
    NOBODY = "nobody"
    """A file declares it. Leases without a run and reservations may hold its devices."""


class ComputeMode(StrEnum):
    """How many processes may compute on an NVIDIA GPU at a time; ``nvidia-smi -c`` sets it."""

    DEFAULT = "default"
    EXCLUSIVE = "exclusive"
    """One: without MPS the second fraction on such a GPU fails, with MPS the server is the one."""
    PROHIBITED = "prohibited"


@dataclass(frozen=True)
class Device:
    """One thing that a run can hold."""

    id: DeviceId
    model: str | None
    """The name that its driver gives it, such as ``NVIDIA H200``; that of the whole card for a MIG instance;
    None for a CPU slot, and for a card too ill to tell."""
    memory_mib: int | None
    """Its own memory; None for a CPU slot, and for a GPU that has none of its own."""
    node: NodeId = LOCAL
    vendor: Vendor | None = None
    """None for a CPU slot."""
    uuid: str | None = None
    """What stays with the card when the driver counts anew; that of the card for a MIG instance."""
    mig_profile: str | None = None
    """Which slice of a card it is, such as ``1g.10gb``; None for a whole card."""
    mig_uuid: str | None = None
    """The name of a MIG instance in ``CUDA_VISIBLE_DEVICES``."""
    numa_node: int | None = None
    """The NUMA node of the CPUs that it hangs off."""
    island: int | None = None
    """Devices of one node with the same number reach each other over NVLink, XGMI or Xe Link."""
    pcie_switch: int | None = None
    """Devices of one node with the same number reach each other over PCIe switches, past the CPU."""
    pci_bus_id: str | None = None
    compute_capability: tuple[int, int] | None = None
    """The generation of an NVIDIA GPU, such as (7, 0) for Volta; that of the card for a MIG instance."""
    compute_mode: ComputeMode | None = None
    """Of an NVIDIA GPU whose driver tells it."""
    fault: str | None = None
    """Why it must not be given out, in a sentence; None for a device that is well."""
    answers: bool = True
    """False: it is gone, or its driver cannot reach it; what computes there cannot go on."""
    xid: int | None = None
    """The critical error that its driver told of it last; it stays until somebody takes it into use again."""
    is_recovering: bool = False
    """Whether its fault is a past one: it is well, and has not been so for long."""

    @property
    def is_slice(self) -> bool:
        """Whether it is a MIG instance."""
        return self.mig_profile is not None or self.mig_uuid is not None

    @property
    def is_elsewhere(self) -> bool:
        """Whether it is of a declared node: such a device has its node in its id."""
        return "/" in self.id

    @property
    def is_cpu_slot(self) -> bool:
        """Whether it stands for a share of the CPUs."""
        return self.model is None and self.vendor is None


@dataclass(frozen=True)
class Node:
    """A machine."""

    id: NodeId
    cpu_milli: int
    """Thousandths of a core that its runs may use together."""
    host_memory_mib: int
    """Main memory that its runs may use together."""
    devices: tuple[Device, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    """Sorted by name."""
    launcher: Launcher = Launcher.HERE
    declared_as: str = ""
    """Of this machine, the name under which a file declares it; empty where none does."""

    @property
    def takes_runs(self) -> bool:
        """Whether runs can be started on it."""
        return self.launcher is not Launcher.NOBODY

    @cached_property
    def every_label(self) -> Mapping[str, str]:
        """Its labels, and its name as the label ``node``, unless it has one of that name."""
        return {NODE_LABEL: self.id, **dict(self.labels)}


@dataclass(frozen=True)
class Inventory:
    """All nodes."""

    nodes: tuple[Node, ...]

    @cached_property
    def devices(self) -> tuple[Device, ...]:
        """The devices of all nodes, ill ones too, node by node."""
        return tuple(device for node in self.nodes for device in node.devices)

    @cached_property
    def for_runs(self) -> "Inventory":
        """The part of it on which runs can be started: this machine, beside which others may be declared."""
        nodes = tuple(node for node in self.nodes if node.takes_runs)
        return self if len(nodes) == len(self.nodes) else Inventory(nodes)

    def labelled(self, labels: Iterable[tuple[str, str]]) -> "Inventory":
        """The part of it that has all of these labels."""
        wanted = set(labels)
        if not wanted:
            return self
        return Inventory(tuple(node for node in self.nodes if wanted <= node.every_label.items()))

    def places_of(self, devices: Collection[DeviceId]) -> "tuple[DevicesOfNode, ...]":
        """Where these devices are, node by node; those that are not in it are in none."""
        found = []
        for index, node in enumerate(self.nodes):
            held = [(at, device.id) for at, device in enumerate(node.devices) if device.id in devices]
            if held:
                indexes, ids = zip(*held, strict=True)
                found.append(DevicesOfNode(node, index, indexes, ids))
        return tuple(found)

    @cached_property
    def well(self) -> tuple[Device, ...]:
        """Those without a fault."""
        return tuple(device for device in self.devices if device.fault is None)


@dataclass(frozen=True)
class DevicesOfNode:
    """Some devices of one node."""

    node: Node
    index: int
    """Of the node in its inventory."""
    indexes: tuple[int, ...]
    """Of the devices in their node."""
    devices: tuple[DeviceId, ...]


@dataclass(frozen=True)
class Health:
    """What a device counts against itself. None: it does not tell."""

    uncorrectable_errors: int | None = None
    """Memory errors that ECC could not correct, since the driver was loaded or the device reset."""
    retired_pages: int | None = None
    """Pages or rows of memory that are out of use for ever."""
    reset_needed: bool | None = None
    """Whether memory that failed is replaced at the next reset only."""
    spares_used_up: bool | None = None
    """Whether memory failed that nothing is left to replace."""
    status: str | None = None
    """The vendor's own word for the whole device, such as ``OK``."""


@dataclass(frozen=True)
class DeviceProcess:
    """A process that uses a device."""

    pid: int
    user: str | None
    """None for a process that cannot be seen from here, as one of another container."""
    memory_mib: int | None
    started_at: datetime | None = None


@dataclass(frozen=True)
class DeviceReading:
    """A look at one device. None: it does not tell."""

    device: DeviceId
    utilisation_pct: float | None = None
    memory_used_mib: int | None = None
    memory_total_mib: int | None = None
    temperature_c: float | None = None
    power_w: float | None = None
    health: Health = Health()
    processes: tuple[DeviceProcess, ...] | None = None
    fault: str | None = None
    """Why it must not be given out; also why nothing could be read."""
