"""What Label Studio knows, as values: tasks, annotations, pages."""

from dataclasses import dataclass
from datetime import datetime
from typing import NewType

from resources.asking import Why
from resources.kinds import Kind
from resources.terms import Label, SampleId

ProjectId = NewType("ProjectId", int)
"""A project's number in Label Studio."""

TaskId = NewType("TaskId", int)
"""A task's number in Label Studio. On SQLite the number of a newest task that was deleted is used again."""

AnnotationId = NewType("AnnotationId", int)
"""An annotation's number in Label Studio."""


@dataclass(frozen=True)
class Annotation:
    """What one person submitted for one task."""

    id: AnnotationId
    labels: tuple[Label, ...]
    """Every choice in it, sorted, each once; a usable annotation has exactly one. Marks are one label."""
    skipped: bool
    """The person pressed *Skip* instead of submitting."""
    at: datetime
    """When it was last changed."""
    by: int | None = None
    """The number of who gave it, in Label Studio; None for one that was read before this was kept."""
    ground_truth: bool = False
    """Whether somebody marked it there as the known answer."""


@dataclass(frozen=True)
class TaskSummary:
    """A task without its annotations, as a page of changes lists it."""

    id: TaskId
    sample: SampleId | None
    """The sample that its data names; None for a task that somebody else made."""
    question: str | None
    """What it was made for, as ``dataset/version``; None for a task that somebody else made."""
    updated_at: datetime
    """Moves whenever an annotation of it is made, changed or deleted."""
    annotations: int
    """How many annotations it has, skips not counted."""
    skips: int


@dataclass(frozen=True)
class Page:
    """Some tasks, and the server's clock when it listed them."""

    tasks: tuple[TaskSummary, ...]
    server_time: datetime
    """In whole seconds."""


@dataclass(frozen=True)
class Task:
    """A task with its annotations."""

    summary: TaskSummary
    annotations: tuple[Annotation, ...]


@dataclass(frozen=True)
class Counts:
    """How much a project holds."""

    tasks: int
    annotations: int
    """Annotations of all tasks, skips too."""


@dataclass(frozen=True)
class NewTask:
    """A task to make: one sample, with what the model thinks of it."""

    sample: SampleId
    shown: str
    """Where the picture is, such as ``/data/local-files/?d=…``; of a text the text itself."""
    question: str
    guess: Label
    score: float
    """How sure the model is, in 0..1."""
    model_version: str
    why: Why = Why.STRATEGY
    note: str = ""
    """What is shown above it; empty where there is nothing to say."""
    kind: Kind = Kind.IMAGE_CLASSES
