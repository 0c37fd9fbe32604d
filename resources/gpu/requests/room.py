"""How much of a kind there is together, were all of it free: nodes of one sort are looked at once."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from resources.gpu.inventory.model import Device, DeviceId, Inventory, Node
from resources.gpu.model import Terms
from resources.gpu.placement.model import Span
from resources.gpu.requests.model import GpuRequest

ALONE = -1
"""The island of a device that is joined to no other."""


@dataclass(frozen=True)
class Sort:
    """Nodes that are alike."""

    cpu_milli: int
    host_memory_mib: int
    devices: tuple[tuple[Device, int, int], ...]
    """Kinds of devices: one of the kind, its island, and how many of them are in order."""


def fits(request: GpuRequest, terms: Terms, inventory: Inventory) -> bool:
    """Whether a request has a place when nothing else runs. Devices with a fault do not count."""
    if request.count == 0:
        return any(_has_beside(sort, terms) for sort in sorts_of(inventory))
    return most_together(request, terms, inventory) >= request.count


def most_together(request: GpuRequest, terms: Terms, inventory: Inventory) -> int:
    """The most devices of the kind asked for that lie together as asked, with CPUs and memory beside them."""
    sorts = sorts_of(inventory)
    kinds = kinds_for(request, inventory)
    if terms.span is Span.NODES and request.count > 1:
        return sum(_part(request, terms, sort, kinds) * nodes for sort, nodes in sorts.items())
    found = [_on_one(kinds, terms.span, sort) for sort in sorts if _has_beside(sort, terms)]
    return max(found, default=0)


def kinds_for(request: GpuRequest, inventory: Inventory) -> frozenset[Device]:
    """The kinds that will do. Beside cards, CPU slots do only for who takes any of both."""
    kinds = {kind for sort in sorts_of(inventory) for kind, _island, _count in sort.devices}
    found = frozenset(kind for kind in kinds if request.matches(kind))
    return found if len(found) == len(kinds) else frozenset(one for one in found if not one.is_cpu_slot)


def sorts_of(inventory: Inventory) -> Mapping[Sort, int]:
    """How many nodes there are of each sort. Remembered for the inventory that was asked for last."""
    known = _last.get("inventory")
    if known is None or known[0] is not inventory:
        known = inventory, Counter(_sort(node) for node in inventory.nodes)
        _last["inventory"] = known
    return known[1]


_last: dict[str, tuple[Inventory, Mapping[Sort, int]]] = {}


def _sort(node: Node) -> Sort:
    counted: Counter[tuple[Device, int]] = Counter()
    for device in node.devices:
        kind = Device(
            DeviceId(""),
            device.model,
            device.memory_mib,
            vendor=device.vendor,
            mig_profile=device.mig_profile,
        )
        counted[kind, ALONE if device.island is None else device.island] += device.fault is None
    devices = tuple((kind, island, count) for (kind, island), count in counted.items())
    return Sort(node.cpu_milli, node.host_memory_mib, devices)


def _has_beside(sort: Sort, terms: Terms) -> bool:
    return sort.cpu_milli >= terms.cpu_milli and sort.host_memory_mib >= terms.host_memory_mib


def _on_one(kinds: frozenset[Device], span: Span, sort: Sort) -> int:
    islands: Counter[int] = Counter()
    for kind, island, count in sort.devices:
        if kind in kinds:
            islands[island] += count
    if span is not Span.ISLAND:
        return sum(islands.values())
    return max((min(count, 1) if island == ALONE else count for island, count in islands.items()), default=0)


def _part(request: GpuRequest, terms: Terms, sort: Sort, kinds: frozenset[Device]) -> int:
    """Of a gang over nodes, what one node can take with its part of CPUs and memory."""
    room = _on_one(kinds, Span.NODES, sort)
    if terms.cpu_milli:
        room = min(room, sort.cpu_milli * request.count // terms.cpu_milli)
    if terms.host_memory_mib:
        room = min(room, sort.host_memory_mib * request.count // terms.host_memory_mib)
    return room
