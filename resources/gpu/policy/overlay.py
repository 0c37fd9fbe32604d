"""What is kept for somebody, laid over the cluster for the length of one pass.

A block takes what is free of the devices that it covers, so that nobody else gets it. It never gives away
what a job that is told to stop still uses: until its processes are gone, its devices are its own.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from resources.gpu.placement.cluster import Cluster
from resources.gpu.placement.free import share_of
from resources.gpu.placement.model import Placement, Shape, Slot
from resources.gpu.policy.model import Hold, Running

Block = tuple[Shape, Placement]


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
        """Lay a hold: its devices are its own, and what else its victims have stays theirs.

        False, and nothing laid, where its devices are no longer there to be held.
        """
        going = list(victims)
        mark = self._cluster.mark()
        for victim in going:
            self._cluster.give_back(victim.job.shape, victim.placement)
        if not self._cluster.fits(hold.shape, hold.placement):
            self._cluster.rollback(mark)
            return False
        self._cluster.take(hold.shape, hold.placement)
        for victim in going:
            self._take_rest(victim.job.shape, victim.placement)
        self._cluster.keep(mark)
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
