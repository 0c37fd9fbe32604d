"""A loss system: what finds no place when it comes is lost; running jobs may move to make a place.

Places are the arbiter's, and so are the moves (rule D1 of :mod:`resources.gpu.policy.decide`). A move takes
no time here: what it costs is told by how many there are.
"""

import heapq
import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from statistics import mean

from benchmarks.traces import openb
from resources.gpu.model import Owner
from resources.gpu.placement.cluster import Cluster
from resources.gpu.placement.model import NodeSpec, Placement, Shape
from resources.gpu.policy.model import Grant, Job, JobId, Settings
from resources.gpu.policy.moving import Moving
from resources.gpu.policy.quota import QuotaTree
from resources.gpu.policy.reason import Reason
from resources.gpu.policy.state import State

OFFERED = 1.15
"""Asked for, of the devices."""
WARM_UP_LIVES = 3
MEASURED_LIVES = 2
LIFE_S = 25_839.0
"""The mean life of the pods of openb; by it a job may be moved ten minutes after its start."""


@dataclass(frozen=True)
class Carried:
    """What one seed came to."""

    percent: float
    """The mean of what is in use over the lives that are measured, of all devices."""
    migrations_per_100_jobs: float
    """By jobs that were carried, over all lives."""


def carried(nodes: list[NodeSpec], shapes: list[Shape], seed: int, *, moves_per_job: float = 0.0) -> Carried:
    """Live through one seed."""
    return _Churn(nodes, shapes, seed, moves_per_job).run()


class _Churn:
    def __init__(self, nodes: list[NodeSpec], shapes: list[Shape], seed: int, moves_per_job: float) -> None:
        popularity: Mapping[Shape, float] = Counter(shapes)
        self._cluster = Cluster(nodes, popularity=popularity, order_seed=seed)
        self._state = State(self._cluster, QuotaTree(), settings=Settings(moves_per_job=moves_per_job))
        self._capacity = openb.capacity_milli(nodes)
        self._shapes = shapes
        self._draw = random.Random(seed)
        # As much is offered as comes in one mean life.
        offered_milli = OFFERED * self._capacity / mean(shape.units_milli for shape in shapes)
        self._rate_s = offered_milli / LIFE_S
        self._ends: list[tuple[float, int, JobId]] = []
        self._held = self._area = 0.0
        self._migrations = 0

    def run(self) -> Carried:
        now_s, until_s, jobs = 0.0, LIFE_S * (WARM_UP_LIVES + MEASURED_LIVES), 0
        while now_s < until_s:
            arrival_s = now_s + self._draw.expovariate(self._rate_s)
            while self._ends and self._ends[0][0] <= min(arrival_s, until_s):
                end_s, _, name = heapq.heappop(self._ends)
                self._pass_time(now_s, end_s)
                now_s = end_s
                self._held -= self._state.running[name].job.units_milli
                self._state.end(name, now_s)
            self._pass_time(now_s, min(arrival_s, until_s))
            now_s = arrival_s
            job = _job(jobs, self._draw.choice(self._shapes), now_s)
            life_s = self._draw.expovariate(1.0 / LIFE_S)
            found = self._find(job, now_s)
            if found is None or now_s >= until_s:
                continue
            self._state.submit(job)
            self._state.apply(Grant(job.id, found, Reason("A2", "", {})), now_s)
            self._held += job.units_milli
            heapq.heappush(self._ends, (now_s + life_s, jobs, job.id))
            jobs += 1
        percent = 100 * self._area / self._capacity / (MEASURED_LIVES * LIFE_S)
        return Carried(percent, 100 * self._migrations / max(jobs, 1))

    def _find(self, job: Job, now_s: float) -> Placement | None:
        found = self._cluster.find(job.shape)
        if found is not None or self._state.moves_left < 1 or not job.shape.devices:
            return found
        plan = Moving(self._state, now_s).plan(job, (), lambda nodes: self._on(job.shape, nodes))
        if plan is None:
            return None
        for one in plan.moved:
            self._state.end(one.job.id, now_s)
        for one, place in zip(plan.moved, plan.places, strict=True):
            self._state.start(replace(one, job=replace(one.job, evicted_at_s=now_s), placement=place))
            self._state.moves_left -= 1
            self._migrations += 1
        return plan.placement

    def _on(self, shape: Shape, nodes: frozenset[int]) -> Placement | None:
        allowed = [node in nodes for node in range(len(self._cluster.nodes))]
        return self._cluster.find(shape, allowed=allowed)

    def _pass_time(self, begin_s: float, end_s: float) -> None:
        """Only what lies after the warm-up is measured."""
        self._area += self._held * max(0.0, end_s - max(begin_s, WARM_UP_LIVES * LIFE_S))


def _job(number: int, shape: Shape, now_s: float) -> Job:
    return Job(
        JobId(str(number)),
        Owner("all", "user"),
        shape,
        preemptible=True,
        submitted_at_s=now_s,
        queued_since_s=now_s,
    )
