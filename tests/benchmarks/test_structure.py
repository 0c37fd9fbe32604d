"""The benchmark of structure search: a small one says what the whole one does."""

import numpy as np
import pytest

from benchmarks.structure import Asked, Beside, beside, drawn

pytestmark = pytest.mark.uncounted


def test_no_image_is_labelled_and_held_out() -> None:
    images, _, test, _ = drawn(0, 150)
    assert (len(images), len(test)) == (150, 1000)
    again = drawn(0, 150)
    assert np.array_equal(again[0], images)
    assert not np.array_equal(drawn(1, 150)[0], images)


def test_without_losing_means_as_many_right_as_the_champion() -> None:
    def told(accuracy: float, latency: float, size: float) -> bool:
        return Beside(0.9, accuracy, latency, size, 0.0, 0.1, 1).beats

    assert told(0.91, 2.0, 2.0)
    assert told(0.9, 1.0, 0.8)
    assert not told(0.9, 1.0, 1.0)
    assert not told(0.899, 0.5, 0.5)


@pytest.mark.slow
def test_a_small_search_grows_to_the_same_and_ends_within_its_trials() -> None:
    found = beside(Asked(seed=0, labels=60, trials=3, budget_gpu_h=1.0, epochs=10))
    assert found.grown_max_difference <= 1e-6
    assert found.found_accuracy > 0
    assert 0 < found.spent_gpu_h < 1
