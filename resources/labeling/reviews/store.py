"""The rows of reviews: read and written in the caller's transaction."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from resources.labeling.answers import Earlier
from resources.labeling.label_studio.values import AnnotationId, TaskId
from resources.labeling.reviews.model import Doubted, Reason, Review, ReviewCounts, ReviewState
from resources.labeling.reviews.tables import REVIEW_RULES, REVIEWS
from resources.labeling.store import REVIEW_ENDING, KnownProject, slices
from resources.labeling.tables import TASKS
from resources.reviews import AnswerRules
from resources.terms import DatasetName, Label, SampleId


def rules_of(connection: Connection, dataset: DatasetName) -> AnswerRules:
    """By what the answers of a data set are judged; the usual rules where nothing is declared."""
    found = connection.execute(
        select(REVIEW_RULES.c.least_agreement, REVIEW_RULES.c.people).where(REVIEW_RULES.c.dataset == dataset)
    ).first()
    return AnswerRules() if found is None else AnswerRules(float(found.least_agreement), int(found.people))


def put_rules(connection: Connection, dataset: DatasetName, rules: AnswerRules) -> None:
    """Keep what the data set declares."""
    connection.execute(delete(REVIEW_RULES).where(REVIEW_RULES.c.dataset == dataset))
    connection.execute(
        insert(REVIEW_RULES).values(
            dataset=dataset, least_agreement=rules.least_agreement, people=rules.people
        )
    )


def states_of(connection: Connection, dataset: DatasetName) -> dict[SampleId, ReviewState]:
    """Where every sample stands that was looked at."""
    rows = connection.execute(select(REVIEWS.c.sample, REVIEWS.c.state).where(REVIEWS.c.dataset == dataset))
    return {SampleId(row.sample): ReviewState(row.state) for row in rows}


def has_returned(connection: Connection, dataset: DatasetName) -> bool:
    """Whether any label ever went back to people."""
    statement = select(REVIEWS.c.sample).where(REVIEWS.c.dataset == dataset, REVIEWS.c.reason.is_not(None))
    return connection.execute(statement.limit(1)).first() is not None


def put_passed(
    connection: Connection, dataset: DatasetName, samples: Sequence[SampleId], now: datetime
) -> None:
    """Note that the labels of ``samples`` were looked at and may stay. What was looked at before is left."""
    before = states_of(connection, dataset)
    fresh = [sample for sample in dict.fromkeys(samples) if sample not in before]
    if fresh:
        rows = [
            {"dataset": dataset, "sample": sample, "state": ReviewState.PASSED, "looked_at": now}
            for sample in fresh
        ]
        connection.execute(insert(REVIEWS), rows)


def put_returned(
    connection: Connection, dataset: DatasetName, doubted: Doubted, earlier: Earlier, now: datetime
) -> None:
    """Note that one label goes back to people, and which annotations it rests on."""
    connection.execute(
        delete(REVIEWS).where(REVIEWS.c.dataset == dataset, REVIEWS.c.sample == doubted.sample)
    )
    connection.execute(
        insert(REVIEWS).values(
            dataset=dataset,
            sample=doubted.sample,
            state=ReviewState.RETURNED,
            reason=doubted.reason,
            label=doubted.label,
            other=doubted.other,
            likelihood=doubted.likelihood,
            other_likelihood=doubted.other_likelihood,
            earlier=json.dumps([[number, at.isoformat()] for number, at in sorted(earlier)]),
            looked_at=now,
        )
    )


def put_settled(
    connection: Connection, dataset: DatasetName, sample: SampleId, label: Label | None, now: datetime
) -> None:
    """Note what people said the second time; None where they could not tell."""
    connection.execute(
        update(REVIEWS)
        .where(REVIEWS.c.dataset == dataset, REVIEWS.c.sample == sample)
        .values(state=ReviewState.SETTLED, settled_at=now, settled_label=label)
    )


def earlier_of(
    connection: Connection, dataset: DatasetName, samples: Sequence[SampleId]
) -> dict[SampleId, tuple[ReviewState, Earlier]]:
    """For those of ``samples`` that went back: where they stand, and the annotations known by then."""
    found = {}
    for part in slices(samples):
        rows = connection.execute(
            select(REVIEWS.c.sample, REVIEWS.c.state, REVIEWS.c.earlier).where(
                REVIEWS.c.dataset == dataset, REVIEWS.c.sample.in_(part), REVIEWS.c.earlier.is_not(None)
            )
        )
        for row in rows:
            earlier = frozenset(
                (AnnotationId(number), datetime.fromisoformat(at)) for number, at in json.loads(row.earlier)
            )
            found[SampleId(row.sample)] = (ReviewState(row.state), earlier)
    return found


def reviews_of(connection: Connection, dataset: DatasetName, states: Iterable[ReviewState]) -> list[Review]:
    """What went back, with the living task of each that was made for it, the newest first."""
    tasks = (
        select(TASKS.c.sample, func.min(TASKS.c.task).label("task"))
        .where(TASKS.c.dataset == dataset, TASKS.c.live, TASKS.c.question.endswith(REVIEW_ENDING))
        .group_by(TASKS.c.sample)
        .subquery()
    )
    rows = connection.execute(
        select(REVIEWS, tasks.c.task)
        .select_from(REVIEWS.outerjoin(tasks, REVIEWS.c.sample == tasks.c.sample))
        .where(REVIEWS.c.dataset == dataset, REVIEWS.c.state.in_(list(states)), REVIEWS.c.reason.is_not(None))
        .order_by(REVIEWS.c.looked_at.desc(), REVIEWS.c.sample)
    )
    return [_review(row) for row in rows]


def surplus_tasks(connection: Connection, known: KnownProject) -> list[TaskId]:
    """Untouched tasks to look again: one too many for its sample, or no longer needed."""
    rows = connection.execute(
        select(TASKS.c.task, TASKS.c.sample, TASKS.c.annotations, REVIEWS.c.state)
        .select_from(
            TASKS.outerjoin(
                REVIEWS, (REVIEWS.c.dataset == TASKS.c.dataset) & (REVIEWS.c.sample == TASKS.c.sample)
            )
        )
        .where(TASKS.c.project == known.id, TASKS.c.live, TASKS.c.question.endswith(REVIEW_ENDING))
        .order_by(TASKS.c.task)
    )
    surplus: list[TaskId] = []
    waits: set[str] = set()
    for row in rows:
        if row.annotations != "[]":
            waits.add(row.sample)
        elif row.state != ReviewState.RETURNED or row.sample in waits:
            surplus.append(TaskId(row.task))
        else:
            waits.add(row.sample)
    return surplus


def count(connection: Connection, dataset: DatasetName) -> ReviewCounts:
    """How many stand where."""
    upheld = REVIEWS.c.settled_label == REVIEWS.c.label
    rows = connection.execute(
        select(REVIEWS.c.state, REVIEWS.c.settled_label.is_(None), upheld, func.count())
        .where(REVIEWS.c.dataset == dataset)
        .group_by(REVIEWS.c.state, REVIEWS.c.settled_label.is_(None), upheld)
    )
    found = dict.fromkeys(("passed", "returned", "upheld", "corrected", "skipped"), 0)
    for state, unsaid, same, number in rows:
        name = str(state)
        if name == ReviewState.SETTLED:
            name = "skipped" if unsaid else "upheld" if same else "corrected"
        found[name] += int(number)
    return ReviewCounts(**found)


def _review(row: Row[Any]) -> Review:
    doubted = Doubted(
        SampleId(row.sample),
        Label(row.label),
        Reason(row.reason),
        None if row.other is None else Label(row.other),
        row.likelihood,
        row.other_likelihood,
    )
    return Review(
        DatasetName(row.dataset),
        doubted,
        ReviewState(row.state),
        row.looked_at,
        row.settled_at,
        None if row.settled_label is None else Label(row.settled_label),
        None if row.task is None else TaskId(row.task),
    )
