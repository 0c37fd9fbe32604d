"""What an autoscaler would do over the next day, if the day is like those before. It changes nothing."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import ceil

from resources.serving.scaling.autoscaler import Autoscaler
from resources.serving.scaling.forecast import AROUND, DAY_S, MOST_DAYS
from resources.serving.scaling.model import Arrivals, Metric, ScalingDecision, ScalingSnapshot, ScalingSpec

STEP_S = 60.0


@dataclass(frozen=True)
class Foreseen:
    """From when on there would be how many replicas, and why."""

    at: datetime
    rate_per_s: float
    """Requests that are expected then."""
    decision: ScalingDecision


@dataclass(frozen=True)
class Preview:
    """A day that was decided in advance."""

    changes: tuple[Foreseen, ...]
    """The state at its beginning, and each change."""
    replica_h: float
    highest: int


def preview(
    spec: ScalingSpec, seen: ScalingSnapshot, now: datetime, *, hours: float = 24.0, step_s: float = STEP_S
) -> Preview:
    """The next hours from what is ``seen`` now. Without a time of service only hours and ``rate`` count."""
    scaler = Autoscaler(replace(spec, dry_run=False))
    known = seen.arrivals or Arrivals(now, step_s, ())
    counts = list(known.counts)
    ready, idle_s, replica_s, highest = seen.replicas, seen.idle_s, 0.0, 0
    changes: list[Foreseen] = []
    done = 0.0
    for step in range(ceil(hours * 3600 / step_s)):
        at = now + timedelta(seconds=step * step_s)
        while done < step * step_s:
            counts.append(round(_expected(known, len(counts)) * known.bucket_s))
            done += known.bucket_s
        rate = _expected(known, len(counts))
        idle_s = 0.0 if rate * step_s >= 1 else idle_s + step_s
        decision = scaler.decide(_snapshot(spec, seen, known, counts, rate, ready, idle_s), at)
        if not changes or decision.replicas != ready:
            changes.append(Foreseen(at, rate, decision))
        ready = decision.replicas
        replica_s += ready * step_s
        highest = max(highest, ready)
    return Preview(tuple(changes), replica_s / 3600, highest)


def _expected(known: Arrivals, index: int) -> float:
    """Requests per second of the count at ``index``, by the same time of the days that are known.

    With less than a day of counts it is their mean.
    """
    counts, per_day = known.counts, round(DAY_S / known.bucket_s)
    while index >= len(counts) and per_day <= len(counts):
        index -= per_day
    same = [position for day in range(MOST_DAYS) if 0 <= (position := index - day * per_day) < len(counts)]
    if per_day > len(counts) or not same:
        return sum(counts) / len(counts) / known.bucket_s if counts else 0.0
    near = [counts[max(0, one - AROUND) : one + AROUND + 1] for one in same]
    return sum(sum(one) / len(one) for one in near) / len(near) / known.bucket_s


def _snapshot(
    spec: ScalingSpec,
    seen: ScalingSnapshot,
    known: Arrivals,
    counts: list[int],
    rate_per_s: float,
    ready: int,
    idle_s: float,
) -> ScalingSnapshot:
    """A service that answers at once what is expected, and is as busy as that makes it."""
    load = None if seen.service_s is None else rate_per_s * seen.service_s
    use = None if load is None or ready == 0 else min(1.0, load / ready)
    memory = next((target.value for target in spec.targets if target.metric is Metric.MEMORY), None)
    return ScalingSnapshot(
        seen.endpoint,
        ready,
        cpu=use,
        gpu=use,
        memory=memory,
        queue=1 if ready == 0 and rate_per_s * STEP_S >= 1 else 0,
        p99_ms=None if seen.service_s is None else 1000 * seen.service_s,
        rate_per_s=rate_per_s,
        service_s=seen.service_s,
        idle_s=idle_s,
        cold_start_s=seen.cold_start_s,
        arrivals=Arrivals(known.begun_at, known.bucket_s, tuple(counts)) if spec.forecast else None,
    )
