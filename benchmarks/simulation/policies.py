"""Policies for the simulator: the arbiter's order, and what it is measured against."""

import heapq
import math
from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from benchmarks.simulation.model import Decision
from resources.gpu.policy.history import Groups, History
from resources.gpu.policy.order import (
    JobView,
    OrderSettings,
    Rank,
    is_owed,
    is_protected,
    level,
    next_change_s,
    owed_first,
    rank,
)

AFTER_S = 1e-3
"""A moment after a bound: service that has reached it counts as beyond it in spite of rounding."""


class Ordered:
    """The arbiter's order. Waiting jobs are kept sorted, and ranked anew when their rank may have changed."""

    def __init__(
        self, gpus: int, settings: OrderSettings | None = None, history: History | None = None
    ) -> None:
        self.settings = settings or OrderSettings()
        self.history = history or History()
        self._gpus = gpus
        self._queue: list[tuple[Rank, str]] = []
        self._ranks: dict[str, Rank] = {}
        self._alike: dict[Groups, dict[int, set[str]]] = {}
        self._levels: dict[tuple[Groups, int], int] = {}
        self._owed_at: list[tuple[float, str]] = []
        self._owed: set[str] = set()
        self._epoch = 0

    def arrived(self, job: JobView) -> None:
        """Put it in its place."""
        self._enter(job, job.submitted_at_s)

    def ended(self, job: JobView, now_s: float) -> None:
        """Learn from it."""
        del now_s
        self.history.end(job.id, job.groups, job.attained_gpu_s)

    def decide(
        self, waiting: Mapping[str, JobView], running: Mapping[str, JobView], free: int, now_s: float
    ) -> Decision:
        """Walk along the order and keep or start what fits; what runs and fits no more is stopped."""
        del free
        for job in running.values():
            self.history.note(job.id, job.groups, job.attained_gpu_s)
        self._rank_again(waiting)
        self._find_owed(waiting, now_s)
        kept, start = self._choose(waiting, running, now_s)
        stop = [name for name in running if name not in kept]
        for name in start:
            self._leave(waiting[name])
        for name in stop:
            self._enter(
                replace(running[name], started_at_s=None, evictions=running[name].evictions + 1), now_s
            )
        return Decision(start, stop, self._look_again_s(waiting, running, kept, start, now_s))

    def _choose(
        self, waiting: Mapping[str, JobView], running: Mapping[str, JobView], now_s: float
    ) -> tuple[set[str], list[str]]:
        free = self._gpus
        kept = {name for name, job in running.items() if is_protected(job, now_s, self.settings)}
        free -= sum(_gpus(running[name]) for name in kept)
        start: list[str] = []
        seen = set(kept)
        for job in self._first(waiting, running, now_s):
            if job.id not in seen and _gpus(job) <= free:
                free -= _gpus(job)
                seen.add(job.id)
                (kept.add if job.running else start.append)(job.id)
        ranked = sorted(
            (rank(job, self.history, self.settings), name)
            for name, job in running.items()
            if name not in seen
        )
        for _, name in heapq.merge(ranked, self._queue):
            if free <= 0:
                break
            job = running.get(name) or waiting[name]
            if name not in seen and _gpus(job) <= free:
                free -= _gpus(job)
                (kept.add if job.running else start.append)(name)
        return kept, start

    def _first(
        self, waiting: Mapping[str, JobView], running: Mapping[str, JobView], now_s: float
    ) -> list[JobView]:
        owed = [waiting[name] for name in self._owed]
        owed += [job for job in running.values() if is_owed(job, now_s, self.settings)]
        if not owed:
            return []
        # O1 stands above O2: only those of the highest priority there is go ahead of their level.
        highest = max(
            -self._queue[0][0][0] if self._queue else -math.inf,
            *(job.priority for job in running.values()),
            *(job.priority for job in owed),
        )
        owed = [job for job in owed if job.priority == highest]
        return list(owed_first(owed, now_s, self.settings, capacity_milli=self._gpus * 1000))

    def _rank_again(self, waiting: Mapping[str, JobView]) -> None:
        history = self.history
        if history.epoch != self._epoch:
            self._epoch = history.epoch
            self._ranks = {name: rank(job, history, self.settings) for name, job in waiting.items()}
            self._queue = sorted((place, name) for name, place in self._ranks.items())
            self._levels = {
                (groups, index): level(waiting[next(iter(names))], history, self.settings)
                for groups, bins in self._alike.items()
                for index, names in bins.items()
                if names
            }
        else:
            for groups in history.changed:
                for index, names in self._alike.get(groups, {}).items():
                    self._rank_alike(groups, index, names, waiting)
        history.changed.clear()

    def _rank_alike(
        self, groups: Groups, index: int, names: set[str], waiting: Mapping[str, JobView]
    ) -> None:
        """Jobs of the same groups and the same bin are of one level."""
        if not names:
            return
        now = level(waiting[next(iter(names))], self.history, self.settings)
        if self._levels.get((groups, index)) == now:
            return
        self._levels[groups, index] = now
        for name in names:
            self._remove(name)
            self._insert(name, rank(waiting[name], self.history, self.settings))

    def _find_owed(self, waiting: Mapping[str, JobView], now_s: float) -> None:
        while self._owed_at and self._owed_at[0][0] <= now_s:
            _, name = heapq.heappop(self._owed_at)
            if name in waiting and is_owed(waiting[name], now_s + AFTER_S, self.settings):
                self._owed.add(name)

    def _look_again_s(
        self,
        waiting: Mapping[str, JobView],
        running: Mapping[str, JobView],
        kept: set[str],
        start: list[str],
        now_s: float,
    ) -> float:
        jobs = [running[name] for name in kept] + [
            replace(waiting[name], started_at_s=now_s) for name in start
        ]
        times = [next_change_s(job, now_s, self.history, self.settings) + AFTER_S for job in jobs]
        times += [time for time, _ in self._owed_at[:1]]
        return min(times, default=math.inf)

    def _enter(self, job: JobView, now_s: float) -> None:
        if job.left_s is None:
            index = self.history.bin_of(job.attained_gpu_s)
            alike = self._alike.setdefault(job.groups, {}).setdefault(index, set())
            if not alike:
                self._levels[job.groups, index] = level(job, self.history, self.settings)
            alike.add(job.id)
        self._insert(job.id, rank(job, self.history, self.settings))
        if is_owed(job, now_s, self.settings):
            self._owed.add(job.id)
        else:
            owed_at_s = next_change_s(job, now_s, self.history, self.settings)
            heapq.heappush(self._owed_at, (owed_at_s + AFTER_S, job.id))

    def _leave(self, job: JobView) -> None:
        if job.left_s is None:
            self._alike[job.groups][self.history.bin_of(job.attained_gpu_s)].discard(job.id)
        self._owed.discard(job.id)
        self._remove(job.id)

    def _insert(self, name: str, place: Rank) -> None:
        self._ranks[name] = place
        insort(self._queue, (place, name))

    def _remove(self, name: str) -> None:
        del self._queue[bisect_left(self._queue, (self._ranks.pop(name), name))]


