"""Nodes and their devices: who holds how much of each, what keeps them apart, and how busy they are now."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from resources import spreadsheet
from resources.clock import Clock, utc_now
from resources.database.engine import Database
from resources.errors import TrainplatError
from resources.gpu.enforcement import mps
from resources.gpu.enforcement.isolation import Isolation, isolation
from resources.gpu.inventory.discover import discover_inventory
from resources.gpu.inventory.model import Device, DeviceId, DeviceReading, Inventory, Node, NodeId
from resources.gpu.inventory.readings import read_devices
from resources.gpu.model import Lease
from resources.gpu.placement.model import WHOLE_MILLI, Span
from resources.gpu.service import GpuService
from resources.home import Home


class Use(StrEnum):
    """How a device stands."""

    FREE = "free"
    PART = "part"
    """Some of it is given out."""
    FULL = "full"
    DRAINED = "drained"
    """In order, and given to nobody new."""
    ILL = "ill"


@dataclass(frozen=True)
class Holder:
    """A lease on a device, and what keeps it apart from others there."""

    lease: Lease
    isolation: Isolation


@dataclass(frozen=True)
class Card:
    """One device as it is now."""

    device: Device
    holders: tuple[Holder, ...] = ()
    reading: DeviceReading | None = None
    """None: of this machine or this kind of device nothing is told."""
    drained: str | None = None
    """Why it is given to nobody new."""
    is_declared: bool = False
    """Whether a file says that it is there, and nobody looks at it."""

    @property
    def fault(self) -> str | None:
        """What is wrong with it."""
        return self.device.fault or (None if self.reading is None else self.reading.fault)

    @property
    def used_milli(self) -> int:
        """Thousandths that are given out."""
        return sum(one.lease.milli for one in self.holders)

    @property
    def use(self) -> Use:
        """What to show first of it."""
        if self.fault is not None:
            return Use.ILL
        if self.drained is not None:
            return Use.DRAINED
        if not self.holders:
            return Use.FREE
        return Use.FULL if self.used_milli >= WHOLE_MILLI else Use.PART

    @property
    def memory_pct(self) -> float | None:
        """How much of its memory is in use now, by whomever."""
        seen = self.reading
        if seen is None or seen.memory_used_mib is None or not seen.memory_total_mib:
            return None
        return 100 * seen.memory_used_mib / seen.memory_total_mib


@dataclass(frozen=True)
class NodeUse:
    """One node with its cards, and what its leases asked of CPUs and memory."""

    node: Node
    cards: tuple[Card, ...]
    cpu_used_milli: int
    memory_used_mib: int

    @property
    def models(self) -> tuple[str | None, ...]:
        """The kinds of its devices, each once; None for CPU slots."""
        return tuple(dict.fromkeys(card.device.model for card in self.cards))


@dataclass(frozen=True)
class Cluster:
    """All nodes, as they were at ``read_at``."""

    nodes: tuple[NodeUse, ...]
    waiting: int
    past: tuple[Lease, ...]
    """The leases that ended last, the newest first."""
    dagster: str | None
    """The address of the Dagster UI, for links to runs."""
    silent: str | None
    """Why nothing is told of the use of devices, where a driver does not answer."""
    read_at: datetime

    @property
    def cards(self) -> tuple[Card, ...]:
        """The devices of all nodes."""
        return tuple(card for one in self.nodes for card in one.cards)

    def projects(self) -> dict[str, int]:
        """Who holds devices, with how many thousandths; who has most comes first."""
        held: dict[str, int] = defaultdict(int)
        for card in self.cards:
            for one in card.holders:
                held[one.lease.owner.project] += one.lease.milli
        return dict(sorted(held.items(), key=lambda pair: (-pair[1], pair[0])))

    def as_csv(self) -> str:
        """All devices as a file for a spreadsheet; column names stay English, for programs."""
        heads = ["node", "declared", "device", "model", "memory_mib", "state", "used", "projects", "runs"]
        rows = []
        for card in self.cards:
            device, seen = card.device, card.reading
            runs = " ".join(one.lease.run_id for one in card.holders)
            projects = " ".join(dict.fromkeys(one.lease.owner.project for one in card.holders))
            row: list[object] = [
                device.node,
                card.is_declared,
                device.id,
                device.model,
                device.memory_mib,
                card.use.value,
            ]
            row += [f"{card.used_milli / WHOLE_MILLI:g}", projects, runs]
            row += [seen.utilisation_pct, seen.memory_used_mib] if seen is not None else [None, None]
            rows.append([*row, card.fault, card.drained])
        return spreadsheet.as_csv([*heads, "utilisation_pct", "memory_used_mib", "fault", "drained"], rows)


@dataclass(frozen=True)
class Sought:
    """Which nodes somebody wants to see; empty for all."""

    name: str = ""
    """A part of the node's name."""
    model: str = ""
    project: str = ""
    use: Use | None = None

    def matches(self, one: NodeUse) -> bool:
        """Whether a node is named so and has a device that is all of the rest."""
        return self.name.lower() in one.node.id.lower() and any(map(self._is_sought, one.cards))

    def _is_sought(self, card: Card) -> bool:
        return (
            self.model in ("", card.device.model)
            and (self.use is None or self.use is card.use)
            and (not self.project or any(one.lease.owner.project == self.project for one in card.holders))
        )


