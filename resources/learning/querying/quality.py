"""How good a model is on the pool that people are asked about, from the random picks alone."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import NormalDist

from resources.errors import BadInput


@dataclass(frozen=True)
class Estimate:
    """A share that was seen in a sample, with the interval in which the true one lies."""

    right: int
    asked: int
    low: float
    high: float
    confidence: float
    """How often such an interval holds the true share, in 0..1."""

    @property
    def share(self) -> float:
        """What was seen."""
        return self.right / self.asked


def estimate_quality(guessed_right: Iterable[bool], *, confidence: float = 0.95) -> Estimate | None:
    """The model's accuracy on what was never asked, from whether it guessed each *random* pick of it; None
    when there is none.

    Picks of a strategy are where the model is weak: they must not be among these. Random picks are drawn from
    all that was never asked before, before the strategy takes any, so the share of right guesses among them
    has the accuracy on that as its mean. Samples whose question is open or was skipped are not in it: most
    were asked because the model is weak there, so that on all without a label it is somewhat weaker.
    """
    seen = list(guessed_right)
    return wilson(sum(seen), len(seen), confidence=confidence) if seen else None


def wilson(right: int, asked: int, *, confidence: float = 0.95) -> Estimate:
    """The score interval of a share (Wilson 1927, *Probable inference, the law of succession, and statistical
    inference*): it stays inside 0..1 and is sound for few observations and for shares near 0 or 1.
    """
    if not 0 <= right <= asked or asked < 1 or not 0 < confidence < 1:
        raise BadInput(
            f"{right} of {asked} at a confidence of {confidence}; expected a part of 1 or more, "
            "and a confidence between 0 and 1",
            "Count the answers that were right among those that were given.",
        )
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share = right / asked
    scale = 1 + z * z / asked
    middle = (share + z * z / (2 * asked)) / scale
    half = z / scale * math.sqrt(share * (1 - share) / asked + z * z / (4 * asked * asked))
    low = 0.0 if right == 0 else max(0.0, middle - half)
    high = 1.0 if right == asked else min(1.0, middle + half)
    return Estimate(right, asked, low, high, confidence)
