"""What people answered, as far as it counts."""

from collections.abc import Sequence

from sqlalchemy import Connection, and_, exists, func, select

from resources.asking import Why
from resources.kinds import Kind
from resources.labeling.label_studio.values import AnnotationId, TaskId
from resources.labeling.model import (
    ConfirmedAnswer,
    RandomPick,
)
from resources.labeling.store.slicing import slices
from resources.labeling.tables import CONFIRMED, QUESTIONS
from resources.marks import same
from resources.terms import DatasetName, Label, SampleId, VersionKey


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