@dataclass(frozen=True)
class ModelUse:
    """The devices of one kind, counted."""

    model: str | None
    """None for CPU slots."""
    devices: int
    used_milli: int
    free: int
    """Devices that nobody has, in order."""
    out: int
    """Ill or drained."""
    utilisation_pct: float | None
    """The mean of those that tell it."""


def read_cluster(home: Home, database: Database, clock: Clock = utc_now, *, past: int = 50) -> Cluster:
    """Read it. Raises TrainplatError where the devices cannot be listed."""
    status = GpuService(database, inventory=discover_inventory, clock=clock).status(past=past)
    readings, silent = _readings(status.inventory)
    drains = {device.id: status.drain_of(device) for device in status.devices} if status.drains else {}
    drained = {device: one.reason or one.actor for device, one in drains.items() if one is not None}
    nodes = node_uses(
        status.inventory, status.leases, readings, has_mps=mps.program() is not None, drained=drained
    )
    dagster = home.addresses().dagster
    return Cluster(nodes, len(status.waiting), status.past, dagster, silent, clock())


def node_uses(
    inventory: Inventory,
    leases: Iterable[Lease],
    readings: Mapping[DeviceId, DeviceReading],
    *,
    has_mps: bool,
    drained: Mapping[DeviceId, str] | None = None,
) -> tuple[NodeUse, ...]:
    """The nodes with what is known of each of their devices."""
    drained = drained or {}
    holding: dict[DeviceId, list[Lease]] = defaultdict(list)
    cpu: dict[NodeId, int] = defaultdict(int)
    memory: dict[NodeId, int] = defaultdict(int)
    declared = {device.id for node in inventory.nodes if not node.takes_runs for device in node.devices}
    places = {device.id: node.id for node in inventory.nodes for device in node.devices}
    for lease in leases:
        known = [places[device] for device in lease.devices if device in places]
        if not known and len(inventory.for_runs.nodes) == 1:
            known = [inventory.for_runs.nodes[0].id]  # CPUs and memory only
        for node in dict.fromkeys(known):
            parts = known.count(node) / len(known) if lease.terms.span is Span.NODES else 1
            cpu[node] += round(lease.terms.cpu_milli * parts)
            memory[node] += round(lease.terms.host_memory_mib * parts)
        for device in lease.devices:
            holding[device].append(lease)

    def card(device: Device) -> Card:
        holders = tuple(
            Holder(lease, isolation(device, lease.request, has_mps=has_mps)) for lease in holding[device.id]
        )
        is_declared = device.id in declared
        return Card(device, holders, readings.get(device.id), drained.get(device.id), is_declared)

    return tuple(
        NodeUse(node, tuple(map(card, node.devices)), cpu[node.id], memory[node.id])
        for node in inventory.nodes
    )


def by_model(cards: Iterable[Card]) -> tuple[ModelUse, ...]:
    """The devices counted by kind, the most numerous kind first."""
    kinds: dict[str | None, list[Card]] = defaultdict(list)
    for card in cards:
        kinds[card.device.model].append(card)
    found = [_model_use(model, of_kind) for model, of_kind in kinds.items()]
    return tuple(sorted(found, key=lambda one: (-one.devices, one.model or "")))


def _model_use(model: str | None, cards: list[Card]) -> ModelUse:
    uses = [card.use for card in cards]
    told = [
        card.reading.utilisation_pct
        for card in cards
        if card.reading is not None and card.reading.utilisation_pct is not None
    ]
    return ModelUse(
        model,
        len(cards),
        sum(card.used_milli for card in cards),
        uses.count(Use.FREE),
        uses.count(Use.ILL) + uses.count(Use.DRAINED),
        sum(told) / len(told) if told else None,
    )


def _readings(inventory: Inventory) -> tuple[Mapping[DeviceId, DeviceReading], str | None]:
    try:
        return read_devices(inventory), None
    except TrainplatError as problem:
        return {}, problem.problem
