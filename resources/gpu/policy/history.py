"""What ended jobs tell of those that have not ended: the odds of an end, by the service already had.

A job's service is counted in GPU-seconds, in bins that double. Each bin of a group of like jobs keeps two
counts: how many jobs are through with it, and how many of these ended in it; a job that still runs counts in
the bins behind it (the estimator of Kaplan and Meier for censored lives, by bins). A small group leans on the
wider one that it is part of: the wider group's odds count as ``lean_jobs`` more jobs (the mean of a beta
distribution).
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Groups = tuple[str, ...]
"""The groups of like jobs that a job is part of, the widest first, such as its size, its project's job, and
the jobs that were submitted with it. The group of all jobs goes without saying."""

ALL = ""


@dataclass(frozen=True)
class HistorySettings:
    """How the past is weighed."""

    first_bin_gpu_s: float = 8.0
    """Width of the first bin; each later bin ends at twice the service of the one before."""
    bins: int = 30
    """The last one has no end. 8 GPU-seconds doubled 29 times are 1.2 million GPU-hours."""
    prior_odds: float = 0.15
    """Chance that a job ends in a bin, while nothing has ended yet. A constant one means that jobs of all
    orders of magnitude are about equally many."""
    lean_jobs: float = 4.0
    """How many jobs of its own a group needs to count as much as the wider group's odds."""
    memory_jobs: float = 4096.0
    """When this many jobs of a group are through with the first bin, its counts are halved, so that it
    follows what changes."""
    stale_after: float = 1.1
    """Estimates are made anew for all groups once the number of ended jobs grew by this factor."""


@dataclass
class _Counts:
    left: list[float]
    """How many are through with a bin: they ended in it, or are beyond it."""
    ended: list[float]


