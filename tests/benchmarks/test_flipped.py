"""Flipped labels: most of them come back, from a smaller set than the benchmark's."""

from argparse import Namespace

import numpy as np
import pytest

from benchmarks.flipped import flip, run


@pytest.mark.slow
def test_most_flipped_labels_are_returned() -> None:
    metrics = run(Namespace(seeds="0", samples=300))

    assert metrics["returned_share"] <= 0.1
    assert metrics["flipped_returned_share"] >= 0.7


def test_a_flipped_label_is_another_one() -> None:
    truth = np.arange(100) % 10

    labels, flipped = flip(truth, 0.05, np.random.default_rng(3))

    assert set(np.flatnonzero(labels != truth).tolist()) == flipped
    assert len(flipped) == 5
