"""A :class:`Scan` of one node in plain integers: the same as of many in arrays.

Arrays cost more than they save where few nodes have changed since the last look. A test holds both to agree.
"""

from bisect import bisect_right
from collections import Counter

from resources.gpu.placement.free import FreeSpace
from resources.gpu.placement.model import WHOLE_MILLI, Span
from resources.gpu.placement.scan import NO_FIT, Scan
from resources.gpu.placement.worth import CPU_WEIGHT, STEP, TIE, UNIT, Worth

FEW = 6
"""So many nodes are looked at one by one."""

Found = tuple[int, list[int]]
"""The score as in :class:`~resources.gpu.placement.scan.Scores`, and the devices chosen."""


def score_one(scan: Scan, space: FreeSpace, row: int, worth: Worth | None) -> Found:
    """Look at the node of ``row``."""
    shape = scan.shape
    cpu_milli = int(space.free.cpu_milli[row])
    if cpu_milli < shape.cpu_milli or int(space.free.host_memory_mib[row]) < shape.host_memory_mib:
        return NO_FIT, []
    node = _Node(space, row, cpu_milli)
    chosen = _choose(scan, node, space.island[row].tolist())
    if chosen is None:
        return NO_FIT, []
    if worth is None:
        return 0, chosen
    before = _lost(worth, node, node.milli, node.memory_mib, cpu_milli)
    if shape.devices == 1 and shape.milli < WHOLE_MILLI:
        after, device = _least_lost(scan, worth, node)
        return (after - before) // STEP, [device]
    milli, memory_mib = node.milli.copy(), node.memory_mib.copy()
    for device in chosen:
        milli[device] -= shape.milli
        memory_mib[device] -= shape.memory_mib
    after = _lost(worth, node, milli, memory_mib, cpu_milli - shape.cpu_milli)
    return (after - before) // STEP, chosen


class _Node:
    """What one node offers, device by device."""

    __slots__ = ("cpu_milli", "memory_mib", "milli", "models")

    def __init__(self, space: FreeSpace, row: int, cpu_milli: int) -> None:
        self.milli: list[int] = space.open_milli[row].tolist()
        self.memory_mib: list[int] = space.free.memory_mib[row].tolist()
        self.models: list[int] = space.model[row].tolist()
        self.cpu_milli = cpu_milli


def _fitting(scan: Scan, node: _Node) -> list[int]:
    shape, allowed = scan.shape, scan.model_allowed
    return [
        device
        for device, milli in enumerate(node.milli)
        if milli >= shape.milli
        and node.memory_mib[device] >= shape.memory_mib
        and (allowed is None or allowed[node.models[device]])
    ]


def _choose(scan: Scan, node: _Node, islands: list[int]) -> list[int] | None:
    count = scan.shape.devices
    if count == 0:
        return []
    fitting = _fitting(scan, node)
    if count > 1:
        fitting = _within_island(scan, fitting, islands)
    if len(fitting) < count:
        return None
    if scan.shape.milli == WHOLE_MILLI:
        return fitting[:count]
    return sorted(fitting, key=node.milli.__getitem__)[:count]


def _within_island(scan: Scan, fitting: list[int], islands: list[int]) -> list[int]:
    sizes = Counter(islands[device] for device in fitting if islands[device] >= 0)
    enough = [(size, island) for island, size in sizes.items() if size >= scan.shape.devices]
    if enough:
        best = min(enough)[1]
        return [device for device in fitting if islands[device] == best]
    return [] if scan.span is Span.ISLAND else fitting


def _lost(worth: Worth, node: _Node, milli: list[int], memory_mib: list[int], cpu_milli: int) -> int:
    """:meth:`Worth.lost` of one node."""
    cpu = bisect_right(worth.lists.cpu_steps, cpu_milli)
    lost = sum(
        _part(worth, model, cpu, free, memory)
        for model, free, memory in zip(node.models, milli, memory_mib, strict=True)
        if free
    )
    whole = worth.lists.whole[node.models[0]][cpu]
    lost += whole[min(milli.count(WHOLE_MILLI), len(whole) - 1)]
    return lost + _unfed(worth, sum(milli), cpu_milli)


def _least_lost(scan: Scan, worth: Worth, node: _Node) -> tuple[int, int]:
    """:meth:`Worth.lost_by_device` of one node."""
    shape, cpu_milli = scan.shape, node.cpu_milli - scan.shape.cpu_milli
    cpu = bisect_right(worth.lists.cpu_steps, cpu_milli)
    parts = [
        _part(worth, model, cpu, free, memory) if free else 0
        for model, free, memory in zip(node.models, node.milli, node.memory_mib, strict=True)
    ]
    whole, total = worth.lists.whole[node.models[0]][cpu], sum(parts)
    whole_devices = node.milli.count(WHOLE_MILLI)
    best: tuple[int, int, int] | None = None
    for device in _fitting(scan, node):
        free = node.milli[device]
        left = free - shape.milli
        after = 0
        if left:
            memory = node.memory_mib[device] - shape.memory_mib
            after = _part(worth, node.models[device], cpu, left, memory)
        wholes = whole[min(whole_devices - (free == WHOLE_MILLI), len(whole) - 1)]
        lost = total - parts[device] + after + wholes
        if best is None or (lost * TIE + free, device) < best[:2]:
            best = lost * TIE + free, device, lost
    assert best is not None  # noqa: S101 - it is asked only where the shape fits
    return best[2] + _unfed(worth, sum(node.milli) - shape.milli, cpu_milli), best[1]


def _part(worth: Worth, model: int, cpu: int, milli: int, memory_mib: int) -> int:
    lists = worth.lists
    memory = bisect_right(lists.memory_steps, memory_mib) if lists.memory_steps else 0
    return milli * lists.slope[model][cpu][lists.level_of[milli]][memory]


def _unfed(worth: Worth, idle: int, cpu_milli: int) -> int:
    if not worth.feed_cpu_milli:
        return 0
    return max(idle - cpu_milli * WHOLE_MILLI // worth.feed_cpu_milli, 0) * int(CPU_WEIGHT * UNIT)
