"""The values of learning by kind: how a model did, and what it makes of samples."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from resources.kinds import Measure
from resources.learning.model import LOOKING, ClassIndices, Images, LookSettings, Outlook, Probabilities
from resources.terms import Label

UNMARKED = Label("(nothing)")
"""What stands for no mark in a table of what is taken for what."""


@dataclass(frozen=True)
class Measured:
    """The scores of one model on one test set."""

    measure: Measure
    value: float
    """By this measure, 0 to 1."""
    classes: tuple[Label, ...]
    """The rows and columns of ``confusion``; where answers are marks, the last is :data:`UNMARKED`."""
    confusion: tuple[tuple[int, ...], ...]
    """Counts: row = what is true, column = what the model said."""
    recalls: dict[Label, float | None]
    """For each of them what share of it was found; None where the test set has none."""


@dataclass(frozen=True, eq=False)
class Seen:
    """What a model makes of samples."""

    outlook: Outlook
    """For a query strategy. Of marks, what the model makes of the place in the sample it is least sure of."""
    columns: tuple[Label, ...]
    """What the columns of the probabilities stand for."""
    guesses: tuple[Label, ...]
    """For each sample the answer that the model would give."""
    sureness: NDArray[np.float64]
    """How sure it is of that answer, 0 to 1: of marks, how sure of the place it is least sure of."""
    marks: tuple[tuple[tuple[Label, float], ...], ...] = ()
    """Where answers are marks: of each sample every mark found, as the answer that holds it alone, and how
    sure the model is of it, also where it is not sure enough to be said.
    """


@dataclass(frozen=True, eq=False)
class SaidOfWords:
    """What the answer about a text calls its words, and what a model does."""

    given: ClassIndices
    """[word], the number of classes for none."""
    probabilities: Probabilities
    """[word, class], the last for none."""
    places: tuple[tuple[int, int], ...]
    """From which character to which each word goes."""


class Learner(Protocol):
    """What a model of one kind of answer can be asked.

    ``samples`` are what the data set's versions hold, [n, ...].
    """

    def evaluate(
        self, weights: bytes, samples: Images, answers: Sequence[Label], classes: Sequence[Label]
    ) -> Measured:
        """Score a model on a test set. Raises :class:`BadInput` for an empty one, or one of other classes."""
        ...

    def look(
        self, weights: bytes, samples: Images, classes: Sequence[Label], how: LookSettings = LOOKING
    ) -> Seen:
        """See :func:`resources.learning.prediction.look`."""
        ...

    def network(self, weights: bytes) -> object:
        """The weights as a ``torch.nn.Module``. Raises :class:`BadInput` where they are none of this kind."""
        ...
