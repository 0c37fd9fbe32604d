"""Marks against those of people."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.learning.kinds.model import UNMARKED
from resources.learning.kinds.scoring import average_precision, score_boxes, score_spans
from resources.marks import Box, Span
from resources.terms import Label

A, B = Label("a"), Label("b")
spans = st.lists(
    st.builds(
        lambda s, n, c: Span(s, s + n, c), st.integers(0, 9), st.integers(1, 5), st.sampled_from([A, B])
    ),
    max_size=4,
    unique=True,
)


@given(st.lists(spans, max_size=5))
def test_people_agree_with_themselves(true: list[list[Span]]) -> None:
    found = score_spans(true, true, [A, B])

    assert found.value == 1.0
    assert sum(map(sum, found.confusion)) == sum(map(len, true))


@given(st.lists(st.tuples(spans, spans), min_size=1, max_size=5))
def test_all_that_is_true_and_all_that_is_said_is_counted_once(
    pairs: list[tuple[list[Span], list[Span]]],
) -> None:
    said, true = [list(one) for one, _ in pairs], [list(other) for _, other in pairs]
    found = score_spans(said, true, [A, B])
    table = np.array(found.confusion)

    assert 0 <= found.value <= 1
    assert table[:2].sum() == sum(map(len, true))
    assert table[:, :2].sum() == sum(map(len, said))


def test_half_of_the_spans_and_one_that_is_called_otherwise() -> None:
    true = [[Span(0, 3, A), Span(5, 8, B)], [Span(1, 2, B)]]
    said = [[Span(0, 3, A), Span(5, 8, A)], []]

    found = score_spans(said, true, [A, B])

    assert found.value == pytest.approx(2 / 5)
    assert found.confusion == ((1, 0, 0), (1, 0, 1), (0, 0, 0))
    assert found.recalls == {A: 1.0, B: 0.0, UNMARKED: None}


def test_of_two_marks_at_one_place_the_one_that_is_called_rightly_is_the_match() -> None:
    found = score_spans([[Span(0, 3, A), Span(0, 3, B)]], [[Span(0, 3, B)]], [A, B])

    assert found.confusion == ((0, 0, 0), (0, 1, 0), (1, 0, 0))


def box(x: float, label: Label = A) -> Box:
    return Box(x, 10.0, 10.0, 10.0, label)


def test_average_precision_falls_with_what_is_wrongly_sure_and_with_what_is_missed() -> None:
    true = [[box(10), box(50)]]

    assert average_precision([[(box(10), 0.9), (box(51), 0.8)]], true, A) == 1.0
    assert average_precision([[(box(80), 0.95), (box(10), 0.9), (box(51), 0.8)]], true, A) == pytest.approx(
        2 / 3
    )
    assert average_precision([[(box(10), 0.9)]], true, A) == 0.5
    assert average_precision([[(box(10), 0.9), (box(11), 0.8)]], [[box(10)]], A) == 1.0
    assert average_precision([[]], true, A) == 0.0
    assert average_precision([[]], true, B) is None


def test_boxes_are_measured_by_the_mean_over_the_classes_that_there_are() -> None:
    true = [[box(10), box(50, B)]]
    found = score_boxes([[(box(10), 0.9)]], [[box(10)]], true, [A, B])

    assert found.value == 0.5
    assert found.recalls == {A: 1.0, B: 0.0, UNMARKED: None}
    assert score_boxes([[]], [[]], [[]], [A, B]).value == 1.0
