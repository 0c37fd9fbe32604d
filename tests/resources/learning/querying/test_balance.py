import numpy as np

from resources.learning.querying.balance import by_class_balance
from resources.learning.querying.model import Snapshot
from tests.resources.learning.querying.pools import ids


def test_of_samples_that_are_as_unsure_those_of_the_rarer_class_are_asked_first() -> None:
    guesses = np.array([[0.6, 0.4, 0.0], [0.6, 0.0, 0.4], [0.0, 0.6, 0.4]])
    pool = Snapshot(ids(3), guesses, labelled_counts=np.array([9, 9, 0]))
    assert [row for row, _ in by_class_balance(pool, 2, 0)] == [1, 2]


def test_a_batch_fills_each_class_up_to_its_share_and_then_another() -> None:
    sure = np.eye(3)[[0] * 6 + [1] * 6 + [2] * 6] * 0.97 + 0.01
    pool = Snapshot(ids(18), sure, labelled_counts=np.array([4, 1, 1]))
    picked = [row // 6 for row, _ in by_class_balance(pool, 6, 0)]
    assert [picked.count(index) for index in range(3)] == [0, 3, 3]


def test_where_nothing_is_labelled_the_classes_of_a_batch_are_even() -> None:
    sure = np.eye(3)[[0] * 9 + [1] * 4 + [2] * 4] * 0.97 + 0.01
    picked = [int(sure[row].argmax()) for row, _ in by_class_balance(Snapshot(ids(17), sure), 9, 0)]
    assert [picked.count(index) for index in range(3)] == [3, 3, 3]
