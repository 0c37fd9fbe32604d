"""Who goes first, when nobody knows how long a job will run.

The order, each rule deciding where those before it are even:

O1. The higher priority.
O2. A job that is *owed* time: one that has waited so long, measured by how long it has run, that it would
    soon be slowed down beyond what is promised. Running ones first, then the one slowed down most. They may
    fill ``owed_share`` of the devices; the rest of them are ranked as others are.
O3. The lower *level*: the expected service for an end, in GPU-seconds, in steps of ``level_factor``. It comes
    from the declared maximum runtime where there is one (what is left of it: the smallest remaining service
    first), else from what like jobs took (``history.py``).
O4. A running job before a waiting one: nothing is evicted for a gain of less than a level.
O5. The one submitted first; last the id, so that there is one order.

A job that waits is not ranked worse as time goes by, unless what becomes known of its like says so.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NewType

from resources.gpu.policy.history import Groups, History

Level = NewType("Level", int)
"""Expected service for an end, as a number of steps: lower goes first."""

Rank = tuple[int, int, float, str]


@dataclass(frozen=True)
class OrderSettings:
    """The numbers in the rules."""

    level_factor: float = 1.25
    """How much more service a job is expected to need for one level more."""
    owed_after: float = 80.0
    """O2: a job is owed time once it has been with us this many times as long as it has run."""
    owed_until: float = 64.0
    """O2: a running job is owed time until this ratio, so that it is not evicted right away."""
    owed_floor_s: float = 3600.0
    """O2: a shorter runtime counts as this one."""
    owed_share: float = 0.5
    """O2: how much of the devices may go by it: under an overload all are owed time, and none would end."""
    minimum_run_s: float = 600.0
    """A job that has devices keeps them for so long, whatever waits at its priority."""
    longest_minimum_run_s: float = 4800.0
    """The minimum doubles with each eviction of a job, up to this."""


@dataclass(frozen=True)
class JobView:
    """What the order knows of a job."""

    id: str
    milli: int
    """Thousandths of a device, over all its devices."""
    submitted_at_s: float
    attained_gpu_s: float = 0.0
    """Service so far: time with its devices, times the number of them."""
    groups: Groups = ()
    """Of which it is one; the widest first."""
    priority: int = 0
    """The higher goes first."""
    max_runtime_s: float | None = None
    """Declared: it is stopped after so long. None: nobody said."""
    started_at_s: float | None = None
    """Since when it has its devices; None while it waits."""
    evictions: int = 0
    """How often its devices were taken away."""

    @property
    def running(self) -> bool:
        """Whether it has devices."""
        return self.started_at_s is not None

    @property
    def run_s(self) -> float:
        """How long it has run so far."""
        return self.attained_gpu_s * 1000.0 / self.milli

    @property
    def left_s(self) -> float | None:
        """What is left of its declared maximum; None when none was declared, and when it is used up."""
        if self.max_runtime_s is None or self.run_s >= self.max_runtime_s:
            return None
        return self.max_runtime_s - self.run_s


@dataclass(frozen=True)
class Footing:
    """What decides between a job that runs and one that waits, at one moment."""

    priority: int
    stays: bool
    """It runs, and gives way to nobody of its priority: by its minimum runtime, or as it is owed time."""
    is_owed: bool
    level: Level


def in_order(
    jobs: Iterable[JobView], now_s: float, history: History, settings: OrderSettings, *, capacity_milli: int
) -> list[JobView]:
    """All jobs, the one that goes first in front. Whoever gives out devices walks along it."""
    ranked = sorted(jobs, key=lambda job: rank(job, history, settings))
    owed = [job for job in ranked if is_owed(job, now_s, settings)]
    if not owed:
        return ranked
    first = {job.id for job in owed_first(owed, now_s, settings, capacity_milli=capacity_milli)}
    # Python's sort is stable: within what O2 decides, the rank goes on deciding.
    ahead = sorted((job for job in owed if job.id in first), key=lambda job: _owed_key(job, now_s, settings))
    merged = [*ahead, *(job for job in ranked if job.id not in first)]
    return sorted(merged, key=lambda job: -job.priority)


def rank(job: JobView, history: History, settings: OrderSettings) -> Rank:
    """Its place by O1 and O3 to O5; the lower goes first."""
    return (-job.priority, 2 * level(job, history, settings) + (not job.running), job.submitted_at_s, job.id)


def level(job: JobView, history: History, settings: OrderSettings) -> Level:
    """O3: by what it is expected to need for an end."""
    cost = cost_gpu_s(job, history)
    return Level(max(0, math.floor(math.log(max(cost, 1.0), settings.level_factor))))


def cost_gpu_s(job: JobView, history: History) -> float:
    """Expected service for an end: what is left of the declared maximum, else by history."""
    if job.left_s is not None:
        return job.left_s * job.milli / 1000.0
    return history.cost_gpu_s(job.groups, job.attained_gpu_s)


def slowdown(job: JobView, now_s: float, settings: OrderSettings) -> float:
    """Its time with us over the time it runs: so far, or, with a declared maximum, at its end."""
    age_s = now_s - job.submitted_at_s
    if job.left_s is not None and job.max_runtime_s is not None:
        return (age_s + job.left_s) / max(job.max_runtime_s, settings.owed_floor_s)
    return age_s / max(job.run_s, settings.owed_floor_s)


def is_owed(job: JobView, now_s: float, settings: OrderSettings) -> bool:
    """O2: whether it is owed time."""
    limit = settings.owed_until if job.running else settings.owed_after
    return slowdown(job, now_s, settings) >= limit


def owed_first(
    owed: Iterable[JobView], now_s: float, settings: OrderSettings, *, capacity_milli: int
) -> Iterator[JobView]:
    """O2: those who are owed time and go before the rest of their priority, most slowed down first."""
    room = settings.owed_share * capacity_milli
    for job in sorted(owed, key=lambda job: (-job.priority, _owed_key(job, now_s, settings), job.id)):
        if room <= 0:
            return
        room -= job.milli
        yield job


def is_protected(job: JobView, now_s: float, settings: OrderSettings) -> bool:
    """Whether it has run for less than its minimum since it got its devices."""
    return job.started_at_s is not None and now_s < job.started_at_s + minimum_run_s(job, settings)


def minimum_run_s(job: JobView, settings: OrderSettings) -> float:
    """For how long it keeps devices once it has them: longer each time that it lost them."""
    return min(settings.minimum_run_s * 2.0**job.evictions, settings.longest_minimum_run_s)


def footing(job: JobView, now_s: float, history: History, settings: OrderSettings) -> Footing:
    """How it stands against any other, now."""
    owed = is_owed(job, now_s, settings)
    stays = job.running and (owed or is_protected(job, now_s, settings))
    return Footing(job.priority, stays, owed, level(job, history, settings))


def worth_preempting(victim: Footing, waiting: Footing) -> bool:
    """Whether ``waiting`` may have the devices of ``victim``, which runs.

    For a higher priority always, for a lower one never. Between equals a victim past its minimum runtime
    gives way to one that is owed time, unless it is itself, and to one of a lower level: so two jobs cannot
    evict each other in turn unless one of them ran through a level in between.
    """
    if waiting.priority != victim.priority:
        return waiting.priority > victim.priority
    if victim.stays:
        return False
    return waiting.is_owed or waiting.level < victim.level


def next_change_s(job: JobView, now_s: float, history: History, settings: OrderSettings) -> float:
    """When its place can change next by time alone; infinite when never."""
    age_s = now_s - job.submitted_at_s
    if not job.running:
        behind_s = (settings.owed_after - slowdown(job, now_s, settings)) * _owed_base_s(job, settings)
        return now_s + behind_s if behind_s > 0 else math.inf
    times = [_minimum_end_s(job, settings)]
    # What is left of a declared maximum only shrinks: its job's level falls, which takes devices from nobody.
    times.append(now_s + job.left_s if job.left_s is not None else _next_bin_s(job, now_s, history))
    if job.left_s is None and is_owed(job, now_s, settings):
        # age + t = until * (run + t)
        until = settings.owed_until
        times.append(
            now_s + max((age_s - until * max(job.run_s, settings.owed_floor_s)) / (until - 1.0), 1.0)
        )
    return min((time for time in times if time > now_s), default=math.inf)


def _owed_key(job: JobView, now_s: float, settings: OrderSettings) -> tuple[bool, float]:
    return (not job.running, -slowdown(job, now_s, settings))


def _owed_base_s(job: JobView, settings: OrderSettings) -> float:
    known_s = job.max_runtime_s if job.left_s is not None and job.max_runtime_s is not None else job.run_s
    return max(known_s, settings.owed_floor_s)


def _minimum_end_s(job: JobView, settings: OrderSettings) -> float:
    return (job.started_at_s or 0.0) + minimum_run_s(job, settings)


def _next_bin_s(job: JobView, now_s: float, history: History) -> float:
    left_gpu_s = history.next_bin_gpu_s(job.attained_gpu_s) - job.attained_gpu_s
    return now_s + left_gpu_s * 1000.0 / job.milli
