"""Whether one model is better than another, and in which parts of the test set it is not: pure."""

from dataclasses import dataclass
from enum import StrEnum

from resources.registry.evaluations.bootstrap import Difference
from resources.registry.evaluations.model import Measurement, SliceName

LEAST_POINTS = 0.005
"""Half a point is not worth a word."""


class Better(StrEnum):
    """What an interval says."""

    CLEARLY = "clearly"
    NOT = "not"
    """Clearly worse."""
    OPEN = "open"
    """Chance alone may have made the difference."""


@dataclass(frozen=True)
class Part:
    """A part of the test set on which both were measured."""

    name: SliceName
    gain: float
    """-1 to 1."""
    count: int


@dataclass(frozen=True)
class Verdict:
    """A new model beside an old one."""

    old: Measurement
    new: Measurement
    difference: Difference | None
    """None where they have no test sample in common, or their answers are gone."""
    worse: tuple[Part, ...]
    """The worst first; none where they were measured on two test sets."""
    better: tuple[Part, ...]

    @property
    def says(self) -> Better:
        """Whether the new one is better, by the mean score of a sample."""
        if self.difference is None or not self.difference.is_clear:
            return Better.OPEN
        return Better.CLEARLY if self.difference.value > 0 else Better.NOT


def verdict_of(old: Measurement, new: Measurement, difference: Difference | None) -> Verdict:
    """What their numbers say."""
    both = new.slices.keys() & old.slices.keys() if old.test_set == new.test_set else frozenset()
    parts = [
        Part(name, new.slices[name].value - old.slices[name].value, new.slices[name].count)
        for name in new.slices
        if name in both
    ]
    worse = sorted((one for one in parts if one.gain <= -LEAST_POINTS), key=lambda one: one.gain)
    better = sorted((one for one in parts if one.gain >= LEAST_POINTS), key=lambda one: -one.gain)
    return Verdict(old, new, difference, tuple(worse), tuple(better))
