"""Which marks a model doubts, by confident learning over what it finds. Pure.

A model says of each mark that it finds how sure it is, and of no place what else it could be; so what is
usual is told by class (Northcutt, Jiang and Chuang 2021): how sure it is on average of what people marked as
that class, 0 where it finds nothing there. As `ObjectLab` tells them apart (Tkachenko, Thyagarajan and
Mueller 2023), a mark is

* swapped, where the model finds another class at its place,
* badly located, where it finds the class beside it and not at its place,
* overlooked, where it finds something and nothing is marked near it,
* one of nothing, where it finds nothing near what is marked;

in the first three cases as surely as it usually finds that class. A network that is taught by focal loss is
never quite sure, and half of the things found are found less surely than usual: where models were trained on
the other answers it is enough that it is more likely than not. With 5 % of the answers made wrong, two thirds
of them came back without that, nine tenths with it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from resources.kinds import Kind
from resources.learning.reviewing.doubting import LIKELY
from resources.learning.reviewing.model import DoubtedAnswer, SaidOfMarks, SaidOfPool
from resources.marks import Box, Span, at_one_place, marks_in, overlap, written
from resources.terms import Label

NEAR = 0.1
"""From this overlap on one mark may be meant by another."""
MORE_LIKELY_THAN_NOT = 0.5
LEFT_OVER = 0.95
"""So sure is a model that nothing is where it finds nothing at all, unless it says itself."""

Mark = Span | Box

Change = tuple[Mark | None, Mark | None, float, float]
"""What was marked, what should be, and how likely the model takes the one and the other to be."""


def doubted_marks(
    kind: Kind, said: Sequence[SaidOfMarks], bars: Mapping[Label, float], may: NDArray[np.bool_]
) -> list[DoubtedAnswer]:
    """The answers with a doubtful mark, the most doubtful first; only those that ``may`` go back."""
    doubted = []
    for row in np.flatnonzero(may).tolist():
        changes = changes_of(kind, said[row], bars)
        if not changes:
            continue
        _, _, given, other = min(changes, key=lambda one: one[2] - one[3])
        gone = [one for one, *_ in changes if one is not None]
        come = [one for _, one, *_ in changes if one is not None]
        right = written(put_right(marks_in(kind, said[row].answer), gone, come))
        if right != said[row].answer:
            doubted.append(DoubtedAnswer(row, right, given, other))
    return sorted(doubted, key=lambda one: (one.given_probability - one.other_probability, one.row))


def doubted_beside(
    kind: Kind, answers: Mapping[int, Label], pool: Sequence[SaidOfPool], share: float
) -> list[DoubtedAnswer]:
    """The same where people were asked about what a model is unsure of: at most ``share`` of ``answers``,
    which are given by their row in the ``pool``.

    That nothing is where something is marked is held against a name only, and where the model is at least as
    sure of all of that text as it usually is: early models overlook many a box.
    """
    usual = float(np.mean([one.sureness for one in pool])) if pool else 1.0
    bars = bars_beside(kind, [one.found for one in pool])
    rows = sorted(answers)
    said = []
    for row in rows:
        sure = pool[row].sureness if kind is Kind.ENTITIES else 0.0
        nothing = sure if sure >= usual else 0.0
        said.append(SaidOfMarks(answers[row], pool[row].found, nothing))
    found = doubted_marks(kind, said, bars, np.ones(len(said), dtype=bool))
    return [replace(one, row=rows[one.row]) for one in found[: round(share * len(rows))]]


def changes_of(kind: Kind, said: SaidOfMarks, bars: Mapping[Label, float]) -> list[Change]:
    """What the model would have otherwise in one answer. ``bars``: how sure it must be of each class."""
    given = marks_in(kind, said.answer)
    found = [(mark, sure) for answer, sure in said.found for mark in marks_in(kind, answer)]
    sure_ones = [(mark, sure) for mark, sure in found if sure >= bars.get(mark.label, LIKELY)]
    changes: list[Change] = []
    for mark in given:
        at_place = [(one, sure) for one, sure in found if at_one_place(mark, one)]
        own = max((sure for one, sure in at_place if one.label == mark.label), default=0.0)
        here = [(one, sure) for one, sure in sure_ones if overlap(mark, one) >= NEAR]
        if not here:
            near = max((sure for one, sure in found if overlap(mark, one) >= NEAR), default=None)
            nothing = said.nothing
            if nothing is None:
                nothing = LEFT_OVER if near is None else 1 - near
            if nothing > LIKELY:
                changes.append((mark, None, 1 - nothing, nothing))
            continue
        other, sure = max(here, key=lambda one: (one[1], overlap(mark, one[0])))
        is_as_marked = other.label == mark.label and at_one_place(mark, other)
        if not is_as_marked and own < sure:
            changes.append((mark, other, min(own, 1 - sure), sure))
    for one, sure in sure_ones:
        if all(overlap(one, mark) < NEAR for mark in given):
            changes.append((None, one, 1 - sure, sure))
    return changes


def bars_of_answers(kind: Kind, said: Sequence[SaidOfMarks], classes: Sequence[Label]) -> dict[Label, float]:
    """For each class how sure the model is on average of what people marked so, a half at most."""
    sureness: dict[Label, list[float]] = {label: [] for label in classes}
    for one in said:
        found = [(mark, sure) for answer, sure in one.found for mark in marks_in(kind, answer)]
        for mark in marks_in(kind, one.answer):
            own = [sure for other, sure in found if other.label == mark.label and at_one_place(mark, other)]
            sureness[mark.label].append(max(own, default=0.0))
    return {
        label: min(MORE_LIKELY_THAN_NOT, float(np.mean(values))) if values else MORE_LIKELY_THAN_NOT
        for label, values in sureness.items()
    }


def bars_beside(kind: Kind, found: Iterable[Sequence[tuple[Label, float]]]) -> dict[Label, float]:
    """The same where people are asked about what the model is unsure of: how sure it is on average of what it
    finds at all in the whole pool, if that is more than :data:`LIKELY`.
    """
    sureness: dict[Label, list[float]] = {}
    for marks in found:
        for answer, sure in marks:
            for mark in marks_in(kind, answer) if sure > MORE_LIKELY_THAN_NOT else ():
                sureness.setdefault(mark.label, []).append(sure)
    return {label: max(LIKELY, float(np.mean(values)) - 1e-9) for label, values in sureness.items()}


def put_right(given: Sequence[Mark], gone: Sequence[Mark], come: Sequence[Mark]) -> list[Mark]:
    """The marks without those that go, and with those that come, which no other may overlap as a whole."""
    return [*(one for one in given if one not in gone and one not in come), *dict.fromkeys(come)]
