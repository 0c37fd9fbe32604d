"""What is kept for somebody, laid over the cluster for the length of one pass.

A block takes what is free of the devices that it covers, so that nobody else gets it. It never gives away
what a job that is told to stop still uses: until its processes are gone, its devices are its own.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from resources.gpu.placement.cluster import Cluster
from resources.gpu.placement.free import share_of
from resources.gpu.placement.model import Placement, Shape, Slot
from resources.gpu.policy.model import Hold, Running

Block = tuple[Shape, Placement]
Key = TypeVar("Key")


class Overlay:
    """The blocks of one pass, by the name of who they are for."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._blocks: dict[str, list[Block]] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """For whom something is kept that can be lifted."""
        return tuple(self._blocks)

    def hold(self, hold: Hold, victims: Iterable[Running]) -> bool:
        """Lay a hold: of its place, what its victims do not free already is taken.

        So what others may have fits beside the victims now, and beside the job later. False, and nothing
        laid, where its place is no longer there to be held.
        """
        freed = _Freed(victims)
        pieces: list[Block] = []
        for slot in hold.placement:
            cpu_milli, host_memory_mib = share_of(hold.shape, len(slot.devices))
            freed_cpu_milli, freed_host_mib = freed.of_node.get(slot.node, (0, 0))
            for device in slot.devices:
                if not self._cluster.is_usable(slot.node, device):
                    return False
                milli, memory_mib = freed.of_device.get((slot.node, device), (0, 0))
                if hold.shape.milli > milli:
                    lacks = Shape(1, hold.shape.milli - milli, max(0, hold.shape.memory_mib - memory_mib))
                    pieces.append((lacks, (Slot(slot.node, (device,)),)))
            beside = Shape(
                0,
                cpu_milli=max(0, cpu_milli - freed_cpu_milli),
                host_memory_mib=max(0, host_memory_mib - freed_host_mib),
            )
            if beside.cpu_milli or beside.host_memory_mib:
                pieces.append((beside, (Slot(slot.node, ()),)))
        if not all(self._cluster.fits(shape, where) for shape, where in pieces):
            return False
        for shape, where in pieces:
            self._cluster.take(shape, where)
        return True

    def block(self, name: str, shape: Shape, placement: Placement) -> None:
        """Keep what is free of ``placement``, up to ``shape`` on each device, for ``name``."""
        self._blocks[name] = self._take_rest(shape, placement)

    @contextmanager
    def lifted(self, names: Iterable[str]) -> Iterator[None]:
        """Without the blocks of ``names``. What the body takes stays taken; the rest is blocked again."""
        lifted = [name for name in names if name in self._blocks]
        for name in lifted:
            for shape, placement in self._blocks[name]:
                self._cluster.give_back(shape, placement)
        yield
        for name in lifted:
            again: list[Block] = []
            for shape, placement in self._blocks[name]:
                again.extend(self._take_rest(shape, placement))
            self._blocks[name] = again

    def _take_rest(self, shape: Shape, placement: Placement) -> list[Block]:
        """Take what is free of the devices, at most ``shape`` of each, and of CPUs and memory beside them."""
        taken: list[Block] = []
        for slot in placement:
            cpu_share_milli, host_share_mib = share_of(shape, len(slot.devices))
            for device in slot.devices:
                milli, memory_mib = self._cluster.free_of_device(slot.node, device)
                rest = min(milli, shape.milli)
                if rest <= 0:
                    continue
                piece = Shape(1, rest, min(memory_mib, shape.memory_mib))
                taken.append((piece, (Slot(slot.node, (device,)),)))
            cpu_milli, host_memory_mib = self._cluster.free_of_node(slot.node)
            beside = Shape(
                0,
                cpu_milli=min(cpu_milli, cpu_share_milli),
                host_memory_mib=min(host_memory_mib, host_share_mib),
            )
            if beside.cpu_milli or beside.host_memory_mib:
                taken.append((beside, (Slot(slot.node, ()),)))
        for piece, where in taken:
            self._cluster.take(piece, where)
        return taken


class _Freed:
    """What running jobs will give back, by device and by node."""

    def __init__(self, going: Iterable[Running]) -> None:
        self.of_device: dict[tuple[int, int], tuple[int, int]] = {}
        self.of_node: dict[int, tuple[int, int]] = {}
        for one in going:
            shape = one.job.shape
            for slot in one.placement:
                self._add(self.of_node, slot.node, share_of(shape, len(slot.devices)))
                for device in slot.devices:
                    self._add(self.of_device, (slot.node, device), (shape.milli, shape.memory_mib))

    def _add(self, to: dict[Key, tuple[int, int]], key: Key, more: tuple[int, int]) -> None:
        first, second = to.get(key, (0, 0))
        to[key] = first + more[0], second + more[1]
