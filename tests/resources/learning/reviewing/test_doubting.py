"""What is doubted: wrong labels first, never more than may be returned, never what was said to be left."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from resources.errors import BadInput
from resources.learning.reviewing.doubting import LEAST_LABELS, doubts, doubts_beside

CLASSES = 4


def sure_of(truth: NDArray[np.int64], sureness: float = 0.9) -> NDArray[np.float64]:
    """What a model says that is right each time."""
    found = np.full((len(truth), CLASSES), (1 - sureness) / (CLASSES - 1))
    found[np.arange(len(truth)), truth] = sureness
    return found


def test_the_flipped_labels_are_the_ones_that_are_doubted() -> None:
    truth = np.arange(80) % CLASSES
    labels = truth.copy()
    labels[[3, 40, 77]] = (truth[[3, 40, 77]] + 1) % CLASSES

    found = doubts(labels, sure_of(truth), 0.1)

    assert {doubt.row for doubt in found} == {3, 40, 77}
    assert all(doubt.other == truth[doubt.row] and doubt.given == labels[doubt.row] for doubt in found)
    assert found[0].other_probability == pytest.approx(0.9)


def test_right_labels_are_left_alone() -> None:
    truth = np.arange(80) % CLASSES

    assert doubts(truth, sure_of(truth), 0.5) == []


def test_the_least_likely_label_comes_first() -> None:
    truth = np.arange(80) % CLASSES
    labels = truth.copy()
    labels[[10, 20]] = (truth[[10, 20]] + 1) % CLASSES
    probabilities = sure_of(truth)
    probabilities[20] = sure_of(truth[20:21], 0.99)

    assert [doubt.row for doubt in doubts(labels, probabilities, 0.1)] == [20, 10]


def test_only_what_may_be_returned_is_returned_and_the_share_is_of_that() -> None:
    truth = np.arange(80) % CLASSES
    labels = truth.copy()
    labels[:20] = (truth[:20] + 1) % CLASSES

    found = doubts(labels, sure_of(truth), 0.5, of=[row < 10 for row in range(80)])

    assert len(found) == 5
    assert {doubt.row for doubt in found} <= set(range(10))


def test_nothing_is_said_of_a_few_labels_nor_of_a_single_class() -> None:
    truth = np.arange(LEAST_LABELS - 1) % CLASSES
    wrong = (truth + 1) % CLASSES
    alike = np.zeros(60, dtype=np.int64)

    assert doubts(wrong, sure_of(truth), 1.0) == []
    assert doubts(alike, sure_of(alike), 1.0) == []


def test_labels_without_probabilities_are_refused() -> None:
    with pytest.raises(BadInput, match="3 labels came with 2 rows"):
        doubts(np.zeros(3, dtype=np.int64), np.full((2, CLASSES), 0.25), 0.1)


@given(st.integers(0, 2**32 - 1), st.integers(LEAST_LABELS, 60), st.floats(0, 1))
def test_never_more_than_the_share_and_none_twice(seed: int, count: int, share: float) -> None:
    chance = np.random.default_rng(seed)
    labels = chance.integers(0, CLASSES, count)
    probabilities = chance.dirichlet(np.ones(CLASSES), count)

    found = doubts(labels, probabilities, share)

    assert len(found) <= round(share * count)
    assert len({doubt.row for doubt in found}) == len(found)
    assert all(doubt.given == labels[doubt.row] != doubt.other for doubt in found)


def test_of_hard_questions_only_those_go_back_of_which_the_model_is_as_sure_as_usual() -> None:
    pool = sure_of(np.arange(200) % CLASSES, 0.9)
    truth = np.array([0, 1, 2, 3])
    labels = np.array([1, 0, 3, 3])
    said = np.concatenate([sure_of(truth[:1], 0.95), sure_of(truth[1:], 0.7)])

    found = doubts_beside(labels, said, pool, 1.0)

    assert [(doubt.row, doubt.other) for doubt in found] == [(0, 0)]
    assert doubts_beside(labels, said, pool, 0.1) == []


def test_beside_a_pool_the_most_doubtful_go_back_first() -> None:
    truth = np.arange(4)
    said = np.concatenate([sure_of(truth[at : at + 1], 0.92 + 0.02 * at) for at in range(4)])
    pool = sure_of(np.arange(200) % CLASSES, 0.9)

    found = doubts_beside((truth + 1) % CLASSES, said, pool, 0.5)

    assert [doubt.row for doubt in found] == [3, 2]


def test_a_class_that_the_model_takes_nothing_for_speaks_against_no_label() -> None:
    pool = sure_of(np.zeros(50, dtype=np.int64), 0.9)

    assert doubts_beside(np.array([0]), sure_of(np.array([1]), 0.99), pool, 1.0) == []


@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.floats(0, 1))
def test_beside_a_pool_too_no_more_than_the_share_goes_back(seed: int, count: int, share: float) -> None:
    chance = np.random.default_rng(seed)
    pool = chance.dirichlet(np.ones(CLASSES), 60)
    labels = chance.integers(0, CLASSES, count)

    found = doubts_beside(labels, pool[:count], pool, share)

    assert len(found) <= round(share * count)
    assert all(doubt.given == labels[doubt.row] != doubt.other for doubt in found)
