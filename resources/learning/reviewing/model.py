"""The values of doubts about answers of any kind."""

from dataclasses import dataclass

from resources.terms import Label


@dataclass(frozen=True)
class DoubtedAnswer:
    """One answer that is likely to be wrong."""

    row: int
    """Which of the answers that were looked at."""
    other: Label
    """The answer that the model would give; of marks, the given one with what is doubted put right."""
    given_probability: float
    """How likely the model takes what was answered to be, in 0..1: of marks, at the most doubtful place."""
    other_probability: float


@dataclass(frozen=True)
class SaidOfMarks:
    """What was answered about one sample, and what a model finds in it that was not trained on it."""

    answer: Label
    found: tuple[tuple[Label, float], ...]
    """Each mark as the answer that holds it alone, and how sure the model is."""
    nothing: float | None = None
    """How sure the model is that nothing is where it finds nothing; None: as sure as what it does find there
    leaves.
    """


@dataclass(frozen=True)
class SaidOfPool:
    """What a model finds in a sample that had no answer."""

    found: tuple[tuple[Label, float], ...]
    """Each mark as the answer that holds it alone, and how sure the model is."""
    sureness: float
    """How sure it is of the place that it is least sure of."""