class History:
    """Counts of ended jobs and of those under way, by group. Not thread-safe; ``state`` is all of it."""

    def __init__(self, settings: HistorySettings | None = None) -> None:
        self.settings = settings or HistorySettings()
        first, bins = self.settings.first_bin_gpu_s, self.settings.bins
        self._upper = [first * 2.0**index for index in range(bins - 1)]
        self._width = [first, *(upper for upper in self._upper)]
        self._counts: dict[str, _Counts] = {}
        self._reached: dict[str, int] = {}
        self._costs: dict[tuple[Groups, int], float] = {}
        self._odds: dict[Groups, list[float]] = {}
        self._ended_jobs = 0.0
        self._ended_at_estimate = 0.0
        self.epoch = 0
        """Grows when the estimates of all jobs may have changed."""
        self.changed: set[Groups] = set()
        """Whose estimate changed; who keeps places by estimate clears it once they are up to date."""

    def bin_of(self, attained_gpu_s: float) -> int:
        """The bin that a job with this much service is in."""
        if attained_gpu_s < self._upper[0]:
            return 0
        index = int(math.log2(attained_gpu_s / self._upper[0])) + 1
        return min(index, self.settings.bins - 1)

    def next_bin_gpu_s(self, attained_gpu_s: float) -> float:
        """The service at which the bin changes next; infinite in the last bin."""
        index = self.bin_of(attained_gpu_s)
        return self._upper[index] if index < len(self._upper) else math.inf

    def note(self, job: str, groups: Groups, attained_gpu_s: float) -> None:
        """Say how much service a job has had, as often as is known. Less than before changes nothing."""
        reached = self._reached.get(job, 0)
        here = self.bin_of(attained_gpu_s)
        if here <= reached:
            return
        for group in (ALL, *groups):
            left = self._of(group).left
            for index in range(reached, here):
                left[index] += 1.0
            self._forget_some(group)
        self._reached[job] = here
        self._touch(groups)

    def note_all(self, jobs: Iterable[tuple[str, Groups, float]]) -> None:
        """:meth:`note` for many jobs at once, each with its groups and its service."""
        came: Counter[tuple[Groups, int, int]] = Counter()
        for job, groups, attained_gpu_s in jobs:
            reached, here = self._reached.get(job, 0), self.bin_of(attained_gpu_s)
            if here > reached:
                came[groups, reached, here] += 1
                self._reached[job] = here
        for (groups, reached, here), number in came.items():
            for group in (ALL, *groups):
                left = self._of(group).left
                for index in range(reached, here):
                    left[index] += number
        for group in {group for groups, _, _ in came for group in (ALL, *groups)}:
            self._forget_some(group)
        for groups in {groups for groups, _, _ in came}:
            self._touch(groups)

    def end(self, job: str, groups: Groups, attained_gpu_s: float) -> None:
        """Say, once, that a job ended by itself with this much service."""
        self.note(job, groups, attained_gpu_s)
        here = max(self._reached.pop(job, 0), self.bin_of(attained_gpu_s))
        for group in (ALL, *groups):
            counts = self._of(group)
            counts.left[here] += 1.0
            counts.ended[here] += 1.0
            self._forget_some(group)
        self._touch(groups)
        self._ended_jobs += 1.0
        if self._ended_jobs >= max(
            self._ended_at_estimate * self.settings.stale_after, self._ended_at_estimate + 5
        ):
            self._ended_at_estimate = self._ended_jobs
            self._costs.clear()
            self._odds.clear()
            self.epoch += 1

    def leave(self, job: str) -> None:
        """Say that a job is gone without an end of its own (cancelled): how far it came still counts."""
        self._reached.pop(job, None)

    def forget(self, group: str) -> None:
        """Drop a group that no job is part of any more, such as jobs submitted together, all ended."""
        self._counts.pop(group, None)
        for groups in [known for known in self._odds if group in known]:
            self._touch(groups)

    def cost_gpu_s(self, groups: Groups, attained_gpu_s: float) -> float:
        """The least expected service for each end, over all points at which to stop: lower goes first.

        This is the reciprocal of the index of Gittins, which minimises the mean time in the system where the
        distribution of service is known and nothing else of a job is.
        """
        here = self.bin_of(attained_gpu_s)
        found = self._costs.get((groups, here))
        if found is None:
            found = self._costs[groups, here] = self._cost(self._odds_of(groups), here)
        return found

    def state(self) -> dict[str, Any]:
        """All of it, as JSON can hold it."""
        return {
            "counts": {group: [counts.left, counts.ended] for group, counts in self._counts.items()},
            "reached": dict(self._reached),
            "ended_jobs": self._ended_jobs,
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any], settings: HistorySettings | None = None) -> "History":
        """What ``state`` gave. Counts of another number of bins are left out: they mean something else."""
        history = cls(settings)
        for group, (left, ended) in state["counts"].items():
            if len(left) == history.settings.bins:
                history._counts[group] = _Counts(list(left), list(ended))
        history._reached = dict(state["reached"])
        history._ended_jobs = history._ended_at_estimate = float(state["ended_jobs"])
        return history

    def _cost(self, odds: Sequence[float], here: int) -> float:
        left, work, least = 1.0, 0.0, math.inf
        for index in range(here, self.settings.bins):
            # A job that ends in a bin ends in its middle.
            work += left * self._width[index] * (1.0 - odds[index] / 2.0)
            left *= 1.0 - odds[index]
            least = min(least, work / (1.0 - left))
            if work > least:
                break
        return least

    def _odds_of(self, groups: Groups) -> list[float]:
        found = self._odds.get(groups)
        if found is not None:
            return found
        lean = self.settings.lean_jobs
        wider = self._odds_of(groups[:-1]) if groups else [self.settings.prior_odds] * self.settings.bins
        counts = self._counts.get(groups[-1] if groups else ALL)
        if counts is None:
            odds = wider
        else:
            odds = [
                (ended + lean * above) / (left + lean)
                for left, ended, above in zip(counts.left, counts.ended, wider, strict=True)
            ]
        self._odds[groups] = odds
        return odds

    def _touch(self, groups: Groups) -> None:
        """Estimates of the narrowest group follow at once; those of wider ones when enough jobs ended."""
        self.changed.add(groups)
        if groups:
            self._odds.pop(groups, None)
            for index in range(self.settings.bins):
                self._costs.pop((groups, index), None)

    def _of(self, group: str) -> _Counts:
        bins = self.settings.bins
        return self._counts.setdefault(group, _Counts([0.0] * bins, [0.0] * bins))

    def _forget_some(self, group: str) -> None:
        counts = self._counts[group]
        while counts.left[0] > self.settings.memory_jobs:
            counts.left = [count / 2.0 for count in counts.left]
            counts.ended = [count / 2.0 for count in counts.ended]
