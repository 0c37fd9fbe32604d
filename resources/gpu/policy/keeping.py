"""Where the first in line will stand, so that what comes free there is kept for it and it does not starve.

Backfill by declared maximum runtime: jobs that end before its expected start may use what is kept meanwhile
(conservative backfill with one reservation, as in EASY: Lifka, *The ANL/IBM SP Scheduling System*, 1995).
"""

from collections.abc import Callable, Container
from dataclasses import dataclass
from math import inf

from resources.gpu.placement.model import Placement
from resources.gpu.policy.model import JobId, Running
from resources.gpu.policy.state import State, stands_on


@dataclass(frozen=True)
class Expected:
    """Where a job will stand, and from when on."""

    placement: Placement
    starts_at_s: float | None
    """None where one of those before it has declared no maximum runtime."""


def expected_place(
    state: State,
    find: Callable[[], Placement | None],
    now_s: float,
    stopping: Container[JobId],
    reserved: frozenset[tuple[int, int]] = frozenset(),
) -> Expected | None:
    """Count running jobs as gone in the order of their ends until ``find`` finds a place.

    Jobs that declared no maximum runtime come last, the oldest first. None where even the empty cluster has
    no place. The cluster is left as it was. What stands on ``reserved`` devices leaves them to others.
    """
    running = [
        one
        for one in state.running.values()
        if one.placement and one.job.id not in stopping and not stands_on(one.placement, reserved)
    ]
    leaving = sorted(running, key=lambda one: (ends_at_s(one, now_s), one.started_at_s, one.job.id))
    low, high, gone, found = 1, len(leaving), 0, None
    mark = state.cluster.mark()
    while low <= high:
        # Few ends make room for most: looked for after 1, 2, 4 ... of them, then between the last two.
        middle = (low + high) // 2 if found else min(max(1, 2 * (low - 1)), high)
        for one in leaving[gone:middle]:
            state.cluster.give_back(one.job.shape, one.placement)
        for one in leaving[middle:gone]:
            state.cluster.take(one.job.shape, one.placement)
        gone, placement = middle, find()
        if placement is None:
            low = middle + 1
            continue
        found, high = (placement, ends_at_s(leaving[middle - 1], now_s)), middle - 1
    state.cluster.rollback(mark)
    if found is None:
        return None
    placement, starts_at_s = found
    return Expected(placement, None if starts_at_s == inf else starts_at_s)


def ends_at_s(running: Running, now_s: float) -> float:
    """When a running job is over by its own word; infinity where it gave none."""
    if running.job.max_runtime_s is None:
        return inf
    return max(now_s, running.started_at_s + running.job.max_runtime_s)
