"""How well marks fit those of people: pure."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np

from resources.kinds import Measure
from resources.learning.kinds.model import UNMARKED, Measured
from resources.marks import SAME_PLACE, Box, Span
from resources.terms import Label

Mark = TypeVar("Mark", Span, Box)


def score_spans(
    said: Sequence[Sequence[Span]], true: Sequence[Sequence[Span]], classes: Sequence[Label]
) -> Measured:
    """F1 of spans that agree to the character, over all samples together. Nothing said where nothing is to be
    said is right.
    """
    right = sum(len({*ours} & {*theirs}) for ours, theirs in zip(said, true, strict=True))
    count = sum(len({*ours}) + len({*theirs}) for ours, theirs in zip(said, true, strict=True))
    value = 2 * right / count if count else 1.0
    return _measured(
        Measure.SPAN_F1, value, said, true, classes, lambda a, b: (a.start, a.end) == (b.start, b.end)
    )


def score_boxes(
    found: Sequence[Sequence[tuple[Box, float]]],
    said: Sequence[Sequence[Box]],
    true: Sequence[Sequence[Box]],
    classes: Sequence[Label],
) -> Measured:
    """Mean average precision at :data:`SAME_PLACE` of all that was ``found``, with how sure each is; what is
    taken for what, among those that were ``said``.
    """
    averages = [average_precision(found, true, label) for label in classes]
    counted = [one for one in averages if one is not None]
    value = sum(counted) / len(counted) if counted else float(not any(said))
    return _measured(Measure.BOX_AP, value, said, true, classes, lambda a, b: a.overlap(b) >= SAME_PLACE)


def average_precision(
    found: Sequence[Sequence[tuple[Box, float]]], true: Sequence[Sequence[Box]], label: Label
) -> float | None:
    """The area under precision by recall of one class, precision made to fall; None where there is none.

    The surest are matched first, each with the free true box that it overlaps the most.
    """
    left = [[box for box in boxes if box.label == label] for boxes in true]
    total = sum(len(boxes) for boxes in left)
    if total == 0:
        return None
    ours = [
        (score, sample, box)
        for sample, boxes in enumerate(found)
        for box, score in boxes
        if box.label == label
    ]
    hits = []
    for _, sample, box in sorted(ours, key=lambda one: (-one[0], one[1], one[2])):
        best = max(left[sample], key=box.overlap, default=None)
        is_hit = best is not None and box.overlap(best) >= SAME_PLACE
        if is_hit and best is not None:
            left[sample].remove(best)
        hits.append(is_hit)
    if not hits:
        return 0.0
    caught = np.cumsum(hits)
    precision = np.maximum.accumulate((caught / np.arange(1, len(hits) + 1))[::-1])[::-1]
    return float(precision[np.array(hits)].sum() / total)


def _measured(
    measure: Measure,
    value: float,
    said: Sequence[Sequence[Mark]],
    true: Sequence[Sequence[Mark]],
    classes: Sequence[Label],
    at_one_place: Callable[[Mark, Mark], bool],
) -> Measured:
    """With a table of what is taken for what: marks at one place, whatever they are called."""
    names = (*classes, UNMARKED)
    places = {label: place for place, label in enumerate(names)}
    confusion = np.zeros((len(names), len(names)), dtype=np.int64)
    for ours, theirs in zip(said, true, strict=True):
        free = list(ours)
        for mark in theirs:
            same = [one for one in free if at_one_place(one, mark)]
            match = min(same, key=lambda one: one.label != mark.label, default=None)
            confusion[places[mark.label], places[UNMARKED if match is None else match.label]] += 1
            if match is not None:
                free.remove(match)
        for mark in free:
            confusion[places[UNMARKED], places[mark.label]] += 1
    rows = confusion.tolist()
    recalls: dict[Label, float | None] = {
        label: rows[place][place] / sum(rows[place]) if sum(rows[place]) else None
        for place, label in enumerate(classes)
    }
    return Measured(measure, value, names, tuple(map(tuple, rows)), recalls | {UNMARKED: None})
