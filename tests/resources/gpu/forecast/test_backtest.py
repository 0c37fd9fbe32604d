"""The back-test: the model where it is better, seasonal-naive where that is, and nothing of the future."""

import random

import numpy as np
import pytest

from benchmarks.demand import START_S, made_up
from resources.errors import BadInput
from resources.gpu.forecast.backtest import backtest, pinball
from resources.gpu.forecast.history import DAY_H, WEEK_H, History
from resources.gpu.forecast.model import Method

WEEKS = 6


def test_growing_office_hours_are_forecast_better_by_the_model() -> None:
    tested = backtest(made_up(3, 8, ("trend", "office")))
    assert set(tested.methods.values()) == {Method.MODEL}
    assert tested.model.pinball_milli < tested.naive.pinball_milli
    assert tested.chosen == tested.model
    assert (tested.origins, tested.season_h) == (14, WEEK_H)
    assert tested.model.mase is not None
    assert tested.naive.mase is not None
    assert tested.model.mase < tested.naive.mase


def test_a_week_of_noise_that_repeats_itself_is_left_to_seasonal_naive() -> None:
    draw = random.Random(5)
    week = [float(draw.randrange(0, 9000)) for _ in range(WEEK_H)]
    tested = backtest(History(START_S, {"noise": tuple(week * WEEKS)}))
    noise = tested.projects["noise"]
    assert noise.method is Method.SEASONAL_NAIVE
    assert noise.chosen == noise.naive
    assert noise.naive.pinball_milli == 0
    assert noise.model.mase is None, "seasonal-naive makes no error to measure in"


def test_each_project_gets_the_method_that_is_better_for_it() -> None:
    draw = random.Random(5)
    week = [float(draw.randrange(0, 9000)) for _ in range(WEEK_H)]
    office = made_up(3, WEEKS, ("office",)).demand["office"]
    tested = backtest(History(START_S, {"noise": tuple(week * WEEKS), "office": office}))
    assert tested.methods == {"noise": Method.SEASONAL_NAIVE, "office": Method.MODEL}
    assert tested.chosen.pinball_milli <= min(tested.model.pinball_milli, tested.naive.pinball_milli)


def test_nine_hours_of_ten_or_so_stay_within_the_high_quantile() -> None:
    tested = backtest(made_up(11, 8, ("office", "late", "nightly")))
    assert 0.75 < tested.model.covered <= 1


def test_what_comes_after_an_origin_does_not_change_what_was_said_there() -> None:
    series = made_up(4, 3, ("office",)).demand["office"]
    # Only the last hour differs: one pair of each origin does, and its loss by no more than the difference.
    changed = (*series[:-1], series[-1] + 1000)
    before = backtest(History(START_S, {"a": series}))
    after = backtest(History(START_S, {"a": changed}))
    moved = abs(after.projects["a"].naive.pinball_milli - before.projects["a"].naive.pinball_milli)
    assert 0 < moved <= 1000 * 7 / before.hours
    assert abs(after.projects["a"].model.pinball_milli - before.projects["a"].model.pinball_milli) <= (
        1000 * 7 / before.hours
    )


def test_a_short_history_is_measured_against_the_day_before() -> None:
    tested = backtest(made_up(1, 2, ("office", "small")))
    assert (tested.season_h, tested.origins) == (DAY_H, 7)
    assert tested.hours == sum(WEEK_H - day * DAY_H for day in range(7))


def test_a_project_that_never_asks_is_measured_too() -> None:
    office = made_up(1, 3, ("office",)).demand["office"]
    tested = backtest(History(START_S, {"asleep": (0.0,) * (3 * WEEK_H), "office": office}))
    assert tested.projects["asleep"].naive.pinball_milli == 0
    assert tested.methods["asleep"] is Method.SEASONAL_NAIVE


def test_less_than_two_weeks_are_refused() -> None:
    with pytest.raises(BadInput, match="covers 335 hours"):
        backtest(History(START_S, {"a": (1.0,) * 335}))
    with pytest.raises(BadInput, match="covers 0 hours"):
        backtest(History(START_S, {}))


def test_the_pinball_loss_weighs_what_is_missed_by_the_quantile() -> None:
    came, said = np.array([10.0, 10.0]), np.array([0.0, 20.0])
    assert pinball(came, said, 0.5) == 5
    assert pinball(came[:1], said[:1], 0.9) == pytest.approx(9)
    assert pinball(came[1:], said[1:], 0.9) == pytest.approx(1)
