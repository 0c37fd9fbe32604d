"""What a server counts becomes rates over the last seconds, and requests by the minute."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.serving.scaling.model import Arrivals
from resources.serving.scaling.observer import BUCKET_S, Observer, Reading
from tests.resources.serving.scaling.made import NOW, later

BEGUN = Reading(ready=2, starting=1, waiting=3, requests=0, cpu_s=0.0, gpu=0.4, memory=0.1, p99_ms=12.0)


def test_what_holds_now_is_seen_at_once() -> None:
    seen = Observer("digits").see(BEGUN, NOW)
    assert (seen.ready, seen.starting, seen.queue, seen.gpu, seen.p99_ms) == (2, 1, 3, 0.4, 12.0)
    assert (seen.cpu, seen.rate_per_s, seen.service_s, seen.arrivals) == (None, None, None, None)


def test_sums_become_rates_over_the_last_seconds() -> None:
    observer = Observer("digits")
    observer.see(BEGUN, NOW)
    seen = observer.see(replace(BEGUN, requests=100, answered=80, busy_s=16.0, cpu_s=15.0), later(10))
    assert seen.rate_per_s == pytest.approx(10)
    assert seen.cpu == pytest.approx(0.75)  # of two replicas with a core each
    assert seen.service_s == pytest.approx(0.2)


def test_what_was_long_ago_counts_no_more() -> None:
    observer = Observer("digits")
    for second in range(0, 61, 5):
        seen = observer.see(replace(BEGUN, requests=1000 if second >= 30 else 0), later(second))
    assert seen.rate_per_s == 0


def test_the_time_of_service_is_known_also_while_nobody_asks() -> None:
    observer = Observer("digits")
    observer.see(replace(BEGUN, requests=10, answered=10, busy_s=1.0), NOW)
    assert observer.see(replace(BEGUN, requests=10, answered=10, busy_s=1.0), later(60)).service_s == 0.1


def test_a_sum_that_fell_began_anew() -> None:
    observer = Observer("digits")
    observer.see(replace(BEGUN, requests=1000), NOW)
    assert observer.see(replace(BEGUN, requests=50), later(10)).rate_per_s == pytest.approx(5)


def test_requests_are_counted_by_the_minute() -> None:
    observer = Observer("digits")
    for second in range(0, 181, 10):
        seen = observer.see(replace(BEGUN, requests=second), later(second))
    assert seen.arrivals is not None
    assert seen.arrivals.ended_at == later(180)
    assert sum(seen.arrivals.counts) in (170, 180)
    assert seen.arrivals.counts[1] == 60


def test_what_came_before_a_restart_is_gone_on_from_and_the_gap_is_empty() -> None:
    before = Arrivals(NOW - timedelta(minutes=12), BUCKET_S, (7, 8))
    observer = Observer("digits", before)
    seen = observer.see(BEGUN, NOW)
    assert seen.arrivals is not None
    assert seen.arrivals.begun_at == before.begun_at
    assert seen.arrivals.counts == (7, 8, *[0] * 10)


@given(st.lists(st.tuples(st.floats(0, 200), st.integers(0, 50)), min_size=1, max_size=30))
def test_no_request_is_counted_twice_and_none_is_lost(looks: list[tuple[float, int]]) -> None:
    observer, now, total = Observer("digits"), NOW, 0
    observer.see(BEGUN, now)
    for wait_s, came in looks:
        now += timedelta(seconds=wait_s)
        total += came
        reading = replace(BEGUN, requests=total)
        assert observer.see(reading, now) == observer.see(reading, now)
    end = observer.see(replace(BEGUN, requests=total), now + timedelta(seconds=BUCKET_S))
    assert end.arrivals is not None
    assert sum(end.arrivals.counts) == total


def test_how_busy_devices_are_is_the_mean_of_what_they_told_lately() -> None:
    observer = Observer("digits")
    for second, busy in enumerate([0.0, 1.0, 0.5, None]):
        seen = observer.see(replace(BEGUN, gpu=busy), later(second))
    assert seen.gpu == pytest.approx(0.5)
    assert observer.see(replace(BEGUN, gpu=None, ready=0), later(4)).gpu is None
    assert observer.see(replace(BEGUN, gpu=None), later(60)).gpu is None
