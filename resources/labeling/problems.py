"""The words for problems: what is wrong, and what a person can do about it."""

from collections.abc import Callable, Sequence
from datetime import datetime

from resources.labeling.model import Finding, Problem, ProblemKind
from resources.terms import DatasetName, Label, SampleId

_MEND = "Open task {task} in Label Studio, choose one class and update the annotation."

_TEXTS: dict[ProblemKind, tuple[str, str]] = {
    ProblemKind.NO_LABEL: ("annotation {annotation} of task {task} has no label; expected one", _MEND),
    ProblemKind.TWO_LABELS: (
        "annotation {annotation} of task {task} has more than one label: {detail}; expected one",
        _MEND,
    ),
    ProblemKind.OUTSIDE_CLASSES: (
        "annotation {annotation} of task {task} says {detail}, which is none of the classes {classes}",
        _MEND,
    ),
    ProblemKind.DIFFERENT_ANSWERS: (
        "one sample has different answers: {detail}",
        "Make the answers of these tasks agree in Label Studio, or delete the task that is one too many.",
    ),
    ProblemKind.UNKNOWN_SAMPLE: (
        "task {task} is none that was asked: its data names {detail}",
        "Nothing waits for it. Delete it in Label Studio, or add its picture to the data set's source.",
    ),
    ProblemKind.DELETED_TASK: (
        "task {task} was deleted in Label Studio before anybody answered it",
        "Nothing waits for it. To ask it once more, materialize label_tasks again for that version.",
    ),
    ProblemKind.IN_REVIEW: (
        "the answer {detail} went back to people: look again in task {task}",
        "Open task {task} in Label Studio, which says why, and submit an answer: that one is final.",
    ),
    ProblemKind.SKIPPED_TASK: (
        "task {task} was skipped",
        "Nothing waits for it. If it can be told after all, submit an answer for it in Label Studio.",
    ),
}


def describe(
    dataset: DatasetName,
    sample: SampleId | None,
    finding: Finding,
    opened_at: datetime,
    classes: Sequence[Label],
    *,
    blocks: bool,
) -> Problem:
    """``finding`` as a problem in words."""
    problem, next_step = _TEXTS[finding.kind]
    fill: Callable[[str], str] = lambda text: text.format(  # noqa: E731
        task=finding.task,
        annotation=finding.annotation,
        detail=finding.detail or "no sample",
        classes=", ".join(classes),
    )
    return Problem(dataset, sample, finding, opened_at, fill(problem), fill(next_step), blocks)
