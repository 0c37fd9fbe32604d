"""Which images to ask people about: pure functions of the champion's probabilities."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from resources.errors import BadInput
from resources.learning.model import Probabilities
from resources.terms import SampleId


class Strategy(StrEnum):
    """How the value of a question is measured."""

    MARGIN = "margin"
    """Ask where the two likeliest classes are nearly as likely."""
    LEAST_CONFIDENCE = "least_confidence"
    """Ask where the likeliest class is not very likely."""
    RANDOM = "random"
    """Ask about any image: the yardstick for the others."""


@dataclass(frozen=True)
class Choice:
    """One image that is worth a question."""

    sample: SampleId
    index: int
    """Its row in the probabilities."""
    score: float
    """How uncertain the model is, from 0 (sure) to 1; for ``random`` a drawn number."""


def choose(
    ids: Sequence[SampleId],
    probabilities: Probabilities,
    count: int,
    strategy: Strategy = Strategy.MARGIN,
    *,
    seed: int = 0,
) -> list[Choice]:
    """The ``count`` images that are most worth a question, the most uncertain first.

    Deterministic: equal scores are ordered by sample id, and the order of ``ids`` plays no part. Returns all
    of them where there are fewer than ``count``. Raises :class:`BadInput` when the two do not fit together.
    """
    if probabilities.ndim != 2 or len(ids) != len(probabilities):
        raise BadInput(
            f"{len(ids)} sample ids came with probabilities of shape {probabilities.shape}; "
            "expected one row each",
            "Predict exactly the samples that are to be chosen from.",
        )
    if count < 0:
        raise BadInput(f"{count} samples were asked for; expected 0 or more", "Ask for a number of samples.")
    scores = _MEASURES[strategy](ids, probabilities, seed)
    order = sorted(range(len(ids)), key=lambda row: (-scores[row], ids[row]))
    return [Choice(ids[row], row, float(scores[row])) for row in order[:count]]


def _margin(_ids: Sequence[SampleId], probabilities: Probabilities, _seed: int) -> NDArray[np.float64]:
    if probabilities.shape[1] < 2:
        return np.zeros(len(probabilities))
    top = np.sort(probabilities, axis=1)
    return np.asarray(1.0 - (top[:, -1] - top[:, -2]), dtype=np.float64)


def _least_confidence(
    _ids: Sequence[SampleId], probabilities: Probabilities, _seed: int
) -> NDArray[np.float64]:
    if probabilities.shape[1] == 0:
        return np.zeros(len(probabilities))
    return np.asarray(1.0 - probabilities.max(axis=1), dtype=np.float64)


def _random(ids: Sequence[SampleId], _probabilities: Probabilities, seed: int) -> NDArray[np.float64]:
    # Drawn from the id, so that neither the order nor the rest of the pool changes an image's number.
    return np.array(
        [int(sha256(f"{seed}:{sample}".encode()).hexdigest()[:13], 16) / 16**13 for sample in ids]
    )


_MEASURES: dict[Strategy, Callable[[Sequence[SampleId], Probabilities, int], NDArray[np.float64]]] = {
    Strategy.MARGIN: _margin,
    Strategy.LEAST_CONFIDENCE: _least_confidence,
    Strategy.RANDOM: _random,
}
