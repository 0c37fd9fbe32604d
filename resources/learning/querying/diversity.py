"""Strategies that spread a batch out: no two questions about nearly the same sample."""

import numpy as np
from numpy.typing import NDArray

from resources.errors import BadInput
from resources.learning.model import Embeddings
from resources.learning.querying.distances import to_nearest, to_one
from resources.learning.querying.model import Ranking, Snapshot
from resources.learning.querying.uncertainty import by_margin

SHORTLIST = 4
"""The margin puts so many times the batch on the shortlist that k-centre then chooses from."""


def by_margin_k_centre(pool: Snapshot, count: int, seed: int) -> Ranking:
    """A shortlist by margin, then greedy k-centre on it: useful first, then unlike each other.

    The scheme, a multiple of the batch by uncertainty that a cover thins out, is that of Zhdanov 2019
    (*Diverse mini-batch active learning*, there with k-means); the cover is :func:`k_centre`'s.
    """
    shortlist = [row for row, _ in by_margin(pool, SHORTLIST * count, seed)]
    near = pool.at(shortlist)
    return [(shortlist[row], far) for row, far in by_core_set(near, count, seed)]


def by_core_set(pool: Snapshot, count: int, _seed: int) -> Ranking:
    """The samples that are farthest from all that is labelled or picked (Sener and Savarese 2018, *Active
    learning for convolutional neural networks: a core-set approach*, its greedy k-centre). What the model is
    unsure of plays no part.
    """
    embeddings = embeddings_of(pool)
    known = pool.covered_embeddings
    if known is None or len(known) == 0:
        known = embeddings[:0]
    return k_centre(embeddings, to_nearest(embeddings, known), count)


def k_centre(embeddings_nf: Embeddings, covered_at_n: NDArray[np.float64], count: int) -> Ranking:
    """Greedy k-centre (Gonzalez 1985, *Clustering to minimize the maximum intercluster distance*): again and
    again the row that is farthest from every centre so far. The radius it leaves is at most twice the least
    that is possible. ``covered_at_n`` is each row's squared distance to the centres that are there already,
    infinite where there are none: then the first row is the one farthest from the mean of all.
    """
    far_n = covered_at_n.copy()
    fresh = bool(np.isinf(far_n).all())
    if fresh and len(far_n):
        far_n = to_one(embeddings_nf, embeddings_nf.mean(axis=0, dtype=np.float64))
    ranking: Ranking = []
    for _ in range(min(count, len(far_n))):
        row = int(np.argmax(far_n))
        ranking.append((row, float(np.sqrt(far_n[row]))))
        away_n = to_one(embeddings_nf, embeddings_nf[row])
        far_n = away_n if fresh else np.minimum(far_n, away_n)
        fresh = False
        far_n[[taken for taken, _ in ranking]] = -1.0
    return ranking


def embeddings_of(pool: Snapshot) -> Embeddings:
    """The pool's embeddings. Raises :class:`BadInput` where there are none."""
    if pool.embeddings is None:
        raise BadInput(
            "this strategy compares samples by their embeddings, and the predictions have none",
            "Predict the pool again, or choose a strategy such as margin.",
        )
    return pool.embeddings
