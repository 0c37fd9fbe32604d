"""A waiting system: who finds no place when it comes waits for one; by size, how long.

The arbiter may stop, move and keep as it does; what a stop costs is part of the wait, which is the time
from submission to end without the life itself. Static policies never stop anybody and place first-fit:

- ``_fifo``: first come, first served; who does not fit blocks all behind.
- ``_backfill``: in the order of submission, whoever fits.
- ``_partition``: nodes set apart for sizes of up to 1, 2 to 4, and more devices, in proportion to what each
  size asks for; in each part in the order of submission, whoever fits.
"""

import heapq
import math
import random
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from functools import partial
from statistics import mean

from benchmarks.simulation.arbiter import play
from benchmarks.simulation.loss import LIFE_S
from benchmarks.simulation.model import Job
from benchmarks.traces import openb
from resources.gpu.placement.cluster import Cluster
from resources.gpu.placement.model import WHOLE_MILLI, NodeSpec, Placement, Shape
from resources.gpu.policy.amounts import ANY_DEVICE
from resources.gpu.policy.model import Settings
from resources.gpu.policy.quota import QuotaTree
from resources.gpu.policy.state import State

OFFERED = 0.9
"""Asked for, of the devices."""
WARM_UP_LIVES = 2
MEASURED_LIVES = 2
MOVES_PER_JOB = 0.05
SIZES = ("share", "1gpu", "2gpu", "4gpu", "8gpu")

Waits = dict[str, list[float]]
"""Seconds of each measured job, by size."""


def waits_of_arbiter(nodes: Sequence[NodeSpec], shapes: Sequence[Shape], seed: int) -> Waits:
    """Under the arbiter: one project without quotas, everything preemptible."""
    cluster = Cluster(nodes, popularity=Counter(shapes), order_seed=seed)
    capacity = {ANY_DEVICE: openb.capacity_milli(nodes)}
    state = State(cluster, QuotaTree(), capacity, settings=Settings(moves_per_job=MOVES_PER_JOB))
    records = play(arrivals(nodes, shapes, seed), state).records
    return _by_size((record.job, record.jct_s - record.job.duration_s) for record in records)


def waits_of_statics(nodes: Sequence[NodeSpec], shapes: Sequence[Shape], seed: int) -> dict[str, Waits]:
    """Under each static policy, by its name."""
    jobs = arrivals(nodes, shapes, seed)
    parted: list[tuple[Job, float]] = []
    for own, some in _parts(nodes, jobs):
        parted += serve(some, Cluster(own, order_seed=seed), strict=False)
    whole = partial(Cluster, nodes, order_seed=seed)
    return {
        "_fifo": _by_size(serve(jobs, whole(), strict=True)),
        "_backfill": _by_size(serve(jobs, whole(), strict=False)),
        "_partition": _by_size(parted),
    }


def arrivals(nodes: Sequence[NodeSpec], shapes: Sequence[Shape], seed: int) -> list[Job]:
    """Jobs of shapes that the cluster can hold, for the warm-up and what is measured."""
    empty = Cluster(nodes)
    possible = [shape for shape in shapes if empty.could_ever_fit(shape)]
    draw = random.Random(seed)
    offered = OFFERED * openb.capacity_milli(nodes) / mean(shape.units_milli for shape in possible)
    jobs: list[Job] = []
    now_s = draw.expovariate(offered / LIFE_S)
    while now_s < LIFE_S * (WARM_UP_LIVES + MEASURED_LIVES):
        shape = draw.choice(possible)
        life_s = draw.expovariate(1.0 / LIFE_S)
        jobs.append(Job(str(len(jobs)), now_s, life_s, shape.devices, (size_of(shape),), "all", shape=shape))
        now_s += draw.expovariate(offered / LIFE_S)
    return jobs


def size_of(shape: Shape) -> str:
    """How results call what a job asks for."""
    if not shape.devices:
        return "cpu"
    return "share" if shape.milli < WHOLE_MILLI else f"{shape.devices}gpu"


def _by_size(waited: Iterable[tuple[Job, float]]) -> Waits:
    found: Waits = {}
    for job, wait_s in waited:
        if job.submitted_s >= WARM_UP_LIVES * LIFE_S:
            found.setdefault(size_of(job.wants), []).append(max(wait_s, 0.0))
    return found


def _parts(nodes: Sequence[NodeSpec], jobs: Sequence[Job]) -> list[tuple[list[NodeSpec], list[Job]]]:
    """Nodes for each class of size, the largest first, so that what is left over is for the smallest."""
    work = Counter[int]()
    for job in jobs:
        work[_class(job.wants)] += job.wants.units_milli
    left = sorted(nodes, key=lambda node: -len(node.devices))
    found: list[tuple[list[NodeSpec], list[Job]]] = []
    unplaced = list(jobs)
    for size in (8, 4):
        due = openb.capacity_milli(nodes) * work[size] / sum(work.values())
        own: list[NodeSpec] = []
        while due > 0 and left and len(left[0].devices) >= size:
            own.append(left.pop(0))
            due -= openb.capacity_milli(own[-1:])
        fits = Cluster(own).could_ever_fit
        theirs = [job for job in unplaced if _class(job.wants) == size and fits(job.wants)]
        unplaced = [job for job in unplaced if job not in theirs]
        found.append((own, theirs))
    fits = Cluster(left).could_ever_fit
    return [*found, (left, [job for job in unplaced if fits(job.wants)])]


def _class(shape: Shape) -> int:
    return next((size for size in (1, 4) if shape.devices <= size), 8)


def serve(jobs: Sequence[Job], cluster: Cluster, *, strict: bool) -> list[tuple[Job, float]]:
    """How long each waits for its first and only start."""
    queue: list[Job] = []
    ends: list[tuple[float, int, Job, Placement]] = []
    waited: list[tuple[Job, float]] = []
    coming = deque(jobs)
    while coming or queue:
        now_s = min(
            coming[0].submitted_s if coming else math.inf,
            ends[0][0] if ends else math.inf,
        )
        while ends and ends[0][0] <= now_s:
            _, _, job, placement = heapq.heappop(ends)
            cluster.give_back(job.wants, placement)
        while coming and coming[0].submitted_s <= now_s:
            queue.append(coming.popleft())
        left: list[Job] = []
        for job in queue:
            place = None if strict and left else cluster.find(job.wants)
            if place is None:
                left.append(job)
                continue
            cluster.take(job.wants, place)
            heapq.heappush(ends, (now_s + job.duration_s, len(waited), job, place))
            waited.append((job, now_s - job.submitted_s))
        queue = left
    return waited
