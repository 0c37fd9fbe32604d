"""Measures of one sample at a time: how unsure the model is of it, from 0 (sure) to 1. Letters: n samples,
k classes.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from resources.learning.model import Probabilities
from resources.learning.querying.drawing import draw_each
from resources.learning.querying.model import Ranking, Snapshot

Measure = Callable[[Probabilities], NDArray[np.float64]]


def by_chance(pool: Snapshot, count: int, seed: int) -> Ranking:
    """Any sample: the yardstick for the others."""
    return highest(draw_each(pool.ids, seed, "strategy"), count)


def by_least_confidence(pool: Snapshot, count: int, _seed: int) -> Ranking:
    """Where the likeliest class is not very likely (Lewis and Gale 1994, *A sequential algorithm for training
    text classifiers*).
    """
    return highest(least_confidence(pool.probabilities), count)


def by_margin(pool: Snapshot, count: int, _seed: int) -> Ranking:
    """Where the two likeliest classes are nearly as likely (Scheffer, Decomain and Wrobel 2001, *Active
    hidden Markov models for information extraction*).
    """
    return highest(closeness(pool.probabilities), count)


def by_entropy(pool: Snapshot, count: int, _seed: int) -> Ranking:
    """Where the model's answer is spread over many classes (Shannon 1948; Settles 2009, *Active learning
    literature survey*). Early on it asks about oddities, and then does worse than chance.
    """
    return highest(spread(pool.probabilities), count)


def least_confidence(probabilities_nk: Probabilities) -> NDArray[np.float64]:
    """1 - the likeliest class's probability."""
    if probabilities_nk.shape[1] == 0:
        return np.zeros(len(probabilities_nk))
    return np.asarray(1.0 - probabilities_nk.max(axis=1), dtype=np.float64)


def closeness(probabilities_nk: Probabilities) -> NDArray[np.float64]:
    """1 - the distance of the two likeliest classes."""
    if probabilities_nk.shape[1] < 2:
        return np.zeros(len(probabilities_nk))
    top = np.sort(probabilities_nk, axis=1)
    return np.asarray(1.0 - (top[:, -1] - top[:, -2]), dtype=np.float64)


def spread(probabilities_nk: Probabilities) -> NDArray[np.float64]:
    """Entropy as a share of the highest that so many classes can have."""
    if probabilities_nk.shape[1] < 2:
        return np.zeros(len(probabilities_nk))
    shares = entropy_nats(probabilities_nk) / np.log(probabilities_nk.shape[1])
    return np.asarray(np.clip(shares, 0.0, 1.0), dtype=np.float64)


def entropy_nats(probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    """Entropy over the last axis; what cannot be counts nothing."""
    inside = np.where(probabilities > 0, probabilities, 1.0)
    return np.asarray(-(inside * np.log(inside)).sum(axis=-1), dtype=np.float64)


def highest(values_n: NDArray[np.float64], count: int) -> Ranking:
    """The rows of the ``count`` highest values; equal ones in the order of the pool."""
    order = np.argsort(-values_n, kind="stable")[:count]
    return [(int(row), float(values_n[row])) for row in order]
