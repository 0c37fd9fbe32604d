"""Scaling ahead: how many replicas the requests will need that come while a replica starts.

Two simple methods, and the higher one counts, for a replica too many costs less than a queue:

- **trend**: Holt's exponential smoothing with a damped trend over the last hours;
- **season**: the same time of the day on up to seven days before, times how the last half hour compares.

What is prepared for is a little more: by the trend's own errors of the last hours, what three cases of four
stay below. What comes and waits already counts too.
"""

from dataclasses import dataclass
from math import ceil, sqrt

from resources.serving.scaling.model import Arrivals, Metric, ScalingSnapshot, ScalingSpec
from resources.serving.scaling.queueing import replicas_for

COLD_START_S = 30.0
"""As long as nobody measured one."""
USE = 0.7
"""The share of their time that replicas are meant to be busy, where no target says it."""
DRAIN_S = 15.0
"""Within how long what waits is to be answered, besides what comes."""
LEVEL, TREND, DAMPED = 0.6, 0.1, 0.9
RECENT = 120
"""Counts that the trend is taken from."""
LEAST_COUNTS = 10
DAY_S = 86_400
MOST_DAYS = 7
AROUND = 2
"""Counts before and after one that are taken with it, so that noise of single ones does not matter."""
COMPARED_S = 1800.0
LOWEST, HIGHEST = 0.5, 2.0
"""How far today may differ from other days by the half hour that is compared."""
PREPARED = 0.75
"""The share of cases that is prepared for: the rest is met by what a target leaves free."""


@dataclass(frozen=True)
class Expected:
    """Requests per second: the forecast, and what they stay below in three cases of four."""

    rate_per_s: float
    high_per_s: float


@dataclass(frozen=True)
class Ahead:
    """What is expected, and what it needs."""

    replicas: int
    rate_per_s: float
    high_per_s: float
    """What is prepared for, with what waits already."""
    within_s: float


def look_ahead(spec: ScalingSpec, seen: ScalingSnapshot) -> Ahead | None:
    """What the forecast asks for; None where it is off, or where too little is known."""
    if not spec.forecast or seen.arrivals is None:
        return None
    cold_start_s = COLD_START_S if seen.cold_start_s is None else seen.cold_start_s
    within_s = cold_start_s + seen.arrivals.bucket_s
    found = expected(seen.arrivals, within_s)
    high_per_s = 0.0 if found is None else max(found.high_per_s, seen.rate_per_s or 0.0)
    high_per_s += seen.queue / DRAIN_S
    replicas = None if found is None else _needed(spec, seen, high_per_s)
    if found is None or replicas is None:
        return None
    if found.rate_per_s * (within_s + spec.idle_s) < 1.0:
        replicas = 0
    return Ahead(replicas, found.rate_per_s, high_per_s, within_s)


def expected(arrivals: Arrivals, within_s: float) -> Expected | None:
    """The highest rate of the next ``within_s`` seconds; None where fewer than ten counts are known."""
    counts = arrivals.counts
    if len(counts) < LEAST_COUNTS:
        return None
    steps = max(1, ceil(within_s / arrivals.bucket_s))
    trend, error = _trend(counts[-RECENT:], steps)
    season = _season(arrivals, steps)
    rate = max(trend, season)
    return Expected(rate / arrivals.bucket_s, (rate + error) / arrivals.bucket_s)


def _needed(spec: ScalingSpec, seen: ScalingSnapshot, rate_per_s: float) -> int | None:
    """How many replicas that many requests need by the strictest target; None where nothing says it."""
    targets = {target.metric: target.value for target in spec.targets}
    needed = []
    if Metric.RATE in targets:
        needed.append(ceil(rate_per_s / targets[Metric.RATE] - 1e-9))
    if seen.service_s:
        load = rate_per_s * seen.service_s
        uses = [targets[metric] for metric in (Metric.CPU, Metric.GPU) if metric in targets]
        wait_s = targets.get(Metric.LATENCY, 0.0) / 1000 - seen.service_s
        if wait_s > 0:
            needed.append(replicas_for(rate_per_s, seen.service_s, wait_s))
        if uses or not needed:
            needed.append(ceil(load / min(uses, default=USE) - 1e-9))
    return max(needed, default=None)


def _trend(counts: tuple[int, ...], steps: int) -> tuple[float, float]:
    """The highest of the next ``steps`` counts, and how much too low most such forecasts were at most."""
    level, trend = float(counts[0]), 0.0
    reach = sum(DAMPED**step for step in range(1, steps + 1))
    forecasts: list[float] = []
    missed = []
    for index, count in enumerate(counts):
        if index >= steps + LEAST_COUNTS // 2:
            missed.append(count - forecasts[index - steps])
        before = level
        level = LEVEL * count + (1 - LEVEL) * (level + DAMPED * trend)
        trend = TREND * (level - before) + (1 - TREND) * DAMPED * trend
        forecasts.append(max(0.0, level + reach * trend))
    missed.sort()
    above = missed[int(PREPARED * len(missed))] if missed else sqrt(max(level, 0.0))
    return max(level, forecasts[-1], 0.0), max(0.0, above)


def _season(arrivals: Arrivals, steps: int) -> float:
    """The highest of the next ``steps`` counts by the days before; 0 with less than a day of them."""
    counts, per_day = arrivals.counts, round(DAY_S / arrivals.bucket_s)
    days = min(MOST_DAYS, (len(counts) - AROUND) // per_day)
    if days < 1 or steps + AROUND >= per_day:
        return 0.0
    end = len(counts)
    compared = max(1, round(COMPARED_S / arrivals.bucket_s))
    usual = sum(
        _around(counts, end - compared // 2 - day * per_day, compared // 2) for day in range(1, days + 1)
    )
    today = _around(counts, end - compared // 2, compared // 2)
    ratio = min(HIGHEST, max(LOWEST, (today + 1 / compared) / (usual / days + 1 / compared)))
    highest = max(
        sum(_around(counts, end - 1 + step - day * per_day, AROUND) for day in range(1, days + 1))
        for step in range(1, steps + 1)
    )
    return ratio * highest / days


def _around(counts: tuple[int, ...], index: int, width: int) -> float:
    """The mean of the counts around one."""
    near = counts[max(0, index - width) : index + width + 1]
    return sum(near) / len(near) if near else 0.0
