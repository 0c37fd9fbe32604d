"""Wrong answers about texts, names in texts and boxes come back from models trained without them."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.flipped_answers import KINDS, Made, made_of, spoilt
from resources.errors import BadInput
from resources.kinds import Kind
from resources.learning.kinds.model import SaidOfWords
from resources.learning.reviewing.answers import doubted_answers
from resources.learning.reviewing.held_out import models_of_others
from resources.learning.reviewing.names import doubted_words, with_names_at
from resources.marks import Span, flaw, written
from resources.terms import Label
from tests.resources.learning.kinds.examples import SHORT

A, B = Label("a"), Label("b")


def check_returned(kind: Kind, count: int, least: float) -> None:
    made = made_of(kind, count)
    answers, wrong = spoilt(kind, made.answers, made.classes, 0.05, seed=1)

    found = doubted_answers(kind, made.samples, answers, made.classes, 0.1, seed=1)

    assert len(found) <= round(0.1 * count)
    assert len({one.row for one in found} & wrong) >= least * len(wrong)
    assert all(flaw(kind, one.other, made.classes) is None for one in found)
    assert all(one.other != answers[one.row] for one in found)


def test_most_wrong_names_come_back() -> None:
    check_returned(Kind.ENTITIES, 60, 2 / 3)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_most_wrong_answers_come_back(kind: Kind) -> None:
    check_returned(kind, 300, 0.7)


@pytest.mark.slow
def test_only_answers_that_may_go_back_do() -> None:
    made = made_of(Kind.BOXES, 25)
    answers, _ = spoilt(Kind.BOXES, made.answers, made.classes, 1.0, seed=1)
    of = [row == 3 for row in range(25)]

    found = doubted_answers(
        Kind.BOXES, made.samples, answers, made.classes, 1.0, of=of, seed=1, settings=SHORT
    )

    assert {one.row for one in found} <= {3}


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_said_of_a_few_answers_or_where_none_may_go_back(kind: Kind) -> None:
    made = made_of(kind, 20)
    few = Made(made.samples[:19], made.answers[:19], made.classes)

    assert doubted_answers(kind, few.samples, few.answers, few.classes, 1.0, seed=0) == []
    assert doubted_answers(kind, made.samples, made.answers, made.classes, 0.0, seed=0) == []


@pytest.mark.parametrize("kind", KINDS)
def test_each_answer_is_held_out_once(kind: Kind) -> None:
    made = made_of(kind, 10)
    short = replace(SHORT, epochs=1)

    models = list(models_of_others(kind, made.samples, made.answers, made.classes, seed=0, settings=short))

    assert len(models) == 5
    assert sorted(row for _, rows in models for row in rows.tolist()) == list(range(10))


def test_fewer_answers_than_folds_are_refused() -> None:
    made = made_of(Kind.TEXT_CLASSES, 4)

    with pytest.raises(BadInput, match="4 labelled samples cannot be cut into 5 folds"):
        list(models_of_others(Kind.TEXT_CLASSES, made.samples, made.answers, made.classes, seed=0))


def test_the_most_doubtful_word_of_all_texts_comes_first() -> None:
    sure = np.array([[0.9, 0.05, 0.05], [0.05, 0.9, 0.05]] * 15)
    places = tuple((2 * one, 2 * one + 1) for one in range(30))
    labels = np.array([0, 1] * 15)
    right = SaidOfWords(labels, sure, places)
    wrong = SaidOfWords(np.where(np.arange(30) == 4, 2, labels), sure, places)

    found = doubted_words([right, wrong], np.array([True, True]))

    assert [(text, place) for text, _, place in found] == [(1, (8, 9))]
    assert doubted_words([right, wrong], np.array([True, False])) == []


def test_texts_without_a_word_are_not_doubted() -> None:
    empty = SaidOfWords(np.zeros(0, dtype=np.int64), np.zeros((0, 3)), ())

    assert doubted_words([empty], np.array([True])) == []


@pytest.mark.parametrize(
    ("given", "found", "right"),
    [
        pytest.param([Span(0, 3, A)], [Span(0, 3, B)], [Span(0, 3, B)], id="another name"),
        pytest.param([Span(0, 3, A)], [], [], id="no name"),
        pytest.param([], [Span(0, 7, A)], [Span(0, 7, A)], id="overlooked"),
        pytest.param([Span(0, 7, A)], [Span(0, 3, A)], [Span(0, 3, A)], id="too long"),
        pytest.param([Span(0, 3, A), Span(4, 7, A)], [Span(0, 7, B)], [Span(0, 7, B)], id="one in two"),
        pytest.param([Span(9, 12, A)], [Span(9, 12, B)], [Span(9, 12, A)], id="somewhere else"),
    ],
)
def test_names_at_a_doubtful_word_are_those_that_are_found(
    given: list[Span], found: list[Span], right: list[Span]
) -> None:
    assert with_names_at(written(given), found, (0, 3)) == written(right)
