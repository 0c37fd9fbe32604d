"""Forecasts: within what can be, the same twice, and seasonal-naive by hand."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.multioutput import MultiOutputRegressor
from threadpoolctl import threadpool_info, threadpool_limits

from benchmarks.demand import START_S, made_up
from resources.errors import BadInput
from resources.gpu.forecast.history import DAY_H, WEEK_H, History
from resources.gpu.forecast.model import (
    Method,
    Quantiles,
    choose,
    fit,
    one_thread,
    predict,
    require_enough,
    season_h,
    seasonal_naive,
)
from tests.examples import drawing

PROJECTS = ("office", "small", "rare")


@cache
def history() -> History:
    return made_up(7, 4, PROJECTS)


@cache
def fitted() -> MultiOutputRegressor:
    return fit(history())


def test_a_working_day_is_foreseen_although_most_projects_are_asleep_at_most_hours() -> None:
    known = history().until(4 * WEEK_H - 3 * DAY_H)  # a Friday, 0:00
    said = predict(fit(known), known, DAY_H)["office"]
    night, day = np.mean(said.median[1:6]), np.mean(said.median[9:17])
    assert day > 1.5 * night
    assert np.mean(said.high) > np.mean(said.median)


def test_the_same_history_gives_the_same_forecast() -> None:
    again = predict(fit(history()), history(), WEEK_H)
    assert again == predict(fitted(), history(), WEEK_H)


@drawing(0.2)
@given(st.lists(st.integers(0, 20_000), min_size=24, max_size=400), st.integers(1, WEEK_H))
def test_no_history_makes_a_forecast_below_zero_or_a_high_quantile_below_the_median(
    series: list[int], hours: int
) -> None:
    any_history = History(START_S, {"any": tuple(map(float, series)), "none": (0.0,) * len(series)})
    for said in (predict(fitted(), any_history, hours), seasonal_naive(any_history, hours, DAY_H)):
        for quantiles in said.values():
            assert len(quantiles.median) == len(quantiles.high) == hours
            assert all(
                0 <= low <= high < float("inf")
                for low, high in zip(quantiles.median, quantiles.high, strict=True)
            )


@drawing(0.2)
@given(st.integers(1, 9))
def test_a_project_that_is_so_many_times_larger_is_forecast_so_many_times_larger(times: int) -> None:
    one = {"p": history().demand["office"]}
    many = {"p": tuple(times * value for value in one["p"])}
    said = predict(fitted(), History(history().start_s, one), DAY_H)["p"]
    larger = predict(fitted(), History(history().start_s, many), DAY_H)["p"]
    assert larger.median == pytest.approx([times * value for value in said.median])
    assert larger.high == pytest.approx([times * value for value in said.high])


def test_seasonal_naive_says_what_was_a_season_ago_and_repeats_it() -> None:
    past = History(0, {"a": (*[0.0] * DAY_H, *map(float, range(DAY_H)))})
    said = seasonal_naive(past, 30, DAY_H)["a"]
    assert said.median == (*map(float, range(DAY_H)), *map(float, range(6)))
    added = np.quantile(np.arange(DAY_H), 0.9)
    assert said.high == pytest.approx([value + added for value in said.median])


def test_demand_that_falls_leaves_the_high_quantile_at_the_median() -> None:
    past = History(0, {"a": tuple(float(1000 - hour) for hour in range(2 * DAY_H))})
    said = seasonal_naive(past, 5, DAY_H)["a"]
    assert said.high == said.median


def test_each_project_is_forecast_by_its_own_method() -> None:
    ours, naive = Quantiles((1.0,), (2.0,)), Quantiles((3.0,), (4.0,))
    chosen = choose(
        {"a": Method.MODEL, "b": Method.SEASONAL_NAIVE},
        {"a": ours, "b": ours, "new": ours},
        {"a": naive, "b": naive, "new": naive},
    )
    assert chosen == {"a": ours, "b": naive, "new": naive}


def test_a_week_is_repeated_once_there_are_three() -> None:
    assert season_h(History(0, {"a": (0.0,) * (3 * WEEK_H)})) == WEEK_H
    assert season_h(History(0, {"a": (0.0,) * (3 * WEEK_H - 1)})) == DAY_H


def test_less_than_two_weeks_are_refused_with_what_to_do() -> None:
    with pytest.raises(BadInput, match="covers 335 hours; a forecast needs 336") as caught:
        require_enough(History(0, {"a": (0.0,) * 335}))
    assert "two weeks" in caught.value.next_step


def test_a_day_of_history_teaches_nothing() -> None:
    with pytest.raises(BadInput, match="24 hours of 1 projects; expected 48"):
        fit(History(0, {"a": (0.0,) * DAY_H}))


@pytest.mark.parametrize("hours", [0, 169])
def test_an_hour_that_is_too_far_is_refused(hours: int) -> None:
    with pytest.raises(BadInput, match=f"{hours} hours cannot be forecast; expected 1 to 168"):
        seasonal_naive(history(), hours, WEEK_H)
    with pytest.raises(BadInput, match=f"{hours} hours cannot be forecast"):
        predict(fitted(), history(), hours)


def test_nobody_is_forecast_where_there_is_nobody() -> None:
    assert predict(fitted(), History(0, {}), DAY_H) == {}


def test_scikit_learn_keeps_to_one_thread_and_gets_its_threads_back() -> None:
    fitted()
    with threadpool_limits(2):
        before = [pool["num_threads"] for pool in threadpool_info()]
        assert 2 in before, "scikit-learn has no pool of threads to limit"
        with one_thread():
            assert {pool["num_threads"] for pool in threadpool_info()} == {1}
        assert [pool["num_threads"] for pool in threadpool_info()] == before
