"""How far annotators agree, about samples that several of them answered. Pure.

Krippendorff's alpha for names without an order (Krippendorff 2011, *Computing Krippendorff's alpha
reliability*): 1 is full agreement, 0 what chance would make, and samples with one answer say nothing. With
two annotators who both answered everything it is nearly Cohen's kappa, with more Fleiss's.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import NewType

from resources.terms import Label, SampleId

AnnotatorId = NewType("AnnotatorId", int)
"""A person's number in Label Studio."""

Answers = Mapping[SampleId, Mapping[AnnotatorId, Label]]
"""What each annotator said of each sample, the latest answer of each."""


@dataclass(frozen=True)
class AnnotatorScore:
    """One annotator beside the others."""

    annotator: AnnotatorId
    answered: int
    """Samples in all."""
    compared: int
    """Samples that others answered too, with a majority among those."""
    with_consensus: int
    """How often that majority said the same."""
    known: int
    """Answers to questions whose answer is known."""
    known_right: int

    @property
    def agreement(self) -> float | None:
        """Share of the compared ones that agree; None without any."""
        return self.with_consensus / self.compared if self.compared else None

    @property
    def accuracy(self) -> float | None:
        """Share of the known ones that were answered right; None without any."""
        return self.known_right / self.known if self.known else None


@dataclass(frozen=True)
class Agreement:
    """How far annotators agree."""

    samples: int
    """Those with two answers or more."""
    alpha: float | None
    """None where nothing can be compared, or all said the same thing everywhere."""
    by_class: Mapping[Label, float]
    """For each class: of the answers beside an answer that names it, the share that name it too."""
    by_sample: Mapping[SampleId, float]
    """Share of the pairs of annotators that agree, for samples with two answers or more."""
    annotators: tuple[AnnotatorScore, ...]


def measure_agreement(answers: Answers, truth: Mapping[SampleId, Label] | None = None) -> Agreement:
    """Compare the annotators; ``truth`` are the samples whose answer is known."""
    several = {sample: said for sample, said in answers.items() if len(said) > 1}
    return Agreement(
        samples=len(several),
        alpha=krippendorff_alpha([list(said.values()) for said in several.values()]),
        by_class=_by_class(several),
        by_sample={sample: _pairs(list(said.values())) for sample, said in several.items()},
        annotators=_scores(answers, truth or {}),
    )


def krippendorff_alpha(units: Sequence[Sequence[Label]]) -> float | None:
    """Alpha of the answers to each unit, by the matrix of coincidences."""
    coincidences: Counter[tuple[Label, Label]] = Counter()
    for said in units:
        if len(said) < 2:
            continue
        for one, first in enumerate(said):
            for other, second in enumerate(said):
                if one != other:
                    coincidences[first, second] += 1 / (len(said) - 1)  # type: ignore[assignment]
    totals: dict[Label, float] = defaultdict(float)
    for (first, _), weight in coincidences.items():
        totals[first] += weight
    n = sum(totals.values())
    differing = sum(weight for (first, second), weight in coincidences.items() if first != second)
    by_chance = sum(
        totals[first] * totals[second] for first in totals for second in totals if first != second
    )
    if by_chance == 0:
        return None
    return 1 - (n - 1) * differing / by_chance


def _pairs(said: Sequence[Label]) -> float:
    pairs = list(combinations(said, 2))
    return sum(first == second for first, second in pairs) / len(pairs)


def _by_class(several: Answers) -> dict[Label, float]:
    beside: Counter[Label] = Counter()
    same: Counter[Label] = Counter()
    for said in several.values():
        for first, second in combinations(said.values(), 2):
            beside.update({first, second} if first != second else {first: 2})
            same.update({first: 2} if first == second else {})
    return {label: same[label] / number for label, number in sorted(beside.items())}


def _scores(answers: Answers, truth: Mapping[SampleId, Label]) -> tuple[AnnotatorScore, ...]:
    who = sorted({annotator for said in answers.values() for annotator in said})
    return tuple(_score(annotator, answers, truth) for annotator in who)


def _score(annotator: AnnotatorId, answers: Answers, truth: Mapping[SampleId, Label]) -> AnnotatorScore:
    mine = {sample: said[annotator] for sample, said in answers.items() if annotator in said}
    compared = agreeing = 0
    for sample, label in mine.items():
        consensus = _majority([said for one, said in answers[sample].items() if one != annotator])
        compared += consensus is not None
        agreeing += consensus == label
    known = [sample for sample in mine if sample in truth]
    right = sum(mine[sample] == truth[sample] for sample in known)
    return AnnotatorScore(annotator, len(mine), compared, agreeing, len(known), right)


def _majority(said: Sequence[Label]) -> Label | None:
    """What most said; None where two are said equally often."""
    ranked = Counter(said).most_common(2)
    if not ranked or (len(ranked) > 1 and ranked[0][1] == ranked[1][1]):
        return None
    return ranked[0][0]
