"""The values of reviews: why an answer goes back, and what came of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from resources.kinds import Kind
from resources.labeling.label_studio.values import TaskId
from resources.mark_changes import changes_told
from resources.marks import told
from resources.terms import DatasetName, Label, SampleId


class Reason(StrEnum):
    """Why an answer goes back to people."""

    DOUBTED = "doubted"
    """A model that was not trained on the sample takes it for another class, or would mark it otherwise."""
    DISAGREEMENT = "disagreement"
    """People answered differently, more so than the data set allows."""


class ReviewState(StrEnum):
    """Where the review of one sample's label stands."""

    PASSED = "passed"
    """Looked at, and not doubted."""
    RETURNED = "returned"
    """With people again; the label is not in the confirmed pool."""
    SETTLED = "settled"
    """A person looked again: that answer is final, and never returned."""


@dataclass(frozen=True)
class Doubted:
    """An answer that is to go back."""

    sample: SampleId
    label: Label
    """What was answered."""
    reason: Reason
    other: Label | None = None
    """What the model takes it for; where answers are marks, the one given with what is doubted put right."""
    likelihood: float | None = None
    """How likely the model takes the given answer to be, in 0..1."""
    other_likelihood: float | None = None

    def words(self, kind: Kind) -> tuple[str, str]:
        """What was answered and what the model takes it for, in a few words; empty where no model speaks."""
        if self.other is None:
            return self.label, ""
        return told(kind, self.label), told(kind, self.other)

    def note(self, kind: Kind, text: str = "") -> str:
        """The reason for whoever looks again: on the page of the task. ``text``: the sample, if it is one."""
        if self.reason is Reason.DISAGREEMENT:
            return f"Please look again: people answered differently ({self.label}). Your answer decides."
        if not kind.has_one_class:
            changes = "; ".join(changes_told(kind, self.label, self.other or self.label, text))
            return (
                f"Please look again: {changes} ({self.other_likelihood or 0:.0%} against "
                f"{self.likelihood or 0:.0%}). Your answer decides, the same one too."
            )
        return (
            f"Please look again: it was labelled {self.label}, the model takes it for {self.other} "
            f"({self.other_likelihood or 0:.0%} against {self.likelihood or 0:.0%}). "
            "Your answer decides, the same one too."
        )


@dataclass(frozen=True)
class Review:
    """What came of looking at one sample's label again."""

    dataset: DatasetName
    doubted: Doubted
    state: ReviewState
    returned_at: datetime
    settled_at: datetime | None
    settled_label: Label | None
    task: TaskId | None
    """The task where people look again; None while it is not in Label Studio, or after it was deleted."""

    @property
    def is_upheld(self) -> bool:
        """Whether the second answer is the first one."""
        return self.state is ReviewState.SETTLED and self.settled_label == self.doubted.label


@dataclass(frozen=True)
class ReviewCounts:
    """How many labels stand where."""

    passed: int = 0
    returned: int = 0
    upheld: int = 0
    corrected: int = 0
    skipped: int = 0
    """Returned ones that nobody could tell the second time."""
