"""The rows of labeling: read and written in the caller's transaction."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, Select, and_, case, delete, exists, func, insert, null, select, update

from resources.asking import Why
from resources.kinds import Kind
from resources.labeling.answers import KnownTask
from resources.labeling.label_studio.values import Annotation, AnnotationId, ProjectId, Task, TaskId
from resources.labeling.model import (
    AskedQuestion,
    ConfirmedAnswer,
    Question,
    QuestionCount,
    QuestionState,
    RandomPick,
)
from resources.labeling.tables import CONFIRMED, INBOX, PROJECTS, QUESTIONS, ROUNDS, SWEEPS, TASKS
from resources.marks import same
from resources.showing import ShownFrom
from resources.terms import DatasetName, Label, SampleId, VersionKey

SLICE = 500
"""How many values one condition names; SQLite has a limit."""

REVIEW_ENDING = "/review"
"""How what a task was made for ends, where it asks people to look again."""

_Item = TypeVar("_Item")


@dataclass(frozen=True)
class KnownProject:
    """The project of a data set."""

    dataset: DatasetName
    id: ProjectId
    classes: tuple[Label, ...]
    kind: Kind = Kind.IMAGE_CLASSES
    shown_from: ShownFrom = field(default_factory=ShownFrom)
    """Where its pictures are; what is needed to get there, Label Studio has."""


@dataclass(frozen=True)
class Sweep:
    """The full look through a project, in slices."""

    after: TaskId | None
    """Where the next slice begins; None when no sweep is under way."""
    reason: str
    """Why the last one was started."""
    finished_at: datetime


@dataclass(frozen=True)
class SeenTask:
    """What was seen last of a task that is known."""

    updated_at: datetime
    live: bool
    annotations: int
    """How many it had, skips too."""
    sample: SampleId | None


@dataclass(frozen=True)
class Hint:
    """What one web hook said."""

    id: int
    action: str
    tasks: tuple[TaskId, ...]


def slices(items: Iterable[_Item]) -> Iterator[list[_Item]]:
    """``items`` in lists of at most :data:`SLICE`."""
    every = list(items)
    return (every[start : start + SLICE] for start in range(0, len(every), SLICE))


def project_of(connection: Connection, dataset: DatasetName) -> KnownProject | None:
    """The project of ``dataset``, or None before anything was asked."""
    row = connection.execute(select(PROJECTS).where(PROJECTS.c.dataset == dataset)).first()
    if row is None:
        return None
    classes = tuple(json.loads(row.classes))
    return KnownProject(
        DatasetName(row.dataset), ProjectId(row.project), classes, Kind(row.kind), ShownFrom(row.shown_from)
    )


def put_project(connection: Connection, known: KnownProject, now: datetime) -> None:
    """Keep which project is whose. The tasks of an earlier project are gone with it."""
    connection.execute(delete(PROJECTS).where(PROJECTS.c.dataset == known.dataset))
    connection.execute(
        insert(PROJECTS).values(
            dataset=known.dataset,
            project=known.id,
            classes=json.dumps(list(known.classes)),
            kind=known.kind,
            shown_from=known.shown_from.url,
        )
    )
    connection.execute(
        update(TASKS)
        .where(TASKS.c.dataset == known.dataset, TASKS.c.project != known.id, TASKS.c.live)
        .values(live=False)
    )
    if sweep_of(connection, known.dataset) is None:
        put_sweep(connection, known.dataset, Sweep(None, "", now))


def projects_known(connection: Connection) -> frozenset[ProjectId]:
    """All projects that are ours."""
    return frozenset(ProjectId(row.project) for row in connection.execute(select(PROJECTS.c.project)))


def put_questions(
    connection: Connection,
    dataset: DatasetName,
    version: VersionKey,
    questions: Sequence[Question],
    model_version: str,
    now: datetime,
) -> int:
    """Write those that were never asked, and open those again whose task was deleted. Returns how many.

    Their order is kept.
    """
    there = [
        row
        for part in slices([question.sample for question in questions])
        for row in connection.execute(
            select(QUESTIONS.c.sample, QUESTIONS.c.state, QUESTIONS.c.original).where(
                QUESTIONS.c.dataset == dataset, QUESTIONS.c.sample.in_(part)
            )
        )
    ]
    states = {row.sample: QuestionState(row.state) for row in there}
    shown = {row.sample: row.original for row in there if row.state != QuestionState.WITHDRAWN}
    fresh = [q for q in questions if states.get(q.sample, QuestionState.WITHDRAWN) is QuestionState.WITHDRAWN]
    for part in slices([question.sample for question in fresh]):
        connection.execute(
            delete(QUESTIONS).where(QUESTIONS.c.dataset == dataset, QUESTIONS.c.sample.in_(part))
        )
    if fresh:
        connection.execute(
            insert(QUESTIONS),
            [
                {
                    "dataset": dataset,
                    "sample": question.sample,
                    "version": version,
                    "guess": question.guess,
                    "score": question.score,
                    "model_version": model_version,
                    "state": QuestionState.OPEN,
                    "asked_at": now,
                    "why": question.why,
                    "place": place,
                    "original": question.original,
                }
                for place, question in enumerate(fresh)
            ],
        )
    _put_originals(connection, dataset, questions, shown)
    return len(fresh)


def _put_originals(
    connection: Connection,
    dataset: DatasetName,
    questions: Sequence[Question],
    shown: Mapping[SampleId, str | None],
) -> None:
    """What lies at an address may have changed since a call that was cut short, before the task was made."""
    for question in questions:
        if question.sample in shown and shown[question.sample] != question.original:
            connection.execute(
                update(QUESTIONS)
                .where(QUESTIONS.c.dataset == dataset, QUESTIONS.c.sample == question.sample)
                .values(original=question.original)
            )


def questions_of(
    connection: Connection,
    dataset: DatasetName,
    *,
    state: QuestionState | None = None,
    also: Sequence[QuestionState] = (),
    version: VersionKey | None = None,
) -> list[AskedQuestion]:
    """Questions with their living task, by version and in the order in which they were asked: the task where
    people look again, if any.
    """
    tasks = (
        select(
            TASKS.c.sample,
            func.coalesce(
                func.min(case((TASKS.c.question.endswith(REVIEW_ENDING), TASKS.c.task))),
                func.min(TASKS.c.task),
            ).label("task"),
        )
        .where(TASKS.c.dataset == dataset, TASKS.c.live)
        .group_by(TASKS.c.sample)
        .subquery()
    )
    statement: Select[Any] = (
        select(QUESTIONS, tasks.c.task)
        .select_from(QUESTIONS.outerjoin(tasks, QUESTIONS.c.sample == tasks.c.sample))
        .where(QUESTIONS.c.dataset == dataset)
        .order_by(QUESTIONS.c.version, QUESTIONS.c.place, QUESTIONS.c.sample)
    )
    if state is not None:
        statement = statement.where(QUESTIONS.c.state.in_([state, *also]))
    if version is not None:
        statement = statement.where(QUESTIONS.c.version == version)
    return [_question(row) for row in connection.execute(statement)]


def unplaced_of(connection: Connection, dataset: DatasetName) -> list[AskedQuestion]:
    """Open questions for which no task is known, by version and in the order in which they were asked."""
    placed = select(TASKS.c.task).where(
        TASKS.c.dataset == dataset, TASKS.c.live, TASKS.c.sample == QUESTIONS.c.sample
    )
    statement = (
        select(QUESTIONS, null().label("task"))
        .where(QUESTIONS.c.dataset == dataset, QUESTIONS.c.state == QuestionState.OPEN, ~placed.exists())
        .order_by(QUESTIONS.c.version, QUESTIONS.c.place, QUESTIONS.c.sample)
    )
    return [_question(row) for row in connection.execute(statement)]


def models_waiting(connection: Connection, dataset: DatasetName) -> list[tuple[VersionKey, str]]:
    """Of which versions questions are open, and whose guesses they show."""
    statement = (
        select(QUESTIONS.c.version, QUESTIONS.c.model_version)
        .where(QUESTIONS.c.dataset == dataset, QUESTIONS.c.state == QuestionState.OPEN)
        .distinct()
        .order_by(QUESTIONS.c.version, QUESTIONS.c.model_version)
    )
    return [(VersionKey(row.version), row.model_version) for row in connection.execute(statement)]


def placed_among(
    connection: Connection, dataset: DatasetName, samples: Sequence[SampleId]
) -> dict[SampleId, list[TaskId]]:
    """The living tasks of each of ``samples`` whose question is open and that has any."""
    found: dict[SampleId, list[TaskId]] = {}
    for part in slices(samples):
        rows = connection.execute(
            select(TASKS.c.sample, TASKS.c.task)
            .join(
                QUESTIONS, (QUESTIONS.c.dataset == TASKS.c.dataset) & (QUESTIONS.c.sample == TASKS.c.sample)
            )
            .where(
                TASKS.c.dataset == dataset,
                TASKS.c.live,
                TASKS.c.sample.in_(part),
                QUESTIONS.c.state == QuestionState.OPEN,
            )
        )
        for row in rows:
            found.setdefault(SampleId(row.sample), []).append(TaskId(row.task))
    return found


def samples_asked(
    connection: Connection, dataset: DatasetName, *, but_by: VersionKey | None
) -> frozenset[SampleId]:
    """Samples that may not be asked again: all but the withdrawn ones and those of version ``but_by``."""
    statement = select(QUESTIONS.c.sample).where(
        QUESTIONS.c.dataset == dataset,
        QUESTIONS.c.state != QuestionState.WITHDRAWN,
        QUESTIONS.c.version != (but_by or ""),
    )
    return frozenset(SampleId(row.sample) for row in connection.execute(statement))


def count_states(connection: Connection, dataset: DatasetName) -> dict[QuestionState, int]:
    """How many questions are in which state."""
    statement = (
        select(QUESTIONS.c.state, func.count().label("number"))
        .where(QUESTIONS.c.dataset == dataset)
        .group_by(QUESTIONS.c.state)
    )
    return {QuestionState(row.state): int(row.number) for row in connection.execute(statement)}


def kind_of(connection: Connection, dataset: DatasetName) -> Kind:
    """What people say about the samples of a data set; before anybody was asked, that they are of classes."""
    known = project_of(connection, dataset)
    return known.kind if known else Kind.IMAGE_CLASSES


def count_questions(connection: Connection, dataset: DatasetName, *, by_guess: bool) -> list[QuestionCount]:
    """The questions of a data set, counted where they are, by version, reason, guess and state."""
    keys = (QUESTIONS.c.version, QUESTIONS.c.why, QUESTIONS.c.state)
    guess = (QUESTIONS.c.guess,) if by_guess else ()
    statement = (
        select(*keys, *guess, func.count().label("number"))
        .where(QUESTIONS.c.dataset == dataset)
        .group_by(*keys, *guess)
        .order_by(*keys, *guess)
    )
    return [
        QuestionCount(
            VersionKey(row.version),
            Why(row.why),
            Label(row.guess) if by_guess else None,
            QuestionState(row.state),
            int(row.number),
        )
        for row in connection.execute(statement)
    ]


def put_round(
    connection: Connection, dataset: DatasetName, version: VersionKey, questions: int, now: datetime
) -> bool:
    """Note that a version's questions are all asked. Returns whether that is news."""
    if round_asked(connection, dataset, version) is not None:
        connection.execute(
            update(ROUNDS)
            .where(ROUNDS.c.dataset == dataset, ROUNDS.c.version == version)
            .values(questions=questions)
        )
        return False
    connection.execute(
        insert(ROUNDS).values(dataset=dataset, version=version, questions=questions, asked_at=now)
    )
    return True


