"""BADGE: samples whose answers would move the head of the model far, and each its own way."""

import numpy as np
from numpy.typing import NDArray

from resources.learning.querying.diversity import embeddings_of
from resources.learning.querying.drawing import generator
from resources.learning.querying.model import Ranking, Snapshot


def by_badge(pool: Snapshot, count: int, seed: int) -> Ranking:
    """k-means++ seeding on the gradients that the head would get if its own guesses were true (Ash et al.
    2020, *Deep batch active learning by diverse, uncertain gradient lower bounds*).

    The gradient of sample n is the outer product of its error q (probabilities - guess) and its embedding h,
    k times f numbers; but its products with others are (q·q')(h·h'), so that it is never written out. What
    chance took for the same batch is there already: nothing near it is drawn.
    """
    if not pool.ids:
        return []
    known = [pool] if pool.drawn is None else [pool, pool.drawn]
    errors_nk = np.concatenate([one.probabilities for one in known]).astype(np.float64)
    if errors_nk.shape[1]:
        errors_nk[np.arange(len(errors_nk)), errors_nk.argmax(axis=1)] -= 1.0
    embeddings_nf = np.concatenate([embeddings_of(one) for one in known]).astype(np.float64)
    gradients = _Gradients(errors_nk, embeddings_nf)
    draws = generator(seed, "badge")
    centres = list(range(len(pool.ids), len(errors_nk)))
    far_n: NDArray[np.float64] = np.full(len(errors_nk), np.inf)
    for centre in centres:
        far_n = np.minimum(far_n, gradients.to_row(centre))
    ranking: Ranking = []
    while len(ranking) < min(count, len(pool.ids)):
        if not centres:
            far_n = gradients.squares_n  # to none at all; the largest is the first, no other is drawn so
        row = _draw_by(far_n, centres, draws) if centres else int(np.argmax(far_n))
        ranking.append((row, float(np.sqrt(far_n[row]))))
        away_n = gradients.to_row(row)
        far_n = np.minimum(far_n, away_n) if centres else away_n
        centres.append(row)
        far_n[centres] = 0.0
    return ranking


class _Gradients:
    def __init__(self, errors_nk: NDArray[np.float64], embeddings_nf: NDArray[np.float64]) -> None:
        self._errors_nk = errors_nk
        self._embeddings_nf = embeddings_nf
        self.squares_n: NDArray[np.float64] = (errors_nk**2).sum(axis=1) * (embeddings_nf**2).sum(axis=1)

    def to_row(self, row: int) -> NDArray[np.float64]:
        """The squared distance of each gradient to one of them."""
        errors_n = self._errors_nk @ self._errors_nk[row]
        embeddings_n = self._embeddings_nf @ self._embeddings_nf[row]
        squares = self.squares_n - 2.0 * errors_n * embeddings_n + self.squares_n[row]
        return np.asarray(np.maximum(squares, 0.0), dtype=np.float64)


def _draw_by(weights_n: NDArray[np.float64], taken: list[int], drawn: np.random.Generator) -> int:
    """A row that was not taken, drawn by weight; evenly where none of them has any."""
    free = np.setdiff1d(np.arange(len(weights_n)), taken)
    edges = np.cumsum(weights_n[free])
    if edges[-1] <= 0:
        return int(free[int(drawn.random() * len(free))])
    place = int(np.searchsorted(edges, drawn.random() * edges[-1], side="right"))
    return int(free[min(place, len(free) - 1)])
