"""What the model sees: nothing of the future, the right hours, and the calendar."""

from datetime import UTC, datetime

import numpy as np
import pytest

from resources.gpu.forecast.features import NAMES, features, scale
from resources.gpu.forecast.history import HOUR_S, WEEK_H

START = datetime(2026, 3, 4, 5, tzinfo=UTC)  # a Wednesday
START_S = int(START.timestamp())
DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


def seen(past: list[float], lead: int) -> dict[str, float]:
    (row,) = features(np.array(past), START_S, np.array([lead]))
    return dict(zip(NAMES, row.tolist(), strict=True))


@pytest.mark.parametrize("lead", [1, 19, 20, 100, 168])
def test_the_calendar_is_that_of_the_hour_asked_about(lead: int) -> None:
    row = seen([1000.0] * 200, lead)
    there = datetime.fromtimestamp(START_S + (200 - 1 + lead) * HOUR_S, UTC)
    assert (row["hour_of_day"], DAYS[int(row["day_of_week"])]) == (there.hour, f"{there:%A}")


@pytest.mark.parametrize("lead", [1, 24, 25, 168])
def test_the_same_hour_of_earlier_weeks_is_found(lead: int) -> None:
    past = [1000.0 + hour for hour in range(4 * WEEK_H)]
    row, unit = seen(past, lead), scale(np.array(past))
    target = 4 * WEEK_H - 1 + lead
    assert row["a_week_before"] * unit == pytest.approx(past[target - WEEK_H])
    assert row["three_weeks_before"] * unit == pytest.approx(past[target - 3 * WEEK_H])
    assert row["highest_of_this_hour_of_the_week"] * unit == pytest.approx(past[target - WEEK_H])
    last_day = [past[hour] for hour in range(4 * WEEK_H - 7 * 24, 4 * WEEK_H) if (target - hour) % 24 == 0]
    assert row["mean_of_this_hour_of_the_day"] * unit == pytest.approx(np.mean(last_day))
    assert row["last_hour"] * unit == pytest.approx(past[-1])


def test_what_lies_before_the_history_is_not_a_number() -> None:
    row = seen([1000.0] * 200, 1)
    assert row["a_week_before"] == 1
    assert np.isnan(row["two_weeks_before"])
    assert row["mean_of_this_hour_of_the_week"] == 1
    assert row["mean_of_week_before_last"] == 1
    assert np.isnan(seen([1000.0] * 30, 1)["mean_of_this_hour_of_the_week"])


def test_a_project_is_measured_in_units_of_what_it_asks_for_while_it_asks() -> None:
    assert scale(np.array([0.0, 0.0, 6000.0, 2000.0])) == 4000
    assert scale(np.array([0.0, 200.0])) == 1000, "one device at least"
    assert scale(np.zeros(5)) == 1000
    row = seen([0.0] * 100 + [4000.0] * 100, 1)
    assert row["last_hour"] == 1
    assert row["mean_of_last_week"] == pytest.approx(100 / 168)
