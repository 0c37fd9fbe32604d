"""Which marks are doubted: swapped, badly located, overlooked, of nothing; none where the model agrees."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.kinds import Kind
from resources.learning.reviewing.marked import bars_beside, bars_of_answers, doubted_beside, doubted_marks
from resources.learning.reviewing.model import DoubtedAnswer, SaidOfMarks, SaidOfPool
from resources.marks import Box, Span, boxes_in, same, written
from resources.terms import Label

CAT, DOG = Label("cat"), Label("dog")
CLASSES = (CAT, DOG)
BARS = {CAT: 0.5, DOG: 0.5}
HERE = Box(10.0, 10.0, 20.0, 20.0, CAT)
BESIDE = Box(22.0, 10.0, 20.0, 20.0, CAT)
FAR = Box(60.0, 60.0, 20.0, 20.0, DOG)


def doubted(marked: list[Box], found: list[tuple[Box, float]]) -> list[DoubtedAnswer]:
    said = SaidOfMarks(written(marked), tuple((written([box]), sure) for box, sure in found))
    return doubted_marks(Kind.BOXES, [said], BARS, np.array([True]))


@pytest.mark.parametrize(
    ("marked", "found", "right"),
    [
        pytest.param([HERE], [(replace(HERE, label=DOG), 0.8)], [replace(HERE, label=DOG)], id="swapped"),
        pytest.param([HERE], [(BESIDE, 0.8)], [BESIDE], id="badly located"),
        pytest.param([HERE], [(HERE, 0.9), (FAR, 0.8)], [HERE, FAR], id="overlooked"),
        pytest.param([HERE, FAR], [(HERE, 0.9)], [HERE], id="of nothing"),
        pytest.param([], [(FAR, 0.8)], [FAR], id="nothing was marked"),
    ],
)
def test_what_is_doubted_is_put_right(
    marked: list[Box], found: list[tuple[Box, float]], right: list[Box]
) -> None:
    (one,) = doubted(marked, found)

    assert one.other == written(right)
    assert one.given_probability < 0.5 <= one.other_probability


@pytest.mark.parametrize(
    ("marked", "found"),
    [
        pytest.param([HERE], [(replace(HERE, x=12.0), 0.9)], id="the model agrees"),
        pytest.param([HERE], [(replace(HERE, label=DOG), 0.4)], id="it is not sure of another class"),
        pytest.param([HERE], [(HERE, 0.6), (FAR, 0.3)], id="it is not sure that something is there"),
        pytest.param([HERE], [(HERE, 0.31)], id="it is not sure that nothing is there"),
        pytest.param([], [], id="nothing is marked and nothing found"),
    ],
)
def test_what_the_model_does_not_know_better_stays(marked: list[Box], found: list[tuple[Box, float]]) -> None:
    assert doubted(marked, found) == []


def test_the_most_doubtful_come_first_and_only_those_that_may() -> None:
    said = [
        SaidOfMarks(written([HERE]), ((written([replace(HERE, label=DOG)]), sure),))
        for sure in (0.6, 0.9, 0.8)
    ]

    found = doubted_marks(Kind.BOXES, said, BARS, np.array([True, False, True]))

    assert [one.row for one in found] == [2, 0]


boxes = st.builds(
    Box,
    st.floats(0, 60).map(lambda it: round(it, 2)),
    st.floats(0, 60).map(lambda it: round(it, 2)),
    st.floats(5, 40).map(lambda it: round(it, 2)),
    st.floats(5, 40).map(lambda it: round(it, 2)),
    st.sampled_from(CLASSES),
)


@given(st.lists(boxes, max_size=3), st.lists(st.tuples(boxes, st.floats(0.05, 1)), max_size=4))
def test_an_answer_put_right_is_another_one_that_can_be_used(
    marked: list[Box], found: list[tuple[Box, float]]
) -> None:
    for one in doubted(marked, found):
        assert one.other != written(marked)
        assert written(boxes_in(one.other)) == one.other
        assert 0 <= one.given_probability <= 1
        assert 0 <= one.other_probability <= 1


@given(st.lists(boxes, max_size=3, unique=True))
def test_nobody_is_doubted_who_says_what_the_model_says(marked: list[Box]) -> None:
    assert all(
        same(Kind.BOXES, one.other, written(marked))
        for one in doubted(marked, [(box, 0.9) for box in marked])
    )


def test_a_class_that_is_found_less_surely_has_a_lower_bar_of_a_half_at_most() -> None:
    said = [SaidOfMarks(written([HERE]), ((written([HERE]), sure),)) for sure in (0.3, 0.5)] + [
        SaidOfMarks(written([FAR]), ((written([FAR]), 0.9),))
    ]

    bars = bars_of_answers(Kind.BOXES, said, (*CLASSES, Label("bird")))

    assert bars == {CAT: pytest.approx(0.4), DOG: 0.5, "bird": 0.5}


def test_beside_what_is_unsure_the_bar_is_what_is_usual_in_the_pool_and_never_low() -> None:
    found = [
        [(written([HERE]), 0.8), (written([FAR]), 0.55)],
        [(written([HERE]), 1.0), (written([HERE]), 0.1)],
    ]

    assert bars_beside(Kind.BOXES, found) == {CAT: pytest.approx(0.9), DOG: 0.7}


def test_a_span_is_at_its_place_to_the_character() -> None:
    marked, found = Span(0, 4, CAT), Span(0, 7, CAT)
    said = SaidOfMarks(written([marked]), ((written([found]), 0.9),), nothing=0.2)

    (one,) = doubted_marks(Kind.ENTITIES, [said], BARS, np.array([True]))

    assert one.other == written([found])


@pytest.mark.parametrize(("nothing", "count"), [(0.6, 0), (0.9, 1)])
def test_that_nothing_is_there_must_be_sure(nothing: float, count: int) -> None:
    said = SaidOfMarks(written([Span(0, 4, CAT)]), (), nothing=nothing)

    assert len(doubted_marks(Kind.ENTITIES, [said], BARS, np.array([True]))) == count


def test_new_answers_are_held_against_what_the_champion_found_in_the_pool_and_the_share_is_kept() -> None:
    swapped = replace(HERE, label=DOG)
    pool = [SaidOfPool(((written([swapped]), sure),), sure) for sure in (0.9, 0.8, 0.99, 0.95)]
    answers = dict.fromkeys((0, 2, 3), written([HERE]))

    found = doubted_beside(Kind.BOXES, answers, pool, 0.5)

    assert [one.row for one in found] == [2, 3], "row 0 is found less surely than usual"
    assert all(one.other == written([swapped]) for one in found)
    assert doubted_beside(Kind.BOXES, answers, pool, 0.0) == []


@pytest.mark.parametrize(
    ("kind", "sureness", "count"), [(Kind.ENTITIES, 0.95, 1), (Kind.ENTITIES, 0.75, 0), (Kind.BOXES, 0.95, 0)]
)
def test_a_name_that_a_champion_is_sure_is_none_is_doubted_and_no_box(
    kind: Kind, sureness: float, count: int
) -> None:
    pool = [SaidOfPool((), sureness), SaidOfPool((), 0.85)]
    marked = written([Span(0, 4, CAT)]) if kind is Kind.ENTITIES else written([HERE])

    assert len(doubted_beside(kind, {0: marked}, pool, 1.0)) == count
