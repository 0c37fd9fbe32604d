"""What the metrics ask for, as the Horizontal Pod Autoscaler of Kubernetes counts.

For each metric ``ceil(ready * value / target)``; a ratio within a tenth of 1 changes nothing; replicas that
are starting count as idle when more are asked for, and within a tenth of the target then nothing changes
either; the highest number counts. What was not measured takes nothing away.
https://kubernetes.io/docs/concepts/workloads/autoscaling/horizontal-pod-autoscale/, "Algorithm details".
"""

from dataclasses import dataclass
from math import ceil, inf

from resources.gpu.policy.reason import Reason
from resources.serving.scaling.model import Metric, ScalingSnapshot, Target
from resources.texts import mark

TOLERANCE = 0.1
_EXACT = 1e-9
"""What a sum of shares may be above a whole number without another replica for it."""

_S1 = mark("{metric} is {value}, its target {target}: {ready} ready replicas become {wanted}.")
_S1_ENOUGH = mark("{metric} is {value}, its target {target}: {wanted} replicas are enough.")
_S1_NONE_READY = mark(
    "{metric} is {value} for all replicas, its target {target}, and none is ready: {wanted} are needed."
)
_S2 = mark("{metric} is {value}, within a tenth of its target {target}: {wanted} replicas stay.")
_S3 = mark("Nothing is known of {metric}: none of {wanted} replicas is taken away.")


@dataclass(frozen=True)
class Asked:
    """How many replicas, and why."""

    replicas: int
    reason: Reason


def by_metrics(targets: tuple[Target, ...], seen: ScalingSnapshot) -> Asked:
    """What the metric that asks for most asks for, by rules S1 to S3. Expects a target at least."""
    asked = {target: _asked(target, seen) for target in targets}
    known = {target: number for target, number in asked.items() if number is not None}
    unknown = [target.metric.value for target, number in asked.items() if number is None]
    highest = max(known.values(), default=0)
    if unknown and highest <= seen.replicas:
        named = ", ".join(unknown)
        return Asked(seen.replicas, Reason("S3", _S3, {"metric": named, "wanted": seen.replicas}))
    deciding = next(target for target, number in known.items() if number == highest)
    values: dict[str, str | int | float] = {
        "metric": deciding.metric.value,
        "value": shown(deciding.metric, _told(deciding.metric, seen)),
        "target": shown(deciding.metric, deciding.value),
        "ready": seen.ready,
        "wanted": highest,
    }
    if highest == seen.replicas and abs(_ratio(deciding, seen) - 1) <= TOLERANCE:
        return Asked(highest, Reason("S2", _S2, values))
    template = _S1 if highest != seen.replicas else _S1_ENOUGH
    return Asked(highest, Reason("S1", template if seen.ready else _S1_NONE_READY, values))


def shown(metric: Metric, value: float) -> str:
    """A value as the grammar writes it; what is counted over all replicas is told for each ready one."""
    if metric in (Metric.CPU, Metric.GPU, Metric.MEMORY):
        return f"{100 * value:.0f}%"
    return f"{value:.0f}ms" if metric is Metric.LATENCY else f"{value:.3g}"


def _asked(target: Target, seen: ScalingSnapshot) -> int | None:
    ratio = _ratio(target, seen)
    if ratio is inf:
        return max(seen.replicas, ceil(_told(target.metric, seen) / target.value - _EXACT))
    if _value(target.metric, seen) is None:
        return None
    if abs(ratio - 1) <= TOLERANCE:
        return seen.replicas
    if ratio > 1 and seen.ready * ratio <= seen.replicas * (1 + TOLERANCE):
        return seen.replicas
    return ceil(seen.ready * ratio - _EXACT)


def _ratio(target: Target, seen: ScalingSnapshot) -> float:
    """Of the value to its target; without end for requests that no replica is ready for."""
    value = _value(target.metric, seen)
    if value is None and seen.ready == 0 and target.metric in (Metric.QUEUE, Metric.RATE):
        return inf
    return 0.0 if value is None else value / target.value


def _told(metric: Metric, seen: ScalingSnapshot) -> float:
    """The value, or what it is for all replicas while none is ready."""
    value = _value(metric, seen)
    if value is not None:
        return value
    return seen.queue if metric is Metric.QUEUE else (seen.rate_per_s or 0.0)


def _value(metric: Metric, seen: ScalingSnapshot) -> float | None:
    """For each ready replica, or of them all; None where it is not known, as without a ready replica."""
    if seen.ready == 0:
        return None
    if metric is Metric.QUEUE:
        return seen.queue / seen.ready
    if metric is Metric.RATE:
        return None if seen.rate_per_s is None else seen.rate_per_s / seen.ready
    return {
        Metric.CPU: seen.cpu,
        Metric.GPU: seen.gpu,
        Metric.MEMORY: seen.memory,
        Metric.LATENCY: seen.p99_ms,
    }[metric]
