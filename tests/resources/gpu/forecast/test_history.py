"""Hourly demand: device-hours are kept, gaps are zeros, and all projects cover the same hours."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.gpu.forecast.history import HOUR_S, LEAST_H, WEEK_H, History, Interval, hourly

NOW_S = 500 * HOUR_S + 1200.0

moments = st.floats(0, 600 * HOUR_S, allow_nan=False)


@st.composite
def intervals(draw: st.DrawFn) -> Interval:
    begin, end = sorted((draw(moments), draw(moments)))
    return Interval(draw(st.sampled_from(["a", "b", "c"])), draw(st.integers(0, 8000)), begin, end)


def test_a_run_of_an_hour_and_a_half_fills_one_hour_and_half_of_the_next() -> None:
    history = hourly([Interval("a", 2000, 490 * HOUR_S, 491.5 * HOUR_S)], now_s=NOW_S, at_most_h=1000)
    assert history.start_s == 490 * HOUR_S
    assert history.demand["a"] == (2000, 1000, *[0.0] * 8)


def test_what_runs_at_once_adds_up_and_gaps_are_zeros() -> None:
    asked = [Interval("a", 1000, 495 * HOUR_S, 497 * HOUR_S), Interval("a", 500, 496 * HOUR_S, 497 * HOUR_S)]
    history = hourly([*asked, Interval("b", 4000, 499 * HOUR_S, NOW_S)], now_s=NOW_S, at_most_h=1000)
    assert history.demand == {"a": (1000, 1500, 0, 0, 0), "b": (0, 0, 0, 0, 4000)}


def test_the_hour_that_is_not_over_is_left_out() -> None:
    history = hourly([Interval("a", 1000, 499 * HOUR_S, NOW_S)], now_s=NOW_S, at_most_h=1000)
    assert history.end_s == 500 * HOUR_S


def test_what_is_longer_ago_than_asked_for_is_left_out() -> None:
    history = hourly([Interval("a", 1000, 0, NOW_S)], now_s=NOW_S, at_most_h=24)
    assert (history.start_s, history.hours) == (476 * HOUR_S, 24)


def test_nobody_has_asked_for_anything() -> None:
    history = hourly([Interval("a", 0, 0, NOW_S), Interval("b", 1000, 5, 5)], now_s=NOW_S, at_most_h=24)
    assert (history.demand, history.hours, history.is_enough) == ({}, 0, False)


@given(st.lists(intervals(), max_size=12), st.integers(1, 700))
def test_device_hours_within_the_hours_covered_are_kept(asked: list[Interval], at_most_h: int) -> None:
    history = hourly(asked, now_s=NOW_S, at_most_h=at_most_h)
    for project in {one.project for one in asked}:
        inside = sum(
            one.units_milli
            * max(0.0, min(one.to_s, history.end_s) - max(one.from_s, history.start_s))
            / HOUR_S
            for one in asked
            if one.project == project
        )
        assert math.isclose(sum(history.demand.get(project, ())), inside, rel_tol=1e-9, abs_tol=1e-6)


@given(st.lists(intervals(), max_size=8), st.integers(1, 700))
def test_the_order_of_intervals_says_nothing(asked: list[Interval], at_most_h: int) -> None:
    one_way = hourly(asked, now_s=NOW_S, at_most_h=at_most_h)
    other_way = hourly(asked[::-1], now_s=NOW_S, at_most_h=at_most_h)
    assert one_way.start_s == other_way.start_s
    for project, series in one_way.demand.items():
        assert other_way.demand[project] == pytest.approx(series)


@given(st.lists(intervals(), max_size=8), st.integers(1, 700))
def test_all_projects_cover_the_same_hours_and_none_is_below_zero(
    asked: list[Interval], at_most_h: int
) -> None:
    history = hourly(asked, now_s=NOW_S, at_most_h=at_most_h)
    assert history.hours <= at_most_h
    for series in history.demand.values():
        assert len(series) == history.hours
        assert min(series, default=0.0) >= 0


def test_two_weeks_are_enough_and_an_hour_less_is_not() -> None:
    assert History(0, {"a": (1.0,) * LEAST_H}).is_enough
    assert not History(0, {"a": (1.0,) * (LEAST_H - 1)}).is_enough


def test_what_was_known_before_is_the_beginning_of_it() -> None:
    history = History(HOUR_S, {"a": tuple(range(WEEK_H))})
    assert history.until(3) == History(HOUR_S, {"a": (0, 1, 2)})


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Interval("a", 1, 2.0, 1.0), "ends at 1.0, before 2.0"),
        (lambda: Interval("a", -1, 1.0, 2.0), "asks for -1 milli"),
        (lambda: History(5, {}), "starts at 5 s"),
        (lambda: History(0, {"a": (1.0,), "b": ()}), r"\[0, 1\] hours"),
    ],
)
def test_what_cannot_be_is_refused_with_its_value(make: object, said: str) -> None:
    assert callable(make)
    with pytest.raises(ValueError, match=said):
        make()
