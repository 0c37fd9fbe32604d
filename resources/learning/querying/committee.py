"""Committees: several models of one task, or one model with its dropout left on, and where they disagree.

Letters: m members, n samples, k classes.
"""

import numpy as np
from numpy.typing import NDArray

from resources.errors import BadInput
from resources.learning.model import ClassIndices, Probabilities
from resources.learning.querying.drawing import draw_each, generator
from resources.learning.querying.model import Ranking, Snapshot
from resources.learning.querying.uncertainty import entropy_nats


def by_bald(pool: Snapshot, count: int, seed: int) -> Ranking:
    """Where the members disagree though each is sure: the information that an answer holds about the model
    (Houlsby et al. 2011, *Bayesian active learning for classification and preference learning*; Gal, Islam
    and Ghahramani 2017, *Deep Bayesian active learning with image data*, for passes with dropout).

    The highest scores of one batch are much alike. Each is therefore drawn with a chance that grows with its
    score, by adding Gumbel noise to its logarithm (Kirsch et al. 2023, *Stochastic batch acquisition: a
    simple baseline for deep active learning*).
    """
    if pool.members is None:
        raise BadInput(
            "this strategy compares the members of a committee, and the predictions are of one model",
            "Predict the pool with several models, or choose a strategy such as margin.",
        )
    scores_n = disagreement_nats(pool.members)
    noise_n = -np.log(-np.log(np.clip(draw_each(pool.ids, seed, "bald"), 1e-15, 1 - 1e-15)))
    with np.errstate(divide="ignore"):
        noisy_n = np.log(scores_n) + noise_n
    # Where nobody disagrees there is nothing to draw by: those come last, in the order of their numbers.
    order = np.lexsort((-noise_n, -noisy_n))[:count]
    return [(int(row), float(scores_n[row])) for row in order]


def disagreement_nats(members_mnk: NDArray[np.float64]) -> NDArray[np.float64]:
    """For each sample the mutual information of its label and the choice of the member.

    A member that never saw a class gives it no chance anywhere, and so disagrees about every sample of that
    class: an artefact, which makes a committee ask for one class only. Such a member has no vote on samples
    that the others take for that class. With fewer than two votes nothing is known, and the answer is 0.
    """
    members, samples, classes = members_mnk.shape
    if 0 in (members, samples, classes):
        return np.zeros(samples)
    knows_mk = members_mnk.max(axis=1) > 0
    knowing_k = np.maximum(knows_mk.sum(axis=0), 1)
    consensus_nk = members_mnk.sum(axis=0) / knowing_k
    votes_mn = knows_mk[:, consensus_nk.argmax(axis=1)].astype(np.float64)
    voters_n = np.maximum(votes_mn.sum(axis=0), 1.0)
    mean_nk = (members_mnk * votes_mn[:, :, None]).sum(axis=0) / voters_n[:, None]
    mean_entropy_n = (entropy_nats(members_mnk) * votes_mn).sum(axis=0) / voters_n
    information_n = np.maximum(entropy_nats(mean_nk) - mean_entropy_n, 0.0)
    return np.where(votes_mn.sum(axis=0) >= 2, information_n, 0.0)


def bootstraps(labels: ClassIndices, members: int, *, seed: int) -> list[ClassIndices]:
    """For each member the rows to train it with: drawn with repetition *within each class*, so that no member
    misses one (Efron 1979, *Bootstrap methods*, in strata).
    """
    drawn = generator(seed, "bootstraps")
    strata = [np.flatnonzero(labels == index) for index in np.unique(labels)]
    return [
        np.concatenate([drawn.choice(rows, size=len(rows)) for rows in strata]).astype(np.int64)
        for _ in range(members)
    ]


def consensus(members_mnk: NDArray[np.float64]) -> Probabilities:
    """What the committee says as one."""
    return np.asarray(members_mnk.mean(axis=0), dtype=np.float64)
