"""What labeling is about, as values: questions, answers that count, problems, polls."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from resources.asking import Why
from resources.labeling.label_studio.values import AnnotationId, ProjectId, TaskId
from resources.terms import DatasetName, Label, SampleId, VersionKey


class QuestionState(StrEnum):
    """Where one question stands."""

    OPEN = "open"
    """Nobody answered yet, or the answer cannot be used and a person must mend it."""
    ANSWERED = "answered"
    IN_REVIEW = "in_review"
    """Its answer is doubted and went back to people: not in the confirmed pool until one looked again."""
    SKIPPED = "skipped"
    """A person could not tell. It is not asked again."""
    WITHDRAWN = "withdrawn"
    """Its task was deleted before anybody answered. The sample may be asked again."""


@dataclass(frozen=True)
class Question:
    """A sample that people are to label, with what the model thinks of it."""

    sample: SampleId
    guess: Label
    score: float
    """How sure the model is of its guess, in 0..1."""
    file: Path
    """The picture's or the text's; a picture may be tiny, people are shown a larger one."""
    why: Why = Why.STRATEGY
    original: str | None = None
    """The address that its picture is shown from; None where a copy is."""


@dataclass(frozen=True)
class AskedQuestion:
    """A question as it was put to people."""

    dataset: DatasetName
    version: VersionKey
    """The version whose champion asked."""
    sample: SampleId
    guess: Label
    score: float
    model_version: str
    state: QuestionState
    asked_at: datetime
    task: TaskId | None
    """Its task in Label Studio; None while it has not been sent yet, or after the task was deleted."""
    why: Why
    original: str | None = None
    """The address that its picture is shown from; None where a copy is."""


@dataclass(frozen=True)
class QuestionCount:
    """How many questions are alike."""

    version: VersionKey
    why: Why
    guess: Label | None
    """The class that was guessed; None where answers are marks, of which hardly two are alike."""
    state: QuestionState
    count: int


@dataclass(frozen=True)
class AskReport:
    """What came of asking."""

    project: ProjectId
    address: str
    """The project's page in Label Studio."""
    asked: int
    """Questions of this version."""
    sent: int
    """Tasks that this call made; fewer than asked when some were there already."""


@dataclass(frozen=True)
class ConfirmedAnswer:
    """A label that people gave and that may go into a version."""

    sample: SampleId
    label: Label
    ref: str
    """Unique for ever: a changed answer is another confirmed label with another ref."""
    task: TaskId
    annotation: AnnotationId
    at: datetime
    """When the annotation was last changed in Label Studio."""


@dataclass(frozen=True)
class RandomPick:
    """A random pick that people answered."""

    version: VersionKey
    """The version whose champion asked, and guessed."""
    guessed: bool
    """Whether it had guessed the answer."""
    at: datetime
    """When it was answered."""


class ProblemKind(StrEnum):
    """What can be wrong with what people did in Label Studio."""

    NO_LABEL = "no_label"
    TWO_LABELS = "two_labels"
    OUTSIDE_CLASSES = "outside_classes"
    DIFFERENT_ANSWERS = "different_answers"
    UNKNOWN_SAMPLE = "unknown_sample"
    DELETED_TASK = "deleted_task"
    SKIPPED_TASK = "skipped_task"
    IN_REVIEW = "in_review"


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong now, as the pure judgement finds it."""

    kind: ProblemKind
    task: TaskId
    annotation: AnnotationId | None
    detail: str
    """What exactly: the labels, the other tasks."""


@dataclass(frozen=True)
class Problem:
    """Something that a person should know or mend, from when it was found until it is mended."""

    dataset: DatasetName
    sample: SampleId | None
    finding: Finding
    opened_at: datetime
    problem: str
    """What is wrong, in words."""
    next_step: str
    """What to do about it."""
    blocks: bool
    """Whether its question stays open until somebody mends it."""


@dataclass(frozen=True)
class PollResult:
    """What one poll of Label Studio brought."""

    cursor: str
    """Where the next poll goes on; kept by whoever polls."""
    complete: bool
    """False when the deadline came before the last page: the next poll goes on there."""
    seen: int
    """Tasks that Label Studio listed as changed."""
    fetched: int
    """Tasks whose annotations had to be read."""
    new_labels: int
    """Labels that were confirmed by this poll."""
    sweeping: bool
    """Whether a full sweep is under way, in slices."""


@dataclass(frozen=True)
class Standing:
    """Where a data set stands with its people, in numbers for a sentence or a page."""

    questions: int
    open: int
    """Those that wait for a person: the first time, or again."""
    answered: int
    skipped: int
    withdrawn: int
    problems: int
    """Open ones; some keep a question open, some are only to be known."""
    in_review: int = 0
    """Those among the open ones whose answer went back to people."""
