"""How long decisions take: one request at a time on a cluster that fills up, and a pass over a long line."""

import time
from collections import Counter
from collections.abc import Sequence

from benchmarks.scale.cluster import PROJECTS, USERS, nodes
from benchmarks.traces.openb import Pod, capacity_milli
from resources.gpu.model import Owner
from resources.gpu.placement.cluster import Cluster
from resources.gpu.placement.model import NodeSpec, Placement, Shape
from resources.gpu.policy.amounts import ANY_DEVICE
from resources.gpu.policy.decide import decide
from resources.gpu.policy.model import Job, JobId, Wait
from resources.gpu.policy.quota import QuotaTree
from resources.gpu.policy.state import State

LINE = 10_000
"""So many wait at once."""
AHEAD = 4_000
"""Decisions that fill the cluster; the last ``MEASURED`` of them and of those that follow are timed."""


def decision_metrics(pods: Sequence[Pod], specs: list[NodeSpec] | None, measured: int) -> dict[str, float]:
    """Times of decisions of the policy, in its memory: no database."""
    specs = specs or nodes()
    begin = time.perf_counter()
    state = State(
        Cluster(specs, popularity=Counter(pod.shape for pod in pods)),
        QuotaTree(),
        {ANY_DEVICE: capacity_milli(specs)},
    )
    built_s = time.perf_counter() - begin
    first: set[Shape] = set()
    cold: list[float] = []
    warm: list[float] = []
    worked: list[float] = []
    for at in range(AHEAD + measured):
        job = _job(pods, at)
        state.submit(job)
        before, before_cpu = time.perf_counter(), time.thread_time()
        decided = decide(state, float(at))
        took, took_cpu = time.perf_counter() - before, time.thread_time() - before_cpu
        for one in decided:
            state.apply(one, float(at))
            if isinstance(one, Wait):
                state.withdraw(one.job)
        if job.shape not in first:
            first.add(job.shape)
            cold.append(took)
        elif at >= AHEAD:
            warm.append(took)
            worked.append(took_cpu)
    granting_s = _pass_s(state, pods, AHEAD + measured)
    for at in range(2):
        _fill(state, pods, AHEAD + measured + at * LINE)
    return {
        "index_built_s": built_s,
        "decision_p50_ms": 1000 * _quantile(warm, 0.5),
        "decision_p99_ms": 1000 * _quantile(warm, 0.99),
        "decision_p99_cpu_ms": 1000 * _quantile(worked, 0.99),
        "decision_cold_p50_ms": 1000 * _quantile(cold, 0.5),
        "decision_cold_p99_ms": 1000 * _quantile(cold, 0.99),
        "pass_10000_granting_s": granting_s,
        "pass_10000_s": _pass_s(state, pods, AHEAD + measured + 2 * LINE),
        **_placements(pods, specs, measured),
    }


def _pass_s(state: State, pods: Sequence[Pod], first: int) -> float:
    """The median time of three passes over :data:`LINE` jobs that wait; they are gone afterwards."""
    jobs = [_job(pods, first + at) for at in range(LINE)]
    for job in jobs:
        state.submit(job)
    times = []
    for _ in range(3):
        before = time.perf_counter()
        decide(state, float(first + LINE))
        times.append(time.perf_counter() - before)
    for job in jobs:
        state.withdraw(job.id)
    return _quantile(times, 0.5)


def _fill(state: State, pods: Sequence[Pod], first: int) -> None:
    """Start what there is room for of :data:`LINE` jobs; the others are gone."""
    for at in range(LINE):
        state.submit(_job(pods, first + at))
    for one in decide(state, float(first)):
        state.apply(one, float(first))
    for name in list(state.waiting):
        state.withdraw(name)


def _placements(pods: Sequence[Pod], specs: list[NodeSpec], measured: int) -> dict[str, float]:
    """What finding and taking a place costs of it, by score and first-fit, on a cluster half full."""
    found: dict[str, float] = {}
    for name, popularity in (("scored", Counter(pod.shape for pod in pods)), ("first_fit", None)):
        cluster = Cluster(specs, popularity=popularity)
        taken: list[tuple[Shape, Placement]] = []
        times: list[float] = []
        for at in range(AHEAD + measured):
            shape = pods[at % len(pods)].shape
            before = time.perf_counter()
            place = cluster.find(shape)
            if place is not None:
                cluster.take(shape, place)
            times.append(time.perf_counter() - before)
            if place is not None:
                taken.append((shape, place))
            if len(taken) > AHEAD:
                cluster.give_back(*taken.pop(0))
        found[f"{name}_p50_us"] = 1e6 * _quantile(times[AHEAD:], 0.5)
        found[f"{name}_p99_us"] = 1e6 * _quantile(times[AHEAD:], 0.99)
    return found


def _job(pods: Sequence[Pod], at: int) -> Job:
    owner = Owner(PROJECTS[at % len(PROJECTS)], f"user-{at // len(PROJECTS) % USERS}")
    shape = pods[at * 7919 % len(pods)].shape
    return Job(JobId(f"run-{at:06}"), owner, shape, submitted_at_s=float(at), queued_since_s=float(at))


def _quantile(values: Sequence[float], part: float) -> float:
    ordered = sorted(values)
    return ordered[int(part * (len(ordered) - 1))]
