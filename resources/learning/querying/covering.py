"""The default: a shortlist by margin, and of it the samples that speak for the most doubt in the pool."""

import numpy as np
from numpy.typing import NDArray

from resources.learning.querying.distances import between, to_nearest
from resources.learning.querying.diversity import embeddings_of
from resources.learning.querying.model import Ranking, Snapshot
from resources.learning.querying.uncertainty import by_margin, closeness

SHORTLIST = 8
"""The margin puts so many times the batch on the shortlist."""
DISTANCES = 2**28
"""At most so many are held, 1 GiB: in a large pool the shortlist is shorter, though never than the batch."""


def by_margin_cover(pool: Snapshot, count: int, seed: int) -> Ranking:
    """Of the least sure samples those to which most of what the model doubts is near (Wei, Iyer and Bilmes
    2015, *Submodularity in data subset selection and active learning*: a filter by uncertainty, then facility
    location; here each sample of the pool counts for how unsure it is, and what is labelled as picked).

    k-centre asks about whatever lies farthest out, often an oddity that teaches nothing about others; this
    asks about the middle of each heap of doubt, and so needs fewer labels.
    """
    room = DISTANCES // max(1, len(pool.ids))
    shortlist = [row for row, _ in by_margin(pool, max(count, min(SHORTLIST * count, room)), seed)]
    embeddings = embeddings_of(pool)
    known = pool.covered_embeddings
    far_n = to_nearest(embeddings, embeddings[:0] if known is None else known)
    squares_nm = between(embeddings, embeddings[shortlist])
    ranking = cover(squares_nm, closeness(pool.probabilities), far_n, count)
    return [(shortlist[row], gain) for row, gain in ranking]


def cover(
    squares_nm: NDArray[np.float32], weights_n: NDArray[np.float64], far_n: NDArray[np.float64], count: int
) -> Ranking:
    """Greedy facility location: again and again the column that takes most off the weighted sum of each row's
    squared distance to its nearest pick; ``far_n`` is that before the first, infinite where there is none.

    What ``count`` picks take off is at least 63 % of the most that so many could (Nemhauser, Wolsey and
    Fisher 1978, *An analysis of approximations for maximizing submodular set functions*).
    """
    # Where nothing is labelled, everything is as far as two samples can be: the first pick is the middle one.
    far_n = np.where(np.isinf(far_n), squares_nm.max(initial=0.0), far_n)
    columns = squares_nm.shape[1]
    gains_m = np.full(columns, np.inf)
    fresh_m = np.zeros(columns, dtype=bool)
    ranking: Ranking = []
    while len(ranking) < min(count, columns):
        # A gain only ever falls, so an old one is a bound: what beats all bounds needs no other looked at.
        column = int(np.argmax(gains_m))
        if not fresh_m[column]:
            gains_m[column] = np.maximum(far_n - squares_nm[:, column], 0.0) @ weights_n
            fresh_m[column] = True
            continue
        ranking.append((column, float(gains_m[column])))
        far_n = np.minimum(far_n, squares_nm[:, column])
        gains_m[column] = -1.0
        fresh_m[:] = False
        fresh_m[[taken for taken, _ in ranking]] = True
    return ranking
