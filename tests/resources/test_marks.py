"""Answers that mark places, in one form."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.kinds import Kind
from resources.marks import (
    NOTHING,
    Box,
    Span,
    boxes_in,
    canonical,
    classes_in,
    flaw,
    same,
    spans_in,
    told,
    written,
)
from resources.terms import Label

names = st.sampled_from(["person", 'a "quoted", name', "Ort"]).map(Label)
spans = st.builds(
    lambda start, length, label: Span(start, start + length, label),
    *(st.integers(0, 99), st.integers(1, 9), names),
)
percent = st.floats(0.5, 45)
boxes = st.builds(Box, percent, percent, percent, percent, names)


@given(st.lists(spans))
def test_spans_are_read_as_they_were_written_in_whatever_order(marks: list[Span]) -> None:
    answer = written(marks)

    assert spans_in(answer) == tuple(sorted(set(marks)))
    assert written(reversed(marks)) == answer == canonical(Kind.ENTITIES, answer)


@given(st.lists(boxes))
def test_boxes_written_twice_are_the_same_text(marks: list[Box]) -> None:
    answer = written(marks)

    assert canonical(Kind.BOXES, answer) == answer
    assert all(abs(box.x - round(box.x, 2)) < 1e-9 for box in boxes_in(answer))


@given(st.lists(boxes, max_size=4))
def test_an_answer_says_the_same_as_itself_and_not_the_same_as_one_box_less(marks: list[Box]) -> None:
    assert same(Kind.BOXES, written(marks), written(reversed(marks)))
    if len(set(marks)) > 1:
        fewer = written(sorted(set(boxes_in(written(marks))))[1:])
        assert same(Kind.BOXES, written(marks), fewer) is (fewer == written(marks))


def test_boxes_that_two_people_draw_are_the_same_where_they_overlap_by_half() -> None:
    one = written([Box(10.0, 10.0, 20.0, 20.0, Label("3"))])

    assert same(Kind.BOXES, one, written([Box(12.0, 11.0, 20.0, 19.0, Label("3"))]))
    assert not same(Kind.BOXES, one, written([Box(12.0, 11.0, 20.0, 19.0, Label("7"))]))
    assert not same(Kind.BOXES, one, written([Box(25.0, 25.0, 20.0, 20.0, Label("3"))]))
    assert not same(Kind.BOXES, one, NOTHING)


@pytest.mark.parametrize(
    "text", ["", "3", "{}", "[1]", '[{"start": 1}]', '[{"end": 1, "label": "a", "start": 1}]']
)
def test_what_is_no_list_of_spans_says_why(text: str) -> None:
    assert "cannot be read" in str(flaw(Kind.ENTITIES, text, [Label("a")]))


@pytest.mark.parametrize("side", ["NaN", "true", '"1"', "120.0", "-3"])
def test_what_is_no_box_in_the_picture_says_why(side: str) -> None:
    text = f'[{{"height": 5, "label": "a", "width": 5, "x": {side}, "y": 5}}]'

    assert "cannot be read" in str(flaw(Kind.BOXES, text, [Label("a")]))


def test_an_answer_is_told_in_a_few_words() -> None:
    a, b = Span(0, 3, Label("person")), Span(8, 11, Label("person"))

    assert told(Kind.ENTITIES, written([a, b, Span(12, 13, Label("Ort"))])) == "Ort, person x2"
    assert told(Kind.ENTITIES, NOTHING) == "nothing"
    assert told(Kind.TEXT_CLASSES, Label("praise")) == "praise"
    assert classes_in(Kind.TEXT_CLASSES, Label("praise")) == ("praise",)
    assert "Ort" in str(flaw(Kind.ENTITIES, written([Span(1, 2, Label("Ort"))]), [Label("person")]))
