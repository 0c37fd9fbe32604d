from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import altair as alt
from hypothesis import given
from hypothesis import strategies as st

from resources.kinds import Measure
from resources.terms import Label
from resources.texts import translator
from streamlit_app import charts, colours
from tests.streamlit_app.homes import CLASSES, scores
from tests.streamlit_app.test_stages import decision

ENGLISH = translator("en")
FOREIGN = "«{}»".format
shares = st.floats(0, 1)


def draws(chart: dict[str, Any]) -> None:
    """Raises where a chart is no valid Vega-Lite."""
    alt.Chart.from_dict(chart)


def test_accuracy_shows_each_challenger_and_the_champion_it_met() -> None:
    chart = charts.quality([decision(0), decision(1)], ENGLISH)
    draws(chart)
    points = chart["layer"][0]["data"]["values"]
    assert [(point["version"], point["who"]) for point in points] == [
        ("v1.0", "challenger"),
        ("v1.1", "challenger"),
        ("v1.1", "champion until then"),
    ]


def test_the_axis_is_called_as_the_measure_is() -> None:
    chart = charts.quality([replace(decision(0), measure=Measure.BOX_AP)], ENGLISH)
    assert chart["layer"][0]["encoding"]["y"]["title"] == "average precision"


def test_accuracy_marks_the_champion_of_now() -> None:
    promoted = charts.quality([decision(0), decision(1)], ENGLISH)
    stays = charts.quality([decision(0), decision(1, promoted=False)], ENGLISH)
    assert [mark["version"] for mark in promoted["layer"][1]["data"]["values"]] == ["v1.1"]
    assert [mark["version"] for mark in stays["layer"][1]["data"]["values"]] == ["v1.0"]
    draws(charts.quality([], ENGLISH))


def test_confusion_leaves_empty_cells_out_and_tells_right_from_wrong() -> None:
    measured = scores(30)
    chart = charts.confusion(measured.confusion, CLASSES, ENGLISH)
    draws(chart)
    draws(charts.confusion(measured.confusion, CLASSES, ENGLISH, dark=True))
    cells = chart["data"]["values"]
    assert all(cell["count"] for cell in cells)
    assert sum(cell["count"] for cell in cells) == 360
    assert sum(cell["count"] for cell in cells if cell["kind"] == "wrong") == 30


def test_a_class_that_the_test_set_lacks_is_left_out_of_the_difference() -> None:
    left: dict[Label, float | None] = {Label("0"): 0.5, Label("1"): None, Label("2"): 0.9}
    right: dict[Label, float | None] = {Label("0"): 0.75, Label("1"): 0.5, Label("2"): None}
    chart = charts.recall_difference(left, right, ENGLISH)
    draws(chart)
    assert [(bar["class"], bar["change"]) for bar in chart["data"]["values"]] == [("0", 0.25)]
    assert chart["encoding"]["color"]["value"] == colours.CHAMPION


def test_everything_that_is_read_on_a_chart_is_in_the_readers_language() -> None:
    measured = scores(30)
    drawn = [
        charts.quality([decision(0), decision(1)], FOREIGN),
        charts.confusion(measured.confusion, CLASSES, FOREIGN),
        charts.recall_difference(measured.recalls, measured.recalls, FOREIGN),
    ]
    read = [text for chart in drawn for text in texts_of(chart)]
    assert len(read) > 20
    assert [text for text in read if "«" not in text] == []


def texts_of(part: object) -> Iterator[str]:
    """Titles of axes and tooltips, texts of marks, and the names in a legend."""
    if isinstance(part, list):
        for one in part:
            yield from texts_of(one)
    if not isinstance(part, dict):
        return
    for name, value in part.items():
        if name in {"title", "text", "who"} and isinstance(value, str):
            yield value
        yield from texts_of(value)


@given(shares, shares)
def test_a_difference_turns_its_sign_when_the_sides_change(before: float, after: float) -> None:
    one, other = {Label("0"): before}, {Label("0"): after}
    there = charts.recall_difference({**one}, {**other}, ENGLISH)["data"]["values"][0]["change"]
    back = charts.recall_difference({**other}, {**one}, ENGLISH)["data"]["values"][0]["change"]
    assert there == -back
