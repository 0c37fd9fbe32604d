from dataclasses import replace
from datetime import UTC, datetime, timedelta

import altair as alt
import pytest

from resources.gpu.decision_log import PastDecision, PastStop
from resources.gpu.model import Attempt, Owner, RunId
from resources.gpu.policy.reasons import reason
from resources.gpu.usage.model import By, UsageLine
from resources.texts import translator
from streamlit_app import colours
from streamlit_app.gpu import charts
from tests.streamlit_app.test_charts import FOREIGN, texts_of

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
WHY = reason("P3", runs="run b1 of speech")


def stop(run: str, minutes_ago: int, *, gone: bool = True, back: bool = True) -> PastStop:
    at = NOW - timedelta(minutes=minutes_ago)
    made = PastDecision(at, "stop", RunId(run), Attempt(1), RunId("c1"), (), WHY)
    stopped, resumed = at + timedelta(minutes=1), at + timedelta(minutes=5)
    return PastStop(
        made,
        Owner("speech", "jun"),
        Owner("vision", "ann"),
        at - timedelta(minutes=30),
        (),
        stopped if gone else None,
        resumed if gone and back else None,
    )


def test_a_timeline_shows_when_a_run_held_devices_and_when_it_waited() -> None:
    stops = [stop("b1", 40), stop("b2", 20, back=False), stop("b3", 10, gone=False)]
    chart = charts.preemptions(stops, NOW, translator("en"))
    alt.Chart.from_dict(chart)
    bars = chart["layer"][0]["data"]["values"]
    assert [bar["line"] for bar in bars] == [
        *("speech · b1", "speech · b1", "speech · b2", "speech · b2", "speech · b3"),
    ]
    assert [bar["to"] for bar in bars][3:] == [NOW.isoformat()] * 2
    assert [mark["whom"] for mark in chart["layer"][1]["data"]["values"]] == ["vision · c1"] * 3


@pytest.mark.parametrize(("minutes", "clock"), [(5, "%H:%M:%S"), (60, "%H:%M"), (2000, "%m-%d %H:%M")])
def test_the_axis_of_time_tells_moments_apart(minutes: int, clock: str) -> None:
    one = replace(stop("b1", 1), held_since=NOW - timedelta(minutes=minutes))
    chart = charts.preemptions([one], NOW, translator("en"))
    assert chart["layer"][0]["encoding"]["x"]["axis"]["format"] == clock


def test_many_runs_share_the_line_of_their_project() -> None:
    chart = charts.preemptions([stop(f"b{at}", at + 1) for at in range(50)], NOW, translator("en"))
    assert {bar["line"] for bar in chart["layer"][0]["data"]["values"]} == {"speech"}


def test_a_timeline_of_nothing_draws() -> None:
    alt.Chart.from_dict(charts.preemptions([], NOW, translator("en")))


def test_hours_of_a_day_stand_on_top_of_each_other_in_the_colour_of_whom_they_are_of() -> None:
    day = NOW.date()
    lines = [
        UsageLine("vision", None, None, day, 2.0, 0.0, 1, None),
        UsageLine("speech", None, None, day, 0.0, 3.0, 1, None),
        UsageLine("vision", None, None, None, 2.0, 0.0, 1, None),
    ]
    chart = charts.hours_by_day(lines, By.PROJECT, lambda line: line.gpu_hours, [day], FOREIGN)
    alt.Chart.from_dict(chart)
    assert [(bar["who"], bar["hours"]) for bar in chart["data"]["values"]] == [("vision", 2.0)]
    assert chart["encoding"]["color"]["scale"]["range"] == [colours.of_owner("vision")]


def test_everything_that_is_read_on_the_timeline_is_in_the_readers_language() -> None:
    read = list(texts_of(charts.preemptions([stop("b1", 40)], NOW, FOREIGN)))
    assert len(read) > 8
    assert [text for text in read if "«" not in text] == []
