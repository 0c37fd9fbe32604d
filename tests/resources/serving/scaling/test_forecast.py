"""Replicas start before the requests come that they are for."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.serving.scaling.autoscaler import Autoscaler
from resources.serving.scaling.forecast import expected, look_ahead
from resources.serving.scaling.grammar.parsing import parse_scaling
from resources.serving.scaling.model import Arrivals
from tests.resources.serving.scaling.made import NOW, decided, seen

DAY_MIN = 1440


def arrivals(*counts: int, bucket_s: float = 60) -> Arrivals:
    return Arrivals(NOW - timedelta(seconds=bucket_s * len(counts)), bucket_s, counts)


def test_a_level_rate_is_expected_to_stay() -> None:
    found = expected(arrivals(*[600] * 60), 60)
    assert found is not None
    assert found.rate_per_s == pytest.approx(10)
    assert found.high_per_s == pytest.approx(10)


def test_for_a_rate_that_grows_more_is_prepared_than_came() -> None:
    found = expected(arrivals(*range(0, 600, 10)), 60)
    assert found is not None
    assert found.high_per_s > 590 / 60


def test_the_more_a_rate_varies_the_more_is_prepared_for() -> None:
    calm, wild = expected(arrivals(*[600] * 60), 60), expected(arrivals(*[300, 900] * 30), 60)
    assert calm is not None
    assert wild is not None
    assert wild.high_per_s > calm.high_per_s + 1


def test_what_comes_at_this_time_each_day_is_expected_today_too() -> None:
    day = [60] * DAY_MIN
    day[720:780] = [1200] * 60
    found = expected(arrivals(*day, *day, *day[:719]), 120)
    assert found is not None
    assert found.rate_per_s > 10


def test_a_day_that_is_busier_than_others_is_expected_to_stay_so() -> None:
    day = [600] * DAY_MIN
    found = expected(arrivals(*day, *[900] * 600), 60)
    assert found is not None
    assert found.rate_per_s == pytest.approx(15, rel=0.05)


def test_of_fewer_than_ten_counts_nothing_is_said() -> None:
    assert expected(arrivals(*[600] * 9), 60) is None


def test_replicas_start_for_what_is_expected_while_they_start() -> None:
    day = [60] * DAY_MIN
    day[720:780] = [1200] * 60
    known = arrivals(*day, *day, *day[:719])
    found = decided("cpu:50%,forecast:on", seen(1, cpu=0.1, arrivals=known, service_s=0.1, cold_start_s=60))
    assert found.by == "S4"
    assert found.replicas >= 3
    assert decided("cpu:50%", seen(1, cpu=0.1, arrivals=known, service_s=0.1, cold_start_s=60)).replicas == 1


def test_a_service_that_sleeps_wakes_before_the_first_request_of_the_day() -> None:
    day = [0] * DAY_MIN
    day[720:780] = [600] * 60
    known = arrivals(*day, *day, *day[:719])
    found = decided("forecast:on", seen(0, idle_s=9000, arrivals=known, service_s=0.1), least=0)
    assert (found.by, found.replicas > 0) == ("S4", True)
    early = arrivals(*day, *day, *day[:700])
    assert decided("forecast:on", seen(0, idle_s=9000, arrivals=early, service_s=0.1), least=0).replicas == 0


def test_without_a_time_of_service_or_a_rate_nothing_is_asked_for() -> None:
    spec = parse_scaling("cpu:50%,forecast:on")
    assert look_ahead(spec, seen(1, arrivals=arrivals(*[600] * 60))) is None
    rate = parse_scaling("rate:5,forecast:on")
    found = look_ahead(rate, seen(1, arrivals=arrivals(*[600] * 60)))
    assert found is not None
    assert found.replicas == 2


counts = st.lists(st.integers(0, 500), min_size=10, max_size=60)


@given(counts, st.floats(1, 600), st.floats(0.001, 1))
def test_a_forecast_never_takes_a_replica_away(
    values: list[int], cold_start_s: float, service_s: float
) -> None:
    snapshot = seen(2, cpu=0.8, arrivals=arrivals(*values), service_s=service_s, cold_start_s=cold_start_s)
    without = Autoscaler(parse_scaling("cpu:50%,replicas:1-20")).decide(snapshot, NOW)
    with_it = Autoscaler(parse_scaling("cpu:50%,replicas:1-20,forecast:on")).decide(snapshot, NOW)
    assert with_it.replicas >= without.replicas


@given(counts, st.floats(1, 600))
def test_a_forecast_is_a_number_and_its_high_quantile_is_no_lower(values: list[int], within_s: float) -> None:
    found = expected(arrivals(*values), within_s)
    assert found is not None
    assert 0 <= found.rate_per_s <= found.high_per_s < float("inf")
