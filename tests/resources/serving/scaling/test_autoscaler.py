"""The rules of scaling one by one, and the laws that hold under all of them."""

from dataclasses import replace
from datetime import datetime, timedelta
from fractions import Fraction
from math import ceil

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from resources.serving.scaling.autoscaler import Autoscaler
from resources.serving.scaling.grammar.parsing import parse_scaling
from resources.serving.scaling.measured import by_metrics
from resources.serving.scaling.model import Arrivals, Metric, ScalingSnapshot, ScalingSpec, Target
from resources.texts import LANGUAGES, translator
from tests.resources.serving.scaling.made import NOW, decided, later, seen, snapshots, specs


def test_replicas_grow_with_the_share_of_a_metric_over_its_target() -> None:
    found = decided("cpu:50%", seen(2, cpu=0.9))
    assert (found.replicas, found.by) == (4, "S1")
    assert found.sentence == "cpu is 90%, its target 50%: 2 ready replicas become 4."


def test_of_several_metrics_the_one_that_asks_for_most_counts() -> None:
    found = decided("cpu:50%,gpu:60%,queue:8,latency:200ms", seen(2, cpu=0.2, gpu=0.9, queue=4, p99_ms=210))
    assert (found.replicas, found.by) == (3, "S1")
    assert "gpu is 90%" in found.sentence


@pytest.mark.parametrize("cpu", [0.46, 0.5, 0.54])
def test_within_a_tenth_of_the_target_nothing_changes(cpu: float) -> None:
    found = decided("cpu:50%", seen(4, cpu=cpu))
    assert (found.replicas, found.by) == (4, "S2")


def test_what_was_not_measured_takes_nothing_away() -> None:
    found = decided("cpu:50%,gpu:60%", seen(4, cpu=0.1))
    assert (found.replicas, found.by) == (4, "S3")
    assert decided("cpu:50%,gpu:60%", seen(4, cpu=1.0)).replicas == 8


def test_replicas_that_start_already_are_not_asked_for_again() -> None:
    assert decided("cpu:50%", seen(2, 2, cpu=0.9)).replicas == 4
    assert decided("cpu:50%", seen(2, 2, cpu=0.6)).replicas == 4


@given(st.integers(1, 40), st.integers(0, 40), st.integers(1, 100), st.integers(10, 100))
@example(10, 1, 60, 50)  # twelve were asked for, which is within a tenth of the eleven that there are
def test_one_metric_asks_for_what_the_controller_of_kubernetes_asks_for(
    ready: int, starting: int, used_pct: int, target_pct: int
) -> None:
    """By the order of ``GetResourceReplicas`` in ``replica_calculator.go``, in exact numbers."""
    current = ready + starting
    ratio = Fraction(used_pct, target_pct)

    def tolerated(one: Fraction) -> bool:
        return Fraction(9, 10) <= one <= Fraction(11, 10)

    if not (starting and ratio > 1):
        wanted = current if tolerated(ratio) else ceil(ratio * ready)
    else:
        again = ratio * ready / current  # those that start use nothing
        wanted = current if tolerated(again) or again < 1 else ceil(again * current)
    spec = parse_scaling(f"cpu:{target_pct}%", least=0, most=1000, idle_s=0)
    asked = by_metrics(spec.targets, seen(ready, starting, cpu=used_pct / 100))
    near = any(abs(one - edge) < 1e-9 for one in (ratio, ratio * ready / current) for edge in (0.9, 1.1))
    assert asked.replicas == wanted or near


def test_a_service_that_may_have_no_replica_sleeps_when_nobody_asks() -> None:
    found = decided("cpu:50%", seen(2, cpu=0.0, idle_s=300), least=0)
    assert (found.replicas, found.by) == (0, "S6")


def test_until_then_one_replica_stays() -> None:
    scaler = Autoscaler(parse_scaling("cpu:50%,down:0s", least=0, most=4))
    found = scaler.decide(seen(2, cpu=0.0, idle_s=299), NOW)
    assert [reason.rule for reason in found.reasons] == ["S1", "S7", "S10"]  # two were there just now
    found = scaler.decide(seen(2, cpu=0.0, idle_s=299.5), later(1))
    assert (found.replicas, found.by) == (1, "S7")


def test_a_request_wakes_a_service_that_sleeps() -> None:
    found = decided("cpu:50%", seen(0, queue=1), least=0)
    assert (found.replicas, found.by) == (1, "S5")
    found = decided("queue:8", seen(0, queue=30), least=0)
    assert (found.replicas, found.by) == (4, "S1")


def test_a_service_that_sleeps_goes_on_sleeping() -> None:
    assert decided("cpu:50%", seen(0, idle_s=900), least=0).replicas == 0
    assert decided("", seen(0, idle_s=900), least=0).replicas == 0