def round_asked(connection: Connection, dataset: DatasetName, version: VersionKey) -> int | None:
    """How many questions a version asked; None while they are not all in Label Studio."""
    found = connection.execute(
        select(ROUNDS.c.questions).where(ROUNDS.c.dataset == dataset, ROUNDS.c.version == version)
    ).scalar_one_or_none()
    return None if found is None else int(found)


def seen_tasks(connection: Connection, project: ProjectId, ids: Sequence[TaskId]) -> dict[TaskId, SeenTask]:
    """Those of ``ids`` that are known, as they were last seen."""
    return {
        TaskId(row.task): SeenTask(
            row.updated_at, row.live, row.submitted, None if row.sample is None else SampleId(row.sample)
        )
        for part in slices(ids)
        for row in connection.execute(
            select(TASKS.c.task, TASKS.c.updated_at, TASKS.c.live, TASKS.c.submitted, TASKS.c.sample).where(
                TASKS.c.project == project, TASKS.c.task.in_(part)
            )
        )
    }


def put_tasks(connection: Connection, known: KnownProject, tasks: Sequence[Task]) -> None:
    """Keep ``tasks`` as they were just seen."""
    for part in slices([task.summary.id for task in tasks]):
        connection.execute(delete(TASKS).where(TASKS.c.project == known.id, TASKS.c.task.in_(part)))
    if tasks:
        connection.execute(insert(TASKS), [_task_row(known, task) for task in tasks])


