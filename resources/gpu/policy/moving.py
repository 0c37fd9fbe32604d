"""D1: running jobs that move elsewhere, so that a larger one has a place in one piece.

A moved job stops at a checkpoint and goes on at a place that is kept for it: nobody loses its turn. How often
it happens is bounded by ``moves_per_job``. Only jobs that are preemptible, have run for ``min_runtime_s`` and
were not stopped in the last ``cool_down_s`` are moved, the smallest first, and none twice for the same job.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from resources.gpu.placement.model import Placement
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


class Moving:
    """Plans of one pass."""

    def __init__(self, state: State, now_s: float) -> None:
        self._state = state
        self._now_s = now_s

    def plan(
        self,
        job: Job,
        stopping: Iterable[JobId],
        find: Callable[[frozenset[int]], Placement | None],
        reserved: frozenset[tuple[int, int]] = frozenset(),
    ) -> Plan | None:
        """The plan that moves the fewest units, or None. The cluster is left as it was.

        What stands on ``reserved`` devices is left there: who leaves them leaves them to others than ``job``.
        """
        movable = self._movable(frozenset(stopping), reserved)
        best: tuple[int, Plan] | None = None
        for node in self._promising(job, movable):
            plan = self._on(node, movable[node], find)
            if plan is None or len(plan.moved) > self._state.moves_left:
                continue
            cost = sum(one.job.units_milli for one in plan.moved)
            if best is None or cost < best[0]:
                best = cost, plan
        return None if best is None else best[1]

    def _movable(
        self, stopping: frozenset[JobId], reserved: frozenset[tuple[int, int]]
    ) -> dict[int, list[Running]]:
        settings = self._state.settings
        by_node: dict[int, list[Running]] = {}
        for one in self._state.running.values():
            if not one.job.preemptible or one.job.id in stopping or len(one.placement) != 1:
                continue
            if stands_on(one.placement, reserved):
                continue
            rested = (
                one.job.evicted_at_s is None or self._now_s - one.job.evicted_at_s >= settings.cool_down_s
            )
            if self._now_s - one.started_at_s >= settings.min_runtime_s and rested:
                by_node.setdefault(one.placement[0].node, []).append(one)
        for there in by_node.values():
            there.sort(key=lambda one: (one.job.units_milli, one.job.id))
        return by_node

    def _promising(self, job: Job, movable: dict[int, list[Running]]) -> list[int]:
        need = job.shape.devices * job.shape.milli
        short: list[tuple[int, int]] = []
        for node, there in movable.items():
            free = self._state.cluster.open_milli(node)
            if free < need <= free + sum(one.job.units_milli for one in there):
                short.append((need - free, node))
        return [node for _, node in sorted(short)[:NODES_TRIED]]

    def _on(
        self, node: int, there: list[Running], find: Callable[[frozenset[int]], Placement | None]
    ) -> Plan | None:
        cluster = self._state.cluster
        mark = cluster.mark()
        elsewhere = [other != node for other in range(len(cluster.nodes))]
        moved: list[Running] = []
        places: list[Placement] = []
        try:
            for one in there:
                place = cluster.find(one.job.shape, one.job.span, allowed=elsewhere)
                if place is None:
                    continue
                cluster.give_back(one.job.shape, one.placement)
                cluster.take(one.job.shape, place)
                moved.append(one)
                places.append(place)
                if len(moved) > self._state.moves_left:
                    return None
                found = find(frozenset((node,)))
                if found is not None:
                    return Plan(tuple(moved), tuple(places), found)
            return None
        finally:
            cluster.rollback(mark)
