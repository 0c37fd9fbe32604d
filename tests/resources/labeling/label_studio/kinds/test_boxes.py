"""Rectangles on a picture."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from resources.labeling.label_studio.kinds.boxes import BOXES
from resources.marks import Box, written
from resources.terms import Label

sides = st.integers(1, 50).map(float)
boxes = st.builds(Box, sides, sides, sides, sides, st.sampled_from(["3", "7"]).map(Label))


@given(st.lists(boxes, max_size=5))
def test_what_is_guessed_is_read_back(drawn: list[Box]) -> None:
    answer = written(drawn)

    assert BOXES.answers(BOXES.regions(answer), {}) == (answer,)


def test_what_is_drawn_beyond_the_picture_ends_at_its_edge() -> None:
    value: dict[str, Any] = {"x": -5, "y": 90, "width": 15, "height": 20, "rectanglelabels": ["3"]}

    found = BOXES.answers([{"from_name": "label", "value": value}], {})

    assert found == (written([Box(0.0, 90.0, 10.0, 10.0, Label("3"))]),)


def test_a_click_that_draws_nothing_marks_nothing() -> None:
    value: dict[str, Any] = {"x": 5, "y": 9, "width": 0, "height": 0, "rectanglelabels": ["3"]}

    assert BOXES.answers([{"from_name": "label", "value": value}], {}) == ("[]",)
