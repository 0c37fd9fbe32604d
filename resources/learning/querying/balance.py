"""Class-balanced asking: unsure samples, of the classes that have few labels."""

import numpy as np

from resources.learning.querying.model import Ranking, Snapshot
from resources.learning.querying.uncertainty import closeness

WEIGHT = 0.5
"""How many times a sample's doubt counts more when it is surely of the class that lacks the most labels."""


def by_class_balance(pool: Snapshot, count: int, _seed: int) -> Ranking:
    """Margin, with a reward for what brings the classes to equal numbers of labels (after Bengar et al. 2022,
    *Class-balanced active learning for image classification*, solved greedily).

    The target is that each class has its share of all labels once the batch is answered. A pick counts for
    each class as likely as the model holds it. Doubt is multiplied, not added to: a reward that is added goes
    to samples that the model is sure of, from which it learns nothing.
    """
    probabilities_nk = pool.probabilities
    samples, classes = probabilities_nk.shape
    if classes == 0:
        return [(row, 0.0) for row in range(min(count, samples))]
    have_k = np.zeros(classes) if pool.labelled_counts is None else pool.labelled_counts.astype(np.float64)
    if pool.drawn is not None:
        have_k = have_k + pool.drawn.probabilities.sum(axis=0)
    target = (have_k.sum() + min(count, samples)) / classes
    worth_n = closeness(probabilities_nk)
    free_n = np.ones(samples, dtype=bool)
    ranking: Ranking = []
    for _ in range(min(count, samples)):
        missing_k = np.maximum(target - have_k, 0.0)
        need_k = missing_k / max(missing_k.max(), 1e-12)
        value_n = np.where(free_n, worth_n * (1.0 + WEIGHT * (probabilities_nk @ need_k)), -np.inf)
        row = int(np.argmax(value_n))
        ranking.append((row, float(value_n[row])))
        free_n[row] = False
        have_k = have_k + probabilities_nk[row]
    return ranking
