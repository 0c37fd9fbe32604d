"""D1: running jobs that move elsewhere, so that another one has a place in one piece.

A moved job stops at a checkpoint and goes on at a place that is kept for it: nobody loses its turn. How often
it happens is bounded by ``moves_per_job``. Only jobs that are preemptible, have run for ``min_runtime_s`` and
were not stopped in the last ``cool_down_s`` are moved, and none twice for the same job.

The nodes are tried first where the least has to move: the use of as many devices as are asked for, those with
the least on them. On a node, what stands on these moves first; of what moved, each that was not needed stays.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from heapq import nsmallest

from resources.gpu.placement.model import WHOLE_MILLI, Placement
from resources.gpu.policy.model import Job, JobId, Move, Running
from resources.gpu.policy.reason import Reason
from resources.gpu.policy.state import State, stands_on

NODES_TRIED = 8


@dataclass(frozen=True)
class Plan:
    """Who moves, where to, and where the job stands then."""

    moved: tuple[Running, ...]
    places: tuple[Placement, ...]
    placement: Placement

    def moves(self, job: Job, why: Reason) -> Iterator[Move]:
        """The moves as decisions."""
        for one, place in zip(self.moved, self.places, strict=True):
            yield Move(one.job.id, place, job.id, why)


Find = Callable[[frozenset[int]], Placement | None]


class Moving:
    """Plans of one pass."""

    def __init__(self, state: State, now_s: float) -> None:
        self._state = state
        self._now_s = now_s
        self._planned = 0
        self._by_node: dict[int, list[Running]] | None = None

    @property
    def left(self) -> float:
        """How many moves are allowed, after those that were planned in this pass."""
        return self._state.moves_left - self._planned

    def plan(
        self,
        job: Job,
        stopping: Collection[JobId],
        find: Find,
        reserved: frozenset[tuple[int, int]] = frozenset(),
    ) -> Plan | None:
        """The plan that moves the fewest jobs, of these the fewest units; or None.

        The cluster is left as it was. What stands on ``reserved`` devices is left there: who leaves them
        leaves them to others than ``job``.
        """
        best: tuple[tuple[int, int], Plan] | None = None
        for node, there in self._promising(job, self._movable(stopping, reserved)):
            plan = self._on(node, there, find)
            if plan is None:
                continue
            cost = len(plan.moved), sum(one.job.units_milli for one in plan.moved)
            if best is None or cost < best[0]:
                best = cost, plan
        if best is None:
            return None
        self._planned += len(best[1].moved)
        return best[1]

    def _movable(
        self, stopping: Collection[JobId], reserved: frozenset[tuple[int, int]]
    ) -> Iterator[tuple[int, list[Running]]]:
        if self._by_node is None:  # it is the same in all of the pass but for those that are told to stop
            self._by_node = {}
            for one in self._state.running.values():
                if self._may_move(one):
                    self._by_node.setdefault(one.placement[0].node, []).append(one)
        for node, there in self._by_node.items():
            left = [
                one
                for one in there
                if one.job.id not in stopping and not (reserved and stands_on(one.placement, reserved))
            ]
            if left:
                yield node, left

    def _may_move(self, one: Running) -> bool:
        settings, since_s = self._state.settings, one.job.evicted_at_s
        if not one.job.preemptible or len(one.placement) != 1 or not one.placement[0].devices:
            return False
        if self._now_s - one.started_at_s < settings.min_runtime_s:
            return False
        return since_s is None or self._now_s - since_s >= settings.cool_down_s

    def _promising(
        self, job: Job, movable: Iterable[tuple[int, list[Running]]]
    ) -> Iterator[tuple[int, list[Running]]]:
        """The nodes where the least has to move, each with who moves, the first one first."""
        costs: list[tuple[int, int, list[Running]]] = []
        for node, there in movable:
            cost = self._cost(job, node, there)
            if cost is not None:
                costs.append((cost, node, there))
        for _, node, there in nsmallest(NODES_TRIED, costs, key=lambda one: one[:2]):
            used = {device: WHOLE_MILLI - self._free(node, device) for device in self._devices(node)}
            there.sort(
                key=lambda one: (
                    min(used[device] for device in one.placement[0].devices),
                    one.job.units_milli,
                    one.job.id,
                )
            )
            yield node, there

    def _cost(self, job: Job, node: int, there: list[Running]) -> int | None:
        """Thousandths that have to move at least for enough room on enough devices; None: there is none."""
        on_device: dict[int, tuple[int, int]] = dict.fromkeys(self._devices(node), (0, 0))
        for one in there:
            shape, devices = one.job.shape, one.placement[0].devices
            for device in devices:
                milli, cpu_milli = on_device[device]
                on_device[device] = milli + shape.milli, cpu_milli + shape.cpu_milli // len(devices)
        lacks: list[tuple[int, int]] = []
        for device, (milli, cpu_milli) in on_device.items():
            free = self._free(node, device)
            if free + milli >= job.shape.milli:
                lacks.append((max(0, job.shape.milli - free), -cpu_milli))
        if len(lacks) < job.shape.devices:
            return None
        least = nsmallest(job.shape.devices, lacks)
        cpu_milli = self._state.cluster.free_of_node(node)[0] - sum(freed for _, freed in least)
        return sum(lack for lack, _ in least) if cpu_milli >= job.shape.cpu_milli else None

    def _devices(self, node: int) -> range:
        return range(len(self._state.cluster.nodes[node].devices))

    def _free(self, node: int, device: int) -> int:
        return self._state.cluster.free_of_device(node, device)[0]

    def _on(self, node: int, there: list[Running], find: Find) -> Plan | None:
        cluster = self._state.cluster
        mark = cluster.mark()
        closed = self._state.closed
        others = [other != node and other not in closed for other in range(len(cluster.nodes))]
        moved: dict[JobId, tuple[Running, Placement]] = {}
        try:
            for one in there:
                if len(moved) + 1 > self.left:
                    return None
                place = cluster.find(one.job.shape, one.job.span, allowed=others) or self._beside(one)
                if place is None:
                    continue
                cluster.give_back(one.job.shape, one.placement)
                cluster.take(one.job.shape, place)
                moved[one.job.id] = one, place
                if find(frozenset((node,))) is not None:
                    return self._fewest(node, moved, find)
            return None
        finally:
            cluster.rollback(mark)

    def _beside(self, one: Running) -> Placement | None:
        """A place on other devices of its own node."""
        cluster, slot = self._state.cluster, one.placement[0]
        usable = [device for device in slot.devices if cluster.is_usable(slot.node, device)]
        for device in usable:
            cluster.set_usable(slot.node, device, False)
        here = [other == slot.node for other in range(len(cluster.nodes))]
        place = cluster.find(one.job.shape, one.job.span, allowed=here)
        for device in usable:
            cluster.set_usable(slot.node, device, True)
        return place

    def _fewest(self, node: int, moved: dict[JobId, tuple[Running, Placement]], find: Find) -> Plan | None:
        """Without those whose move was not needed."""
        cluster = self._state.cluster
        for name, (one, place) in list(moved.items())[:-1]:  # without the last there was no place
            cluster.give_back(one.job.shape, place)
            if cluster.fits(one.job.shape, one.placement):  # else another one has moved there
                cluster.take(one.job.shape, one.placement)
                if find(frozenset((node,))) is not None:
                    del moved[name]
                    continue
                cluster.give_back(one.job.shape, one.placement)
            cluster.take(one.job.shape, place)
        placement = find(frozenset((node,)))
        if placement is None:
            return None
        runs, places = zip(*moved.values(), strict=True)
        return Plan(runs, places, placement)
