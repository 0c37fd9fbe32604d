"""Two candidates beside each other on the same images: pure.

Their losses on one image rise and fall together, for some images are hard. The differences, image by image,
vary far less than the losses do.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

SURE = 2.0
"""Standard errors that luck exceeds one time in twenty."""


@dataclass(frozen=True)
class Paired:
    """How much more one loses than the other, over the same images."""

    mean: float
    error: float
    """The standard error of the mean."""

    @property
    def most(self) -> float:
        """The mean and two standard errors: who is below 0 is surely ahead."""
        return self.mean + SURE * self.error

    @property
    def least(self) -> float:
        """The mean less two standard errors: who is above 0 is surely behind."""
        return self.mean - SURE * self.error


def paired(one: Sequence[float], other: Sequence[float]) -> Paired:
    """The losses of ``one`` less those of ``other``, image by image."""
    differences = [a - b for a, b in zip(one, other, strict=True)]
    if len(differences) < 2:
        return Paired(fmean(differences) if differences else 0.0, float("inf"))
    return Paired(fmean(differences), stdev(differences) / len(differences) ** 0.5)