def mark_gone(connection: Connection, project: ProjectId, ids: Sequence[TaskId]) -> frozenset[SampleId]:
    """Note that tasks were deleted. Returns the samples they were about."""
    samples: set[SampleId] = set()
    for part in slices(ids):
        condition = and_(TASKS.c.project == project, TASKS.c.task.in_(part), TASKS.c.live)
        found = connection.execute(select(TASKS.c.sample).where(condition))
        samples.update(SampleId(row.sample) for row in found if row.sample)
        connection.execute(update(TASKS).where(condition).values(live=False))
    return frozenset(samples)


def living_between(
    connection: Connection, project: ProjectId, after: TaskId, upto: TaskId | None
) -> frozenset[TaskId]:
    """The known living tasks with ids in ``(after, upto]``; without ``upto`` all above ``after``."""
    statement = select(TASKS.c.task).where(TASKS.c.project == project, TASKS.c.live, TASKS.c.task > after)
    if upto is not None:
        statement = statement.where(TASKS.c.task <= upto)
    return frozenset(TaskId(row.task) for row in connection.execute(statement))


def known_counts(connection: Connection, project: ProjectId) -> tuple[int, int]:
    """How many living tasks are known, and how many annotations they have, skips too."""
    row = connection.execute(
        select(func.count(), func.coalesce(func.sum(TASKS.c.submitted), 0)).where(
            TASKS.c.project == project, TASKS.c.live
        )
    ).one()
    return int(row[0]), int(row[1])


