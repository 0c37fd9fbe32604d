"""What a model says about each sample of a test set, and which of it is right."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from resources.kinds import Kind
from resources.learning.kinds.learner import learner_of
from resources.learning.model import Images, Probabilities
from resources.marks import Box, Span, at_one_place, marks_in
from resources.terms import Label


@dataclass(frozen=True, eq=False)
class Answered:
    """The answers of one model."""

    said: tuple[Label, ...]
    """[sample]"""
    probabilities: Probabilities | None
    """[sample, class]; None where answers are marks."""
    scores: NDArray[np.float64]
    """[sample] 1 where the answer is right, 0 where it is wrong; of marks the F1 of each sample's own."""
    sure: NDArray[np.float64]
    """[thing that is said] how sure the model is of it: of each answer, or of each mark."""
    hit: NDArray[np.bool_]
    """[thing that is said] whether it is right."""


def answered(
    kind: Kind, weights: bytes, samples: Images, answers: Sequence[Label], classes: Sequence[Label]
) -> Answered:
    """Ask a model about each sample. Raises :class:`BadInput` for samples or classes that do not fit it."""
    seen = learner_of(kind).look(weights, samples, classes)
    if kind.has_one_class:
        right = np.array([said == true for said, true in zip(seen.guesses, answers, strict=True)], dtype=bool)
        said = seen.outlook.probabilities
        return Answered(seen.guesses, said, right.astype(np.float64), seen.sureness, right)
    scores = [mark_f1(kind, said, true) for said, true in zip(seen.guesses, answers, strict=True)]
    told = [
        pair for marks, true in zip(seen.marks, answers, strict=True) for pair in _hits(kind, marks, true)
    ]
    return Answered(
        seen.guesses,
        None,
        np.array(scores, dtype=np.float64),
        np.array([sure for sure, _ in told], dtype=np.float64),
        np.array([hit for _, hit in told], dtype=np.bool_),
    )


def mark_f1(kind: Kind, said: Label, true: Label) -> float:
    """How well the marks of one sample fit: 1 where nothing is said of a sample in which nothing is."""
    ours, theirs = marks_in(kind, said), marks_in(kind, true)
    if not ours and not theirs:
        return 1.0
    free, right = list(theirs), 0
    for mark in ours:
        right += _take(mark, free)
    return 2 * right / (len(ours) + len(theirs))


def _hits(kind: Kind, marks: Sequence[tuple[Label, float]], true: Label) -> list[tuple[float, bool]]:
    """How sure each mark is, the surest first, and whether it is one of people's that no surer one took."""
    free = list(marks_in(kind, true))
    return [
        (sure, _take(marks_in(kind, answer)[0], free))
        for answer, sure in sorted(marks, key=lambda one: (-one[1], one[0]))
    ]


def _take(mark: Span | Box, free: list[Span | Box]) -> bool:
    """Whether one of ``free`` is the same; it is taken then."""
    found = next((one for one in free if one.label == mark.label and at_one_place(one, mark)), None)
    if found is not None:
        free.remove(found)
    return found is not None
