"""By how much one model is better than another, and how sure that is: the paired bootstrap, pure.

Efron and Tibshirani 1993, *An introduction to the bootstrap*, chapter 13 (percentile interval); paired over
test samples as in Koehn 2004, *Statistical significance tests for machine translation evaluation*. The
samples of the test set are drawn again with replacement, the same ones for both models: what makes a sample
hard for both takes no part in the difference.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from resources.errors import BadInput
from resources.registry.evaluations.model import FloatArray, SampleScores, TestAnswers

DRAWS = 2000
CONFIDENCE = 0.95
Scored = TestAnswers | SampleScores
_AT_ONCE = 4_000_000
"""Numbers that are drawn at a time: bounds the memory."""
_KEPT = 20_000_000
"""Numbers of a table of draws that is kept for the next comparison: 80 MB, of 10,000 samples."""
_Weights = NDArray[np.float32]


@dataclass(frozen=True)
class Difference:
    """New minus old, of the mean score of a sample."""

    low: float
    """From here to ``high`` lie 95 % of the draws."""
    value: float
    high: float
    count: int
    """Samples that both were measured on."""

    @property
    def is_clear(self) -> bool:
        """Whether chance alone hardly makes it: the interval is on one side of 0."""
        return self.low > 0 or self.high < 0


def paired_difference(old: Scored, new: Scored, seed: int = 0) -> Difference:
    """The difference on the samples that both answered. Raises :class:`BadInput` where there are none."""
    return paired_differences(old, [new], seed)[0]


def paired_differences(old: Scored, others: Sequence[Scored], seed: int = 0) -> list[Difference]:
    """Each of many against one. The draws are shared by those that have the same samples."""
    alone: dict[tuple[str, ...], list[int]] = {}
    for place, new in enumerate(others):
        alone.setdefault(new.sample_ids, []).append(place)
    found: dict[int, Difference] = {}
    for ids, places in alone.items():
        ours, theirs = _common(old.sample_ids, ids)
        if len(ours) == 0:
            raise BadInput(
                f"models {old.number} and {others[places[0]].number} of {old.dataset} were measured on test "
                "sets without a common sample",
                "Compare models that were measured on one test set.",
            )
        gains = np.stack([others[place].scores[theirs] - old.scores[ours] for place in places], axis=1)
        found |= dict(zip(places, differences(gains, seed), strict=True))
    return [found[place] for place in range(len(others))]


def differences(gains: FloatArray, seed: int = 0) -> list[Difference]:
    """Of [sample, model] what each sample gained; each model's difference with its interval."""
    count = len(gains)
    rounded = gains.astype(np.float32)
    if DRAWS * count <= _KEPT:
        means = _weights(count, seed) @ rounded
    else:
        means = np.concatenate([part @ rounded for part in _drawn(count, seed)])
    edge = 100 * (1 - CONFIDENCE) / 2
    lows, highs = np.percentile(means, (edge, 100 - edge), axis=0)
    values = gains.mean(axis=0)
    # What is drawn is rounded; a difference never lies outside of its own interval by that.
    return [
        Difference(float(min(low, value)), float(value), float(max(high, value)), count)
        for low, value, high in zip(lows.tolist(), values.tolist(), highs.tolist(), strict=True)
    ]


@lru_cache(maxsize=2)
def _weights(count: int, seed: int) -> _Weights:
    return np.concatenate(list(_drawn(count, seed)))


def _drawn(count: int, seed: int) -> Iterator[_Weights]:
    """[draw, sample] how often each sample is drawn, as a share of its draw; some draws at a time."""
    generator = np.random.default_rng(seed)
    rows = max(1, _AT_ONCE // count)
    for first in range(0, DRAWS, rows):
        part = min(rows, DRAWS - first)
        drawn = generator.integers(0, count, size=(part, count))
        drawn += np.arange(part)[:, None] * count
        counts = np.bincount(drawn.ravel(), minlength=part * count)
        yield (counts.reshape(part, count) / count).astype(np.float32)


def _common(old: tuple[str, ...], new: tuple[str, ...]) -> tuple[list[int], list[int]]:
    """The places of the common samples in both."""
    if old == new:
        return list(range(len(old))), list(range(len(new)))
    places = {sample: place for place, sample in enumerate(new)}
    both = [(place, places[sample]) for place, sample in enumerate(old) if sample in places]
    return [one for one, _ in both], [other for _, other in both]