def surplus_tasks(
    connection: Connection, project: ProjectId, samples: Sequence[SampleId], question: str
) -> list[TaskId]:
    """Untouched tasks that were made for ``question`` a second time: all but one of each sample."""
    surplus: list[TaskId] = []
    for part in slices(samples):
        rows = connection.execute(
            select(TASKS.c.task, TASKS.c.sample, TASKS.c.question, TASKS.c.annotations)
            .where(TASKS.c.project == project, TASKS.c.sample.in_(part), TASKS.c.live)
            .order_by(TASKS.c.task)
        ).all()
        by_sample: dict[str, list[Any]] = {}
        for row in rows:
            by_sample.setdefault(row.sample, []).append(row)
        for alike in by_sample.values():
            kept = next((row for row in alike if row.annotations != "[]"), alike[0])
            surplus.extend(
                TaskId(row.task)
                for row in alike
                if row is not kept and row.annotations == "[]" and row.question == question
            )
    return surplus


def tasks_of_samples(
    connection: Connection, dataset: DatasetName, samples: Sequence[SampleId]
) -> dict[SampleId, list[KnownTask]]:
    """All known tasks of each sample, deleted ones too."""
    found: dict[SampleId, list[KnownTask]] = {}
    for part in slices(samples):
        statement = select(TASKS).where(TASKS.c.dataset == dataset, TASKS.c.sample.in_(part))
        for row in connection.execute(statement.order_by(TASKS.c.task)):
            task = KnownTask(TaskId(row.task), bool(row.live), annotations_in(row.annotations))
            found.setdefault(SampleId(row.sample), []).append(task)
    return found


def confirmed_of(connection: Connection, dataset: DatasetName) -> list[ConfirmedAnswer]:
    """The latest label of each sample that has one, by sample."""
    latest = (
        select(CONFIRMED.c.sample, func.max(CONFIRMED.c.revision).label("revision"))
        .where(CONFIRMED.c.dataset == dataset)
        .group_by(CONFIRMED.c.sample)
        .subquery()
    )
    same = and_(CONFIRMED.c.sample == latest.c.sample, CONFIRMED.c.revision == latest.c.revision)
    statement = (
        select(CONFIRMED)
        .join(latest, same)
        .where(CONFIRMED.c.dataset == dataset, ~CONFIRMED.c.withdrawn)
        .order_by(CONFIRMED.c.sample)
    )
    return [
        ConfirmedAnswer(
            SampleId(row.sample),
            Label(row.label),
            row.ref,
            TaskId(row.task),
            AnnotationId(row.annotation),
            row.at,
        )
        for row in connection.execute(statement)
    ]


def random_picks_of(connection: Connection, dataset: DatasetName, kind: Kind) -> list[RandomPick]:
    """The random picks that have a confirmed label, in the order of their answers; others are not read."""
    asked, newer = QUESTIONS.c, CONFIRMED.alias("newer")
    later = exists().where(
        newer.c.dataset == CONFIRMED.c.dataset,
        newer.c.sample == CONFIRMED.c.sample,
        newer.c.revision > CONFIRMED.c.revision,
    )
    statement = (
        select(asked.version, asked.guess, CONFIRMED.c.label, CONFIRMED.c.at)
        .join(CONFIRMED, and_(CONFIRMED.c.dataset == asked.dataset, CONFIRMED.c.sample == asked.sample))
        .where(asked.dataset == dataset, asked.why == Why.RANDOM, ~CONFIRMED.c.withdrawn, ~later)
        .order_by(CONFIRMED.c.at, asked.version, asked.place, asked.sample)
    )
    return [
        RandomPick(VersionKey(row.version), same(kind, Label(row.label), Label(row.guess)), row.at)
        for row in connection.execute(statement)
    ]