def test_fewer_than_are_guaranteed_there_never_are() -> None:
    found = decided("cpu:50%,down:0s", seen(3, cpu=0.0, idle_s=9000), least=3)
    assert (found.replicas, found.by) == (3, "S8")
    assert decided("cpu:50%", seen(0), least=3).replicas == 3


def test_a_window_guarantees_replicas_and_says_so() -> None:
    found = decided("cpu:50%,9~21:4", seen(2, cpu=0.5))
    assert (found.replicas, found.by) == (4, "S8")
    assert found.sentence == "4 replicas are guaranteed from 9:00~21:00."


def test_more_than_are_allowed_there_never_are() -> None:
    found = decided("cpu:50%", seen(2, cpu=1.0), most=3)
    assert (found.replicas, found.by) == (3, "S9")
    found = decided("cpu:50%,9~21:0-1", seen(2, cpu=1.0))
    assert (found.replicas, found.by) == (1, "S9")


def test_without_a_metric_the_schedule_alone_decides() -> None:
    scaler = Autoscaler(parse_scaling("9~21:3,21~9:1,down:60s"))
    assert scaler.decide(seen(3), NOW).replicas == 3
    evening = NOW.replace(hour=21)
    assert scaler.decide(seen(3), evening - timedelta(seconds=1)).replicas == 3
    assert scaler.decide(seen(3), evening).replicas == 1


def test_the_highest_number_of_the_last_minutes_is_kept() -> None:
    scaler = Autoscaler(parse_scaling("cpu:50%", most=10))
    assert scaler.decide(seen(4, cpu=1.0), NOW).replicas == 8
    for second in range(15, 301, 15):
        found = scaler.decide(seen(8, cpu=0.2), later(second))
        assert (found.replicas, found.by) == (8, "S10")
    assert found.sentence == "4 would do; 8 stay until fewer were enough for 300 s."
    assert scaler.decide(seen(8, cpu=0.2), later(316)).replicas == 4


def test_a_forecast_alone_does_not_let_go_at_once_of_what_it_asked_for() -> None:
    scaler = Autoscaler(parse_scaling("forecast:on", most=10))
    busy, calm = (Arrivals(NOW, 60, (60 * rate,) * 30) for rate in (40, 10))
    first = scaler.decide(replace(seen(4), service_s=0.1, arrivals=busy), NOW).replicas
    assert first > 4
    less = replace(seen(first), service_s=0.1, arrivals=calm)
    assert scaler.decide(less, later(15)).replicas == first
    assert scaler.decide(less, later(316)).replicas < first


def test_within_a_quarter_of_a_minute_replicas_double_at_most_or_grow_by_four() -> None:
    scaler = Autoscaler(parse_scaling("queue:1", most=100))
    assert scaler.decide(seen(1, queue=90), NOW).replicas == 5
    assert scaler.decide(seen(1, 4, queue=90), later(5)).by == "S11"
    assert scaler.decide(seen(1, 4, queue=90), later(5)).replicas == 5
    assert scaler.decide(seen(5, queue=90), later(15)).replicas == 10


def test_a_service_of_higher_priority_takes_what_is_above_the_guaranteed_number() -> None:
    found = decided("cpu:50%", seen(4, cpu=0.5, owed_replicas=1, owed_to="faces"), least=2)
    assert (found.replicas, found.by) == (3, "S12")
    assert "faces" in found.sentence
    assert decided("cpu:50%", seen(4, cpu=0.5, owed_replicas=9, owed_to="faces"), least=2).replicas == 2


def test_no_more_start_than_there_are_devices_for() -> None:
    found = decided("cpu:50%", seen(2, cpu=1.0, free_replicas=1))
    assert (found.replicas, found.by) == (3, "S13")
    assert found.sentence == "4 are needed; there are devices for 3."


def test_what_is_guaranteed_and_the_first_replica_wait_in_the_line_of_the_arbiter() -> None:
    assert decided("cpu:50%", seen(0, free_replicas=0), least=2).replicas == 2
    woken = decided("queue:8", seen(0, queue=30, free_replicas=0), least=0)
    assert (woken.replicas, woken.by) == (1, "S13")


def test_what_the_arbiter_takes_back_goes_and_is_told() -> None:
    gone = seen(2, cpu=0.5, stopping=1, stopping_for="training-1", stopping_by="P2")
    found = decided("cpu:50%", gone)
    assert (found.current, found.replicas, found.by) == (3, 2, "S14")
    assert found.sentence == "1 replicas make room for training-1 by the arbiter's rule P2: 2 are left."
    kept = decided("cpu:50%", gone, least=3)
    assert kept.replicas == 3  # another one starts instead


def test_a_dry_run_says_what_it_would_do_and_leaves_what_is() -> None:
    found = decided("cpu:50%,dry_run:on", seen(2, cpu=1.0))
    assert (found.replicas, found.wanted, found.by, found.dry_run) == (2, 4, "S1", True)
    assert decided("cpu:50%,dry_run:on", seen(0)).replicas == 1


