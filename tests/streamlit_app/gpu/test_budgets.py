from datetime import UTC, date, datetime
from typing import Any

import altair as alt
import pytest

from resources.gpu.policy.budget import BudgetState
from resources.gpu.policy.quota_model import BudgetRow, Period, PeriodKind, project
from resources.gpu.usage.model import BudgetStanding, BurnPoint
from resources.texts import translator
from streamlit_app import colours
from streamlit_app.gpu import budgets
from tests.streamlit_app.test_charts import FOREIGN, texts_of

NOW = datetime(2026, 3, 3, 12, tzinfo=UTC)
ENGLISH = translator("en")


def standing(period: Period, *, projected: float = 90.0) -> BudgetStanding:
    begins, ends = period.window(NOW)
    row = BudgetRow(project("vision"), 100, period)
    state = BudgetState(row.party, row, begins, ends, 30.0, 0.5, None, None)
    days = (BurnPoint(date(2026, 3, 1), 10.0), BurnPoint(date(2026, 3, 2), 24.0), BurnPoint(NOW.date(), 30.0))
    return BudgetStanding(state, 5.0, 0, projected, days)


def lines(chart: dict[str, Any]) -> dict[str, list[tuple[str, float]]]:
    """Each line by its name: day and time, and hours."""
    found: dict[str, list[tuple[str, float]]] = {}
    for point in chart["data"]["values"]:
        found.setdefault(point["what"], []).append((point["at"][5:16], point["hours"]))
    return found


def test_a_budget_burns_down_day_by_day_beside_even_use_and_what_is_to_come() -> None:
    chart = budgets.burn_down(standing(Period()), NOW, ENGLISH)
    alt.Chart.from_dict(chart)
    assert lines(chart) == {
        "remaining": [("03-01T00:00", 100), ("03-02T00:00", 90), ("03-03T00:00", 76), ("03-03T12:00", 70)],
        "even use": [("03-01T00:00", 100), ("04-01T00:00", 0)],
        "at this pace": [("03-03T12:00", 70), ("04-01T00:00", 10)],
    }


@pytest.mark.parametrize(("projected", "tone"), [(99.0, colours.DONE), (101.0, colours.TROUBLE)])
def test_a_budget_that_will_not_last_is_in_the_colour_of_trouble(projected: float, tone: str) -> None:
    chart = budgets.burn_down(standing(Period(), projected=projected), NOW, ENGLISH)
    assert chart["layer"][1]["encoding"]["color"]["scale"]["range"][2] == tone


def test_nothing_is_ahead_of_a_period_that_ends_now() -> None:
    rolling = standing(Period(PeriodKind.ROLLING, days=3))
    chart = budgets.burn_down(rolling, NOW, ENGLISH)
    alt.Chart.from_dict(chart)
    assert list(lines(chart)) == ["remaining", "even use"]
    assert budgets.period(rolling, ENGLISH) == "the last 3 days"


def test_everything_that_is_read_on_a_burn_down_is_in_the_readers_language() -> None:
    read = list(texts_of(budgets.burn_down(standing(Period()), NOW, FOREIGN)))
    assert len(read) >= 4
    assert [text for text in read if "«" not in text] == []
