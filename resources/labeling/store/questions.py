"""What people are asked, and where."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, case, delete, func, insert, null, select, update

from resources.asking import Why
from resources.labeling.label_studio.values import TaskId
from resources.labeling.model import (
    AskedQuestion,
    Question,
    QuestionState,
)
from resources.labeling.store.slicing import slices
from resources.labeling.store.tasks import REVIEW_ENDING
from resources.labeling.tables import QUESTIONS, TASKS
from resources.terms import DatasetName, Label, SampleId, VersionKey


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
