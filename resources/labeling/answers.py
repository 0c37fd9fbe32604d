"""The judgement: what the annotations of one sample amount to. Pure: no I/O, no clock."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from resources.kinds import Kind
from resources.labeling.label_studio.values import Annotation, AnnotationId, TaskId
from resources.labeling.model import Finding, ProblemKind, QuestionState
from resources.marks import flaw, same, told
from resources.terms import Label

Earlier = frozenset[tuple[AnnotationId, datetime]]
"""The annotations that were known at some moment, each with when it was last changed."""


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


def judge(
    tasks: Sequence[KnownTask],
    classes: frozenset[Label],
    *,
    earlier: Earlier | None = None,
    least_agreement: float = 1.0,
    people: int = 1,
    kind: Kind = Kind.IMAGE_CLASSES,
) -> Verdict:
    """Judge all that is known about one question. The order of ``tasks`` does not matter.

    1. Deleted tasks count only where no living one is left: an answer that was given outlives its task.
    2. A skip is no answer. An annotation with no label, with two, or with one outside the classes is a
       problem, and no answer.
    3. Until so many ``people`` have answered or skipped, the question is open. One whose answer Label Studio
       marks as ground truth waits for nobody.
    4. If all answers say the same, or ``least_agreement`` of them, that of the annotation with the lowest id
       is confirmed. One that Label Studio marks as ground truth counts alone.
    5. If they differ, none is confirmed, and the problem names them all.
    6. Without an answer: open where there is a problem to mend or nobody came yet; skipped where people only
       skipped; withdrawn where the task was deleted.
    7. A label that went back to people rests on what was given or changed since: the newest usable answer
       among that is final, whatever ``earlier`` ones say. Until there is one it is in review; skipped where
       people looked again and could not tell.
    """
    if earlier is not None:
        return _second_look(tasks, classes, earlier, kind)
    living = [task for task in tasks if task.live]
    counted = living or list(tasks)
    given = sorted(
        ((task, annotation) for task in counted for annotation in task.annotations),
        key=lambda pair: pair[1].id,
    )
    submitted = [(task, annotation) for task, annotation in given if not annotation.skipped]
    usable, flawed = _sorted_out(submitted, classes, kind)
    known = [pair for pair in usable if pair[1].ground_truth]
    if living and usable and not known and _people(usable, given) < people:
        return Verdict(QuestionState.OPEN, None, flawed)
    usable = known or usable
    labels = [annotation.labels[0] for _, annotation in usable]
    agreed = _agreed(labels, least_agreement, kind)
    if agreed is not None:
        task, annotation = usable[agreed]
        choice = Choice(annotation.labels[0], task.id, annotation.id, annotation.at)
        return Verdict(QuestionState.ANSWERED, choice, flawed if living else ())
    if tasks and not living:
        gone = max(tasks, key=lambda task: task.id)
        return Verdict(QuestionState.WITHDRAWN, None, (Finding(ProblemKind.DELETED_TASK, gone.id, None, ""),))
    if labels:
        said = ", ".join(
            f"{told(kind, annotation.labels[0])} (task {task.id})" for task, annotation in usable
        )
        task, annotation = usable[0]
        differing = Finding(ProblemKind.DIFFERENT_ANSWERS, task.id, annotation.id, said)
        return Verdict(QuestionState.OPEN, None, (*flawed, differing))
    if flawed or not given:
        return Verdict(QuestionState.OPEN, None, flawed)
    task, annotation = given[0]
    return Verdict(
        QuestionState.SKIPPED, None, (Finding(ProblemKind.SKIPPED_TASK, task.id, annotation.id, ""),)
    )


def _people(
    usable: Sequence[tuple[KnownTask, Annotation]], given: Sequence[tuple[KnownTask, Annotation]]
) -> int:
    """How many answered or skipped. An annotation of which nobody knows who gave it is of one more."""
    came = [annotation for _, annotation in usable]
    came += [annotation for _, annotation in given if annotation.skipped]
    named = {annotation.by for annotation in came if annotation.by is not None}
    return len(named) + sum(annotation.by is None for annotation in came)


def _agreed(labels: Sequence[Label], least_agreement: float, kind: Kind) -> int | None:
    """The place of the first answer that enough of them give."""
    given = [sum(same(kind, label, other) for other in labels) for label in labels]
    most = max(given, default=0)
    return given.index(most) if labels and most >= least_agreement * len(labels) else None


def _second_look(
    tasks: Sequence[KnownTask], classes: frozenset[Label], earlier: Earlier, kind: Kind
) -> Verdict:
    living = [task for task in tasks if task.live]
    since = [
        (task, annotation)
        for task in living or tasks
        for annotation in task.annotations
        if (annotation.id, annotation.at) not in earlier
    ]
    submitted = sorted(
        ((task, annotation) for task, annotation in since if not annotation.skipped),
        key=lambda pair: (pair[1].at, pair[1].id),
    )
    usable, flawed = _sorted_out(submitted, classes, kind)
    if usable:
        task, annotation = usable[-1]
        choice = Choice(annotation.labels[0], task.id, annotation.id, annotation.at)
        return Verdict(QuestionState.ANSWERED, choice, ())
    if flawed:
        return Verdict(QuestionState.IN_REVIEW, None, flawed)
    if not since:
        return Verdict(QuestionState.IN_REVIEW, None, _waiting(living or tasks))
    task, annotation = since[-1]
    skipped = Finding(ProblemKind.SKIPPED_TASK, task.id, annotation.id, "")
    return Verdict(QuestionState.SKIPPED, None, (skipped,))


def _waiting(tasks: Sequence[KnownTask]) -> tuple[Finding, ...]:
    """What is with people again, at the task where they look: the newest one."""
    if not tasks:
        return ()
    said = sorted({label for task in tasks for one in task.annotations for label in one.labels})
    newest = max(task.id for task in tasks)
    return (Finding(ProblemKind.IN_REVIEW, newest, None, ", ".join(said)),)


def _sorted_out(
    submitted: Sequence[tuple[KnownTask, Annotation]], classes: frozenset[Label], kind: Kind
) -> tuple[list[tuple[KnownTask, Annotation]], tuple[Finding, ...]]:
    """Those that can be used, in their order, and what is wrong with the others."""
    usable, flawed = list[tuple[KnownTask, Annotation]](), list[Finding]()
    for task, annotation in submitted:
        flawed_by = _flaw(annotation, classes, kind)
        if flawed_by is None:
            usable.append((task, annotation))
        else:
            flawed.append(Finding(flawed_by, task.id, annotation.id, ", ".join(annotation.labels)))
    return usable, tuple(flawed)


def _flaw(annotation: Annotation, classes: frozenset[Label], kind: Kind) -> ProblemKind | None:
    if not annotation.labels:
        return ProblemKind.NO_LABEL
    if len(annotation.labels) > 1:
        return ProblemKind.TWO_LABELS
    if flaw(kind, annotation.labels[0], classes) is not None:
        return ProblemKind.OUTSIDE_CLASSES
    return None