def labels_of(
    connection: Connection, dataset: DatasetName, samples: Sequence[SampleId]
) -> dict[SampleId, Label]:
    """The confirmed label of each of ``samples`` that has one."""
    found: dict[SampleId, Label] = {}
    for part in slices(samples):
        rows = connection.execute(
            select(CONFIRMED.c.sample, CONFIRMED.c.label, CONFIRMED.c.withdrawn)
            .where(CONFIRMED.c.dataset == dataset, CONFIRMED.c.sample.in_(part))
            .order_by(CONFIRMED.c.revision)
        )
        latest = {SampleId(row.sample): row for row in rows}
        found |= {sample: Label(row.label) for sample, row in latest.items() if not row.withdrawn}
    return found


def asked_among(
    connection: Connection, dataset: DatasetName, samples: Sequence[SampleId]
) -> frozenset[SampleId]:
    """Those of ``samples`` that people were ever asked about."""
    return frozenset(
        SampleId(row.sample)
        for part in slices(samples)
        for row in connection.execute(
            select(QUESTIONS.c.sample).where(QUESTIONS.c.dataset == dataset, QUESTIONS.c.sample.in_(part))
        )
    )


def sweep_of(connection: Connection, dataset: DatasetName) -> Sweep | None:
    """Where the full look stands."""
    row = connection.execute(select(SWEEPS).where(SWEEPS.c.dataset == dataset)).first()
    if row is None:
        return None
    return Sweep(None if row.after_task is None else TaskId(row.after_task), row.reason, row.finished_at)


def put_sweep(connection: Connection, dataset: DatasetName, sweep: Sweep) -> None:
    """Keep where the full look stands."""
    connection.execute(delete(SWEEPS).where(SWEEPS.c.dataset == dataset))
    connection.execute(
        insert(SWEEPS).values(
            dataset=dataset, after_task=sweep.after, reason=sweep.reason, finished_at=sweep.finished_at
        )
    )


def put_hint(
    connection: Connection, project: ProjectId, action: str, tasks: Sequence[TaskId], now: datetime
) -> None:
    """Keep what a web hook said, once: what waits already is not kept again, however often it is sent."""
    told = json.dumps(list(tasks))
    same = (INBOX.c.project == project, INBOX.c.action == action, INBOX.c.tasks == told)
    if connection.execute(select(INBOX.c.id).where(*same).limit(1)).first() is not None:
        return
    connection.execute(insert(INBOX).values(received_at=now, project=project, action=action, tasks=told))


def hints(connection: Connection, project: ProjectId, limit: int) -> list[Hint]:
    """The oldest hints that nobody looked at yet."""
    rows = connection.execute(
        select(INBOX).where(INBOX.c.project == project).order_by(INBOX.c.id).limit(limit)
    )
    return [Hint(row.id, row.action, tuple(json.loads(row.tasks))) for row in rows]


def drop_hints(connection: Connection, ids: Sequence[int]) -> None:
    """Forget hints that were looked at."""
    for part in slices(ids):
        connection.execute(delete(INBOX).where(INBOX.c.id.in_(part)))


def annotations_in(text: str) -> tuple[Annotation, ...]:
    """The annotations that a row of tasks keeps as JSON."""
    return tuple(
        Annotation(
            AnnotationId(row["id"]),
            tuple(Label(label) for label in row["labels"]),
            row["skipped"],
            datetime.fromisoformat(row["at"]),
            row.get("by"),
            bool(row.get("ground_truth")),
        )
        for row in json.loads(text)
    )


def _question(row: Row[Any]) -> AskedQuestion:
    return AskedQuestion(
        dataset=DatasetName(row.dataset),
        version=VersionKey(row.version),
        sample=SampleId(row.sample),
        guess=Label(row.guess),
        score=float(row.score),
        model_version=row.model_version,
        state=QuestionState(row.state),
        asked_at=row.asked_at,
        task=None if row.task is None else TaskId(row.task),
        why=Why(row.why),
        original=row.original,
    )


def _task_row(known: KnownProject, task: Task) -> dict[str, Any]:
    summary = task.summary
    annotations = [
        {
            "id": given.id,
            "labels": list(given.labels),
            "skipped": given.skipped,
            "at": given.at.isoformat(),
            "by": given.by,
            "ground_truth": given.ground_truth,
        }
        for given in task.annotations
    ]
    return {
        "project": known.id,
        "task": summary.id,
        "dataset": known.dataset,
        "sample": summary.sample,
        "question": summary.question,
        "updated_at": summary.updated_at,
        "live": True,
        "submitted": len(task.annotations),
        "annotations": json.dumps(annotations),
    }
