"""Whether a model is right as often as it is sure: pure."""

from dataclasses import dataclass
from math import isfinite

import numpy as np

from resources.registry.evaluations.model import BoolArray, FloatArray, IntArray

BINS = 15
"""As many as Guo, Pleiss, Sun and Weinberger used (*On calibration of modern neural networks*, 2017)."""


@dataclass(frozen=True)
class Bin:
    """What a model says that is about as sure."""

    sure: float
    """How sure it is, mean."""
    right: float
    """The share that is right."""
    count: int


def reliability(sure: FloatArray, right: BoolArray, bins: int = BINS) -> list[Bin]:
    """Bins of equal width from 0 to 1, without the empty ones.

    What a model says that diverged is no number: it is in none.
    """
    is_number = np.isfinite(sure)
    sure, right = sure[is_number], right[is_number]
    if len(sure) == 0:
        return []
    place = np.minimum((np.clip(sure, 0.0, 1.0) * bins).astype(np.int64), bins - 1)
    counts = np.bincount(place, minlength=bins)
    sums = np.bincount(place, weights=sure, minlength=bins)
    hits = np.bincount(place, weights=right.astype(np.float64), minlength=bins)
    return [
        Bin(float(sums[one] / counts[one]), float(hits[one] / counts[one]), int(counts[one]))
        for one in np.flatnonzero(counts)
    ]


def calibration_error(sure: FloatArray, right: BoolArray, bins: int = BINS) -> float | None:
    """Expected calibration error: the mean gap between sure and right, by how much lies in each bin.

    Naeini, Cooper and Hauskrecht 2015 (*Obtaining well calibrated probabilities using Bayesian binning*);
    Guo and others 2017. None where nothing was said, or no number.
    """
    found = reliability(sure, right, bins)
    if not found:
        return None
    return sum(one.count * abs(one.sure - one.right) for one in found) / sum(one.count for one in found)


def brier_score(probabilities: FloatArray, truth: IntArray) -> float | None:
    """Brier 1950: mean squared error of the probabilities, summed over the classes.

    None where one of them is no number.
    """
    wanted = np.zeros_like(probabilities)
    wanted[np.arange(len(truth)), truth] = 1.0
    score = float(((probabilities - wanted) ** 2).sum(axis=1).mean())
    return score if isfinite(score) else None
