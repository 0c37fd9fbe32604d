"""The tasks of Label Studio, as they were last seen."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, delete, func, insert, select, update

from resources.labeling.answers import KnownTask
from resources.labeling.label_studio.values import Annotation, AnnotationId, ProjectId, Task, TaskId
from resources.labeling.store.projects import KnownProject
from resources.labeling.store.slicing import slices
from resources.labeling.tables import TASKS
from resources.terms import DatasetName, Label, SampleId

REVIEW_ENDING = "/review"
"""How what a task was made for ends, where it asks people to look again."""


@dataclass(frozen=True)
class SeenTask:
    """What was seen last of a task that is known."""

    updated_at: datetime
    live: bool
    annotations: int
    """How many it had, skips too."""
    sample: SampleId | None


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
