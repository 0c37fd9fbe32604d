"""The samples behind a number: what two models said of each, side by side."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from resources.kinds import Kind
from resources.marks import classes_in
from resources.registry.evaluations.model import TestAnswers
from resources.terms import Label, SampleId


@dataclass(frozen=True)
class Said:
    """What one model answered."""

    answer: Label
    score: float
    sure: float | None
    """How sure it was; None where answers are marks."""


@dataclass(frozen=True)
class BothSaid:
    """One test sample before two models."""

    sample: SampleId
    true: Label
    old: Said | None
    """None where the old one was not asked about it."""
    new: Said | None
    """None where the new one was not."""

    @property
    def gain(self) -> float:
        """How much better the new answer is, -1 to 1."""
        return 0.0 if self.old is None or self.new is None else self.new.score - self.old.score


def in_cell(
    kind: Kind, old: TestAnswers | None, new: TestAnswers, true: Label, said: Label, *, of_old: bool = False
) -> list[BothSaid]:
    """The samples of one cell of the new model's confusion, or of the old one's, the surest first.

    Of marks, those in which something of the class ``true`` is, or is missed, and ``said`` is said, or is
    made up: a label that is no class stands for nothing.
    """
    if of_old and old is not None:
        turned = in_cell(kind, new, old, true, said)
        return [BothSaid(one.sample, one.true, old=one.new, new=one.old) for one in turned]
    if new.truth is not None:
        places = {label: place for place, label in enumerate(new.classes)}
        is_there = (new.truth == places.get(true, -1)) & (new.guesses == places.get(said, -1))
        return _sorted(old, new, is_there.nonzero()[0].tolist(), lambda place: -(_sure(new, place) or 0.0))
    found = [
        place
        for place in range(len(new.sample_ids))
        if _has(kind, new.true[place], new.said[place], true, said, new.classes)
    ]
    return _sorted(old, new, found, lambda place: float(new.scores[place]))


def changed(old: TestAnswers, new: TestAnswers, *, better: bool) -> list[BothSaid]:
    """The samples that the new model answers better, or worse, than the old one; most of all first."""
    before = _places(old)
    sign = 1 if better else -1
    gains = {
        place: sign * float(new.scores[place] - old.scores[before[sample]])
        for place, sample in enumerate(new.sample_ids)
        if sample in before
    }
    return _sorted(old, new, [place for place, gain in gains.items() if gain > 0], lambda one: -gains[one])


def _has(
    kind: Kind, truth: Label, guess: Label, true: Label, said: Label, classes: tuple[Label, ...]
) -> bool:
    there, told = Counter(classes_in(kind, truth)), Counter(classes_in(kind, guess))
    if true not in classes:
        return told[said] > there[said]
    if said not in classes:
        return there[true] > told[true]
    if true == said:
        return min(there[true], told[true]) > 0
    return there[true] > told[true] and told[said] > there[said]


def _sorted(
    old: TestAnswers | None, new: TestAnswers, places: list[int], key: Callable[[int], float]
) -> list[BothSaid]:
    before = {} if old is None else _places(old)
    found = []
    for place in sorted(places, key=lambda place: (key(place), new.sample_ids[place])):
        sample = new.sample_ids[place]
        was = before.get(sample)
        earlier = None if old is None or was is None else _said(old, was)
        found.append(BothSaid(sample, new.right_answer(place), earlier, _said(new, place)))
    return found


def _said(answers: TestAnswers, place: int) -> Said:
    return Said(answers.answer(place), float(answers.scores[place]), _sure(answers, place))


def _sure(answers: TestAnswers, place: int) -> float | None:
    return None if answers.probabilities is None else float(answers.probabilities[place].max())


def _places(answers: TestAnswers) -> dict[SampleId, int]:
    return {sample: place for place, sample in enumerate(answers.sample_ids)}
