"""Whether a model is right as often as it is sure."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.registry.evaluations.calibration import BINS, brier_score, calibration_error, reliability

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


def test_a_model_that_diverged_is_measured_without_a_number() -> None:
    nothing, half = np.full(4, np.nan), np.array([1.0, np.nan, np.nan, 1.0])
    right = np.array([True, True, False, False])
    assert reliability(nothing, right) == []
    assert calibration_error(nothing, right) is None
    assert calibration_error(half, right) == pytest.approx(0.5)
    assert brier_score(np.full((4, 2), np.nan), np.zeros(4, dtype=np.int64)) is None


@given(SAID)
def test_the_error_is_that_of_another_way_to_count_it(said: list[tuple[float, bool]]) -> None:
    """By numpy's histograms; a value on an edge lies in the bin above it, as there."""
    sure, right = (np.array(one, dtype=float) for one in zip(*said, strict=True))
    edges = np.linspace(0, 1, BINS + 1)
    if np.isclose(sure[:, None], edges, atol=1e-12).any():
        return
    gaps = np.histogram(sure, edges, weights=sure - right)[0]
    assert calibration_error(sure, right > 0) == pytest.approx(np.abs(gaps).sum() / len(said))


def test_brier_is_0_for_the_right_one_and_2_for_a_wrong_one_that_is_sure() -> None:
    said = np.eye(2)
    assert brier_score(said, np.array([0, 1])) == 0
    assert brier_score(said, np.array([1, 0])) == 2
