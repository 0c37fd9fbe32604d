"""Specs and snapshots, made up."""

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from resources.serving.scaling.autoscaler import Autoscaler
from resources.serving.scaling.grammar.parsing import parse_scaling
from resources.serving.scaling.model import (
    Arrivals,
    Metric,
    ScalingDecision,
    ScalingSnapshot,
    ScalingSpec,
    Target,
    Window,
)

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)

shares = st.none() | st.floats(0, 1)
counts = st.integers(0, 12)


def seen(ready: int = 2, starting: int = 0, **values: float | str | Arrivals | None) -> ScalingSnapshot:
    """A snapshot of the digits."""
    return ScalingSnapshot("digits", ready, starting, **values)  # type: ignore[arg-type]


def decided(
    text: str, snapshot: ScalingSnapshot, least: int = 1, most: int = 10, now: datetime = NOW
) -> ScalingDecision:
    """What an autoscaler that remembers nothing decides."""
    return Autoscaler(parse_scaling(text, least=least, most=most)).decide(snapshot, now)


def later(seconds: float) -> datetime:
    """So long after NOW."""
    return NOW + timedelta(seconds=seconds)


@st.composite
def specs(draw: st.DrawFn) -> ScalingSpec:
    """Any spec, with windows and without."""
    metrics = draw(st.lists(st.sampled_from(Metric), unique=True, max_size=4))
    least = draw(st.integers(0, 4))
    windows = tuple(_window(draw) for _ in range(draw(st.integers(0, 2))))
    return ScalingSpec(
        tuple(Target(metric, draw(st.floats(0.1, 1)) * _scale(metric)) for metric in metrics),
        windows,
        least,
        least + draw(st.integers(0, 10)),
        idle_s=draw(st.floats(0, 600)),
        sleeps=draw(st.booleans()),
        down_s=draw(st.floats(0, 600)),
        forecast=draw(st.booleans()),
    )


@st.composite
def snapshots(draw: st.DrawFn) -> ScalingSnapshot:
    """Any snapshot, also one in which little was measured."""
    return ScalingSnapshot(
        "digits",
        draw(counts),
        draw(st.integers(0, 4)),
        draw(shares),
        draw(shares),
        draw(shares),
        queue=draw(st.integers(0, 100)),
        p99_ms=draw(st.none() | st.floats(0, 5000)),
        rate_per_s=draw(st.none() | st.floats(0, 500)),
        idle_s=draw(st.floats(0, 1000)),
        free_replicas=draw(st.none() | counts),
        owed_replicas=draw(st.integers(0, 3)),
        stopping=draw(st.integers(0, 2)),
    )


def _scale(metric: Metric) -> float:
    return {Metric.QUEUE: 20.0, Metric.RATE: 100.0, Metric.LATENCY: 1000.0}.get(metric, 1.0)


def _window(draw: st.DrawFn) -> Window:
    least = draw(st.integers(0, 5))
    most = draw(st.none() | st.integers(least, 12))
    begins = draw(st.integers(0, 1439))
    days = draw(st.frozensets(st.integers(0, 6), min_size=1))
    return Window(days, begins, (begins + draw(st.integers(1, 1439))) % 1440, least, most)