class Keyed:
    """Whoever has the lowest key; all are looked at each time. For what the arbiter is measured against."""

    def __init__(
        self,
        gpus: int,
        key: Callable[[JobView], tuple[float, ...]],
        next_gpu_s: Callable[[JobView], float] | None = None,
    ) -> None:
        self._gpus = gpus
        self._key = key
        self._next_gpu_s = next_gpu_s

    def arrived(self, job: JobView) -> None:
        """Nothing to keep."""

    def ended(self, job: JobView, now_s: float) -> None:
        """Nothing to keep."""

    def decide(
        self, waiting: Mapping[str, JobView], running: Mapping[str, JobView], free: int, now_s: float
    ) -> Decision:
        """Walk along the keys and keep or start what fits."""
        del free
        chosen = self._chosen([*running.values(), *waiting.values()])
        looks = []
        if self._next_gpu_s is not None:
            for job in chosen.values():
                left_gpu_s = self._next_gpu_s(job) - job.attained_gpu_s
                looks.append(now_s + left_gpu_s / _gpus(job) + AFTER_S)
        start = [name for name in chosen if name in waiting]
        stop = [name for name in running if name not in chosen]
        return Decision(start, stop, min(looks, default=math.inf))

    def _chosen(self, jobs: Iterable[JobView]) -> dict[str, JobView]:
        free, chosen = self._gpus, {}
        for job in sorted(jobs, key=lambda job: (self._key(job), job.submitted_at_s, job.id)):
            if _gpus(job) <= free:
                free -= _gpus(job)
                chosen[job.id] = job
        return chosen


def first_come(gpus: int) -> Keyed:
    """First come, first served, with smaller jobs let past one that does not fit; nothing is preempted."""
    return Keyed(gpus, lambda job: (not job.running,))


def least_attained(gpus: int, threshold_gpu_s: float) -> Keyed:
    """Two levels of attained service: below the threshold, and above it."""
    return Keyed(
        gpus,
        lambda job: (job.attained_gpu_s >= threshold_gpu_s, not job.running),
        lambda job: threshold_gpu_s if job.attained_gpu_s < threshold_gpu_s else math.inf,
    )


def shortest_remaining_service(gpus: int) -> Keyed:
    """Declared runtimes taken at their word: the least remaining GPU-seconds first."""
    return Keyed(gpus, lambda job: ((job.left_s or 0.0) * _gpus(job),))


def _gpus(job: JobView) -> int:
    return job.milli // 1000
