"""What models reach that learnt from labels as random asking would have got them, beside the rounds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

from resources.kinds import Measure
from resources.registry.model import Decision, RoundEvaluation
from resources.terms import DatasetName, VersionKey


@dataclass(frozen=True)
class Reached:
    """How good a model is that learnt from so many labels."""

    version: VersionKey
    labels: int
    value: float
    """By ``measure``, 0 to 1."""
    measure: Measure
    right: int | None
    """How many test samples it got right; None where answers are marks in a sample."""
    test_set: str
    """Identity of the test set."""
    test_count: int


@dataclass(frozen=True)
class RandomRound:
    """A model that was trained anew on random labels alone, as far as there were any by one version."""

    dataset: DatasetName
    reached: Reached


@dataclass(frozen=True)
class AgainstRandom:
    """The rounds of a data set beside random asking, each in the order of its labels."""

    rounds: tuple[Reached, ...]
    """The model that each round trained."""
    random: tuple[Reached, ...]

    @classmethod
    def of(
        cls,
        evaluations: Mapping[VersionKey, RoundEvaluation],
        decisions: Sequence[Decision],
        random: Sequence[RandomRound],
    ) -> Self:
        """Of rounds that were measured and decided, and trained something."""
        rounds = [
            reached_in(evaluations[one.version], one.labels)
            for one in decisions
            if one.version in evaluations and not one.carried
        ]
        return cls(
            tuple(sorted(rounds, key=lambda one: one.labels)),
            tuple(sorted((one.reached for one in random), key=lambda one: one.labels)),
        )

    @property
    def newest_random(self) -> Reached | None:
        """What random asking reaches with the most labels, on the newest test set; None where nothing is
        known of it beyond the labels that both began with.
        """
        known = self._random()
        return known[-1] if known and known[-1].labels > known[0].labels else None

    @property
    def rounds_at_same(self) -> float | None:
        """What the rounds reach with as many labels as that: between two of them evenly, else None."""
        newest = self.newest_random
        return None if newest is None else value_at(self._rounds(), newest.labels)

    @property
    def labels_for_same(self) -> float | None:
        """With how many labels the rounds first reached what random asking does with the most; None where
        they have not.
        """
        newest = self.newest_random
        return None if newest is None else labels_to(self._rounds(), newest.value)

    @property
    def random_labels_for_same(self) -> float | None:
        """With how many labels random asking reached what the rounds reached at their best; None where it
        has not.
        """
        best = max(self._rounds(), key=lambda one: one.value, default=None)
        return None if best is None else labels_to(self._random(), best.value)

    def _rounds(self) -> list[Reached]:
        return [one for one in self.rounds if one.test_set == self._test_set]

    def _random(self) -> list[Reached]:
        return [one for one in self.random if one.test_set == self._test_set]

    @property
    def _test_set(self) -> str | None:
        """What both were measured on last: other test sets say nothing about each other."""
        return self.random[-1].test_set if self.random else None


def reached_in(evaluation: RoundEvaluation, labels: int) -> Reached:
    """What the model that a round trained reached."""
    scores = evaluation.challenger_scores
    confusion = scores.confusion
    return Reached(
        evaluation.version,
        labels,
        scores.accuracy,
        scores.measure,
        None if scores.measure.is_of_marks else sum(row[k] for k, row in enumerate(confusion)),
        evaluation.test_set,
        evaluation.test_count,
    )


def labels_to(points: Sequence[Reached], value: float) -> float | None:
    """With how many labels ``points``, in the order of their labels, first reach ``value``.

    Between two points what is reached is taken to grow evenly. None where none of them reaches it.
    """
    before: Reached | None = None
    for point in points:
        if point.value >= value:
            if before is None or point.labels == before.labels:
                return float(point.labels)
            share = (value - before.value) / (point.value - before.value)
            return before.labels + share * (point.labels - before.labels)
        before = point
    return None


def value_at(points: Sequence[Reached], labels: int) -> float | None:
    """What ``points``, in the order of their labels, reach with so many; None outside of them."""
    for before, after in pairwise(points):
        if before.labels <= labels <= after.labels and before.labels < after.labels:
            share = (labels - before.labels) / (after.labels - before.labels)
            return before.value + share * (after.value - before.value)
    return None
