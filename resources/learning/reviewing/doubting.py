"""Which labels a model doubts, by confident learning.

Northcutt, Jiang and Chuang 2021, *Confident learning: estimating uncertainty in dataset labels*, as cleanlab
does it: a label is doubted where the model is at least as sure of another class as it usually is of samples
with that class's label, and how many of each class are doubted follows the noise that is estimated so. A
network that is nearly always sure makes that a high bar, under which a seventh of the flipped digits passes;
so the rest of what may be returned is filled with labels beside which the model is sure of one other class.
At more than a half instead, a tenth of right answers to hard questions came back in the first rounds.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from resources.errors import BadInput
from resources.learning.model import ClassIndices, Probabilities

LIKELY = 0.7
"""So likely another class must be where confident learning alone does not doubt the label."""

LEAST_LABELS = 20
"""With fewer labels than this nothing is said: each class's usual sureness would be that of one or two."""


@dataclass(frozen=True)
class Doubt:
    """One label that is likely to be wrong."""

    row: int
    """Which of the labels that were looked at."""
    given: int
    """The class that was given."""
    given_probability: float
    """How likely the model takes it to be, in 0..1."""
    other: int
    """The class that the model takes it for."""
    other_probability: float

    @property
    def margin(self) -> float:
        """How much likelier the given class is than the other one; the least first."""
        return self.given_probability - self.other_probability


def doubts(
    labels: ClassIndices, probabilities: Probabilities, share: float, *, of: Sequence[bool] | None = None
) -> list[Doubt]:
    """The labels to be returned, the most doubtful first: at most ``share`` of those looked at, rounded.

    ``probabilities`` must come from a model that was not trained on the sample, else it repeats the label.
    ``of``: which labels may be returned; the others only tell what the model is usually like.
    """
    if len(labels) != len(probabilities) or not 0 <= share <= 1:
        raise BadInput(
            f"{len(labels)} labels came with {len(probabilities)} rows of probabilities and a share of "
            f"{share}; expected as many rows, and a share from 0 to 1",
            "Let a model say for each label how likely each class is.",
        )
    returnable = np.ones(len(labels), dtype=bool) if of is None else np.asarray(of, dtype=bool)
    most = round(share * int(returnable.sum()))
    if most == 0 or len(labels) < LEAST_LABELS:
        return []
    every = [_doubt(row, labels, probabilities) for row in np.flatnonzero(returnable).tolist()]
    confident = set(_confident(labels, probabilities))
    doubted = [one for one in every if one.row in confident or one.other_probability > LIKELY]
    doubted.sort(key=lambda one: (one.row not in confident, one.margin, one.row))
    return doubted[:most]


def doubts_beside(
    labels: ClassIndices, probabilities: Probabilities, pool: Probabilities, share: float
) -> list[Doubt]:
    """The same where people were asked about what a model is unsure of: at most ``share`` of ``labels``.

    How sure it usually is cannot be told from such samples. It is told from the whole ``pool`` that they were
    chosen from: a label is doubted where the model is as sure of another class as it is on average of the
    samples in the pool that it takes for that class.
    """
    usual = _usual(pool)
    every = [_doubt(row, labels, probabilities) for row in range(len(labels))]
    doubted = [one for one in every if one.other_probability >= max(LIKELY, usual[one.other] - 1e-9)]
    doubted.sort(key=lambda one: (one.margin, one.row))
    return doubted[: round(share * len(labels))]


def _usual(pool: Probabilities) -> NDArray[np.float64]:
    """For each class how sure the model is of what it takes for it; 1 where it takes nothing for it."""
    said, sureness = pool.argmax(axis=1), pool.max(axis=1)
    return np.array([sureness[said == k].mean() if (said == k).any() else 1.0 for k in range(pool.shape[1])])


def _confident(labels: ClassIndices, probabilities: Probabilities) -> list[int]:
    if len(np.unique(labels)) < 2:
        return []  # there is no other class to compare with
    from cleanlab.filter import find_label_issues

    with warnings.catch_warnings():
        # Of a class with few labels it leaves some alone, as it should.
        warnings.filterwarnings("ignore", "May not flag all label issues in class", UserWarning)
        found = find_label_issues(
            labels, probabilities, return_indices_ranked_by="normalized_margin", n_jobs=1
        )
    return [int(row) for row in found]


def _doubt(row: int, labels: ClassIndices, probabilities: Probabilities) -> Doubt:
    given = int(labels[row])
    others = probabilities[row].copy()
    others[given] = -1.0
    other = int(others.argmax())
    return Doubt(row, given, float(probabilities[row, given]), other, float(probabilities[row, other]))
