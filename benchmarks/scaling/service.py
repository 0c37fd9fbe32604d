"""A service: one queue, first come first served, and replicas that start, answer and go."""

import heapq
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from benchmarks.scaling.load import DAY_S, Load, Times
from resources.serving.scaling.autoscaler import Autoscaler
from resources.serving.scaling.model import Arrivals, ScalingSnapshot

MIDNIGHT = datetime(2026, 1, 6, tzinfo=UTC)
BUCKET_TICKS = 4
"""Ticks that requests are counted over, for the forecast."""


@dataclass(frozen=True)
class Model:
    """What one replica takes for a request, and until it is there."""

    service_s: float = 0.2
    spread: float = 0.2
    """Requests take this share more or less."""
    cold_start_s: float = 20.0
    tick_s: float = 15.0
    """Decisions are made this often, as by Kubernetes."""


@dataclass(frozen=True)
class Outcome:
    """What a day cost, and how long requests took."""

    replica_h: float
    """From a decision to start until the last request is answered."""
    p50_ms: float
    p99_ms: float
    over_1s_pct: float
    most: int
    starts: int


def fixed(load: Load, model: Model, replicas: int, seed: int) -> Outcome:
    """The day with the same number of replicas all the time."""
    return _Day(load, model, seed, lambda *_: replicas, begin=replicas).play()


def scaled(load: Load, model: Model, scaler: Autoscaler, seed: int) -> Outcome:
    """The day as ``scaler`` decides. One replica is there when it begins."""
    counted = _Counted(load, model)

    def decide(day: "_Day", tick: int) -> int:
        seen = ScalingSnapshot(
            "benchmark",
            len(day.ready),
            len(day.starting),
            cpu=day.use,
            queue=day.waiting,
            p99_ms=day.last_p99_ms,
            rate_per_s=day.arrived / model.tick_s,
            service_s=model.service_s,
            idle_s=day.idle_s,
            cold_start_s=model.cold_start_s,
            arrivals=counted.until(tick) if scaler.spec.forecast else None,
        )
        return scaler.decide(seen, MIDNIGHT + timedelta(seconds=tick * model.tick_s)).replicas

    return _Day(load, model, seed, decide, begin=1).play()


class _Counted:
    """How many requests came by each tick, those of the days before too."""

    def __init__(self, load: Load, model: Model) -> None:
        times = load.times_s
        self._tick_s = model.tick_s
        self._first = min(0, int(np.floor(times[0] / model.tick_s))) if len(times) else 0
        ticks = round(DAY_S / model.tick_s)
        edges = np.arange(self._first, ticks + 1) * model.tick_s
        self._before = np.searchsorted(times, edges)

    def until(self, tick: int) -> Arrivals:
        end = tick - self._first
        counts = np.diff(self._before[end % BUCKET_TICKS : end + 1 : BUCKET_TICKS])
        bucket_s = BUCKET_TICKS * self._tick_s
        ended = MIDNIGHT + timedelta(seconds=tick * self._tick_s)
        begun = ended - timedelta(seconds=bucket_s * len(counts))
        return Arrivals(begun, bucket_s, tuple(counts.tolist()))


class _Day:
    """One day on a simulated clock, tick by tick."""

    def __init__(
        self, load: Load, model: Model, seed: int, decide: Callable[["_Day", int], int], begin: int
    ) -> None:
        self._model, self._decide = model, decide
        self._arrivals: list[float] = load.day_s.tolist()
        draw = np.random.default_rng(seed)
        takes: Times = model.service_s * draw.uniform(1 - model.spread, 1 + model.spread, len(self._arrivals))
        self._takes: list[float] = takes.tolist()
        self._next = 0
        self._latencies: list[float] = []
        self._replica_s = 0.0
        self._born: list[float] = [0.0] * begin
        self.ready: list[tuple[float, int]] = [(0.0, index) for index in range(begin)]
        """When each has answered what it was given, and which it is: a heap."""
        self.starting: list[tuple[float, int]] = []
        self.use: float | None = 0.0
        self.waiting = 0
        self.arrived = 0
        self.last_p99_ms: float | None = None
        self.idle_s = 0.0
        self._busy_s = 0.0
        self._carried_s = 0.0
        self._last_end_s = 0.0
        self._most = begin

    def play(self) -> Outcome:
        tick_s = self._model.tick_s
        for tick in range(1, round(DAY_S / tick_s) + 1):
            self._run((tick - 1) * tick_s, tick * tick_s)
            self._resize(self._decide(self, tick), tick * tick_s)
        self._run(DAY_S, DAY_S * 10)
        self._replica_s += sum(DAY_S - self._born[index] for _, index in [*self.ready, *self.starting])
        ms = 1000 * np.array(self._latencies or [0.0])
        return Outcome(
            self._replica_s / 3600,
            float(np.percentile(ms, 50)),
            float(np.percentile(ms, 99)),
            float(100 * np.mean(ms > 1000)),
            self._most,
            len(self._born),
        )

    def _run(self, begun_s: float, until_s: float) -> None:
        """Answer what can be begun before ``until_s``, as replicas become ready."""
        came_before, answered = self._next_arrival_before(begun_s), len(self._latencies)
        self._busy_s, now_s, ready_s = self._carried_s, begun_s, 0.0
        self._carried_s = 0.0
        while now_s < until_s:
            soonest = self.starting[0][0] if self.starting else until_s
            edge = min(until_s, soonest)
            ready_s += len(self.ready) * (edge - now_s)
            self._answer(edge, until_s)
            now_s = edge
            while self.starting and self.starting[0][0] <= now_s:
                heapq.heappush(self.ready, heapq.heappop(self.starting))
        came = self._next_arrival_before(until_s)
        self.arrived = came - came_before
        self.waiting = came - self._next
        self.use = min(1.0, self._busy_s / ready_s) if ready_s and self.ready else None
        fresh = sorted(self._latencies[answered:])
        self.last_p99_ms = 1000 * fresh[int(0.99 * len(fresh))] if fresh else 0.0
        self.idle_s = 0.0 if self.waiting else max(0.0, until_s - self._last_end_s)

    def _answer(self, edge: float, until_s: float) -> None:
        ready, arrivals, takes, index = self.ready, self._arrivals, self._takes, self._next
        count, busy_s, carried_s = len(arrivals), 0.0, 0.0
        while ready and index < count:
            free, which = ready[0]
            came = arrivals[index]
            begin = came if came > free else free
            if begin >= edge:
                break
            end = begin + takes[index]
            heapq.heapreplace(ready, (end, which))
            self._latencies.append(end - came)
            if end > until_s:
                carried_s += end - until_s
                busy_s += until_s - begin
            else:
                busy_s += end - begin
            if end > self._last_end_s:
                self._last_end_s = end
            index += 1
        self._next = index
        self._busy_s += busy_s
        self._carried_s += carried_s

    def _next_arrival_before(self, until_s: float) -> int:
        return bisect_left(self._arrivals, until_s)

    def _resize(self, wanted: int, now_s: float) -> None:
        for _ in range(wanted - len(self.ready) - len(self.starting)):
            heapq.heappush(self.starting, (now_s + self._model.cold_start_s, len(self._born)))
            self._born.append(now_s)
        while len(self.ready) + len(self.starting) > wanted:
            if self.starting:
                last = max(self.starting)
                self.starting.remove(last)
                heapq.heapify(self.starting)
                self._replica_s += now_s - self._born[last[1]]
                continue
            free, which = heapq.heappop(self.ready)  # the one that has least to do
            self._replica_s += max(free, now_s) - self._born[which]
        self._most = max(self._most, len(self.ready) + len(self.starting))