def test_a_reason_can_be_read_in_every_language() -> None:
    reason = decided("cpu:50%", seen(2, cpu=0.9)).reason
    assert len({reason.translated(translator(language)) for language in LANGUAGES}) == len(LANGUAGES)


def test_a_snapshot_with_a_number_that_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="digits"):
        seen(-1)
    with pytest.raises(ValueError, match="nan"):
        seen(1, cpu=float("nan"))


moments = st.lists(st.tuples(st.floats(0, 200), snapshots()), min_size=1, max_size=6)


@given(specs(), moments)
def test_there_are_never_fewer_than_the_least_nor_more_than_the_most(
    spec: ScalingSpec, course: list[tuple[float, ScalingSnapshot]]
) -> None:
    scaler, now = Autoscaler(spec), NOW
    for wait_s, snapshot in course:
        now += timedelta(seconds=wait_s)
        found = scaler.decide(snapshot, now)
        bounds = spec.bounds(now)
        free = snapshot.free_replicas
        assert found.wanted <= bounds.most
        is_asleep = bounds.may_sleep and found.wanted == 0
        assert is_asleep or found.wanted >= bounds.least
        assert free is None or found.wanted <= max(bounds.least, 1, snapshot.replicas + free)
        assert (
            found.wanted <= max(bounds.least, 1, snapshot.replicas - snapshot.stopping)
            or not snapshot.stopping
        )
        assert found.reasons
        assert found.sentence


@given(specs(), moments, st.floats(0, 200), st.data())
def test_higher_load_never_gives_fewer_replicas(
    spec: ScalingSpec, course: list[tuple[float, ScalingSnapshot]], wait_s: float, data: st.DataObject
) -> None:
    scaler, now = _after(spec, course)
    now += timedelta(seconds=wait_s)
    low = data.draw(snapshots())

    def more(value: float | None, scale: float, limit: float = 1e9) -> float | None:
        return None if value is None else min(limit, value + scale * data.draw(st.floats(0, 1)))

    high = replace(
        low,
        cpu=more(low.cpu, 1, 1),
        gpu=more(low.gpu, 1, 1),
        memory=more(low.memory, 1, 1),
        queue=low.queue + data.draw(st.integers(0, 50)),
        p99_ms=more(low.p99_ms, 1000),
        rate_per_s=more(low.rate_per_s, 100),
        idle_s=low.idle_s * data.draw(st.floats(0, 1)),
    )
    at_low = Autoscaler(spec, scaler.memory).decide(low, now)
    assert Autoscaler(spec, scaler.memory).decide(high, now).wanted >= at_low.wanted


@given(specs(), moments)
def test_asked_twice_at_one_moment_it_says_the_same(
    spec: ScalingSpec, course: list[tuple[float, ScalingSnapshot]]
) -> None:
    scaler, now = Autoscaler(spec), NOW
    for wait_s, snapshot in course:
        now += timedelta(seconds=wait_s)
        first = scaler.decide(snapshot, now)
        remembered = scaler.memory
        assert scaler.decide(snapshot, now) == first
        assert scaler.memory == remembered


@given(specs(), moments)
def test_within_the_time_of_stabilisation_replicas_fall_only_as_far_as_was_wanted(
    spec: ScalingSpec, course: list[tuple[float, ScalingSnapshot]]
) -> None:
    targets = spec.targets or (Target(Metric.CPU, 0.5),)
    spec = ScalingSpec(targets, (), 1, max(1, spec.most), down_s=spec.down_s)
    scaler, now = Autoscaler(spec), NOW
    for wait_s, snapshot in course:
        now += timedelta(seconds=wait_s)
        alone = replace(snapshot, owed_replicas=0, stopping=0, free_replicas=None)
        found = scaler.decide(alone, now)
        highest = scaler.memory.highest(now, spec.down_s)
        assert found.wanted >= min(highest, alone.replicas, spec.most)


@given(specs(), moments)
def test_what_is_remembered_does_not_grow_without_end(
    spec: ScalingSpec, course: list[tuple[float, ScalingSnapshot]]
) -> None:
    scaler, now = _after(spec, course * 5)
    since = now - timedelta(seconds=spec.down_s)
    assert all(since <= one.at <= now for one in scaler.memory.wanted)
    falling = [one.replicas for one in scaler.memory.wanted]
    assert falling == sorted(set(falling), reverse=True)


def _after(spec: ScalingSpec, course: list[tuple[float, ScalingSnapshot]]) -> tuple[Autoscaler, datetime]:
    scaler, now = Autoscaler(spec), NOW
    for wait_s, snapshot in course:
        now += timedelta(seconds=wait_s)
        scaler.decide(snapshot, now)
    return scaler, now
