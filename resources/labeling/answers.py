"""The judgement: what the annotations of one sample amount to. Pure: no I/O, no clock."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from resources.labeling.label_studio.values import Annotation, AnnotationId, TaskId
from resources.labeling.model import Finding, ProblemKind, QuestionState
from resources.terms import Label


@dataclass(frozen=True)
class KnownTask:
    """A task as it was last seen."""

    id: TaskId
    live: bool
    """False after it was deleted in Label Studio; what was answered before is still known."""
    annotations: tuple[Annotation, ...]


@dataclass(frozen=True)
class Choice:
    """The answer that counts for a sample."""

    label: Label
    task: TaskId
    annotation: AnnotationId
    at: datetime


@dataclass(frozen=True)
class Verdict:
    """What people said about one sample, all tasks and annotations together."""

    state: QuestionState
    choice: Choice | None
    """The confirmed label; None while there is none, or while answers differ."""
    findings: tuple[Finding, ...]


def judge(tasks: Sequence[KnownTask], classes: frozenset[Label]) -> Verdict:
    """Judge all that is known about one question. The order of ``tasks`` does not matter.

    1. Deleted tasks count only where no living one is left: an answer that was given outlives its task.
    2. A skip is no answer. An annotation with no label, with two, or with one outside the classes is a
       problem, and no answer.
    3. If all answers are the same label, it is confirmed, by the annotation with the lowest id.
    4. If they differ, none is confirmed, and the problem names them all.
    5. Without an answer: open where there is a problem to mend or nobody came yet; skipped where people only
       skipped; withdrawn where the task was deleted.
    """
    living = [task for task in tasks if task.live]
    counted = living or list(tasks)
    given = sorted(
        ((task, annotation) for task in counted for annotation in task.annotations),
        key=lambda pair: pair[1].id,
    )
    submitted = [(task, annotation) for task, annotation in given if not annotation.skipped]
    usable = [(task, annotation) for task, annotation in submitted if _flaw(annotation, classes) is None]
    flawed = tuple(
        Finding(flaw, task.id, annotation.id, ", ".join(annotation.labels))
        for task, annotation in submitted
        if (flaw := _flaw(annotation, classes)) is not None
    )
    labels = {annotation.labels[0] for _, annotation in usable}
    if len(labels) == 1:
        task, annotation = usable[0]
        choice = Choice(annotation.labels[0], task.id, annotation.id, annotation.at)
        return Verdict(QuestionState.ANSWERED, choice, flawed if living else ())
    if tasks and not living:
        gone = max(tasks, key=lambda task: task.id)
        return Verdict(QuestionState.WITHDRAWN, None, (Finding(ProblemKind.DELETED_TASK, gone.id, None, ""),))
    if labels:
        said = ", ".join(f"{annotation.labels[0]} (task {task.id})" for task, annotation in usable)
        task, annotation = usable[0]
        differing = Finding(ProblemKind.DIFFERENT_ANSWERS, task.id, annotation.id, said)
        return Verdict(QuestionState.OPEN, None, (*flawed, differing))
    if flawed or not given:
        return Verdict(QuestionState.OPEN, None, flawed)
    task, annotation = given[0]
    return Verdict(
        QuestionState.SKIPPED, None, (Finding(ProblemKind.SKIPPED_TASK, task.id, annotation.id, ""),)
    )


def _flaw(annotation: Annotation, classes: frozenset[Label]) -> ProblemKind | None:
    if not annotation.labels:
        return ProblemKind.NO_LABEL
    if len(annotation.labels) > 1:
        return ProblemKind.TWO_LABELS
    if annotation.labels[0] not in classes:
        return ProblemKind.OUTSIDE_CLASSES
    return None
