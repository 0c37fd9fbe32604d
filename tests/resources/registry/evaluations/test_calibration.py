"""Whether a model is right as often as it is sure."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.registry.evaluations.calibration import brier_score, calibration_error, reliability

SAID = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=50)


@given(SAID)
def test_an_error_is_a_share_and_no_less_than_the_gap_of_the_means(said: list[tuple[float, bool]]) -> None:
    sure, right = (np.array(one) for one in zip(*said, strict=True))
    error = calibration_error(sure, right)
    assert error is not None
    assert abs(sure.mean() - right.mean()) - 1e-9 <= error <= 1
    bins = reliability(sure, right)
    assert sum(one.count for one in bins) == len(said)
    assert [one.sure for one in bins] == sorted(one.sure for one in bins)


def test_one_who_is_right_as_often_as_sure_has_no_error() -> None:
    sure = np.repeat([0.25, 0.75], 100)
    right = np.concatenate([np.arange(100) < 25, np.arange(100) < 75])
    assert calibration_error(sure, right) == pytest.approx(0)


def test_one_who_is_always_sure_and_half_the_time_right_errs_by_a_half() -> None:
    assert calibration_error(np.ones(10), np.arange(10) < 5) == pytest.approx(0.5)


def test_one_who_says_nothing_has_none() -> None:
    assert calibration_error(np.zeros(0), np.zeros(0, dtype=np.bool_)) is None


def test_brier_is_0_for_the_right_one_and_2_for_a_wrong_one_that_is_sure() -> None:
    said = np.eye(2)
    assert brier_score(said, np.array([0, 1])) == 0
    assert brier_score(said, np.array([1, 0])) == 2
