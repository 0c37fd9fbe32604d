"""The table of what random asking reached."""

from datetime import datetime

from sqlalchemy import Column, Connection, Float, Integer, String, Table, delete, insert, select

from resources.database.metadata import METADATA
from resources.database.types import UtcDateTime
from resources.kinds import Measure
from resources.registry.random_rounds import RandomRound, Reached
from resources.terms import DatasetName, VersionKey, version_order

RANDOM_ROUNDS = Table(
    "random_rounds",
    METADATA,
    Column("dataset", String(100), primary_key=True),
    Column("version", String(32), primary_key=True),
    Column("labels", Integer, nullable=False),
    Column("value", Float, nullable=False),
    Column("measure", String(20), nullable=False),
    Column("right", Integer),
    Column("test_set", String(64), nullable=False),
    Column("test_count", Integer, nullable=False),
    Column("measured_at", UtcDateTime, nullable=False),
)


def put_random_round(connection: Connection, made: RandomRound, now: datetime) -> None:
    """Keep ``made`` as the one of its version."""
    table, reached = RANDOM_ROUNDS.c, made.reached
    connection.execute(
        delete(RANDOM_ROUNDS).where(table.dataset == made.dataset, table.version == reached.version)
    )
    connection.execute(
        insert(RANDOM_ROUNDS).values(dataset=made.dataset, measured_at=now, **reached.__dict__)
    )


def random_rounds_of(connection: Connection, dataset: DatasetName) -> list[RandomRound]:
    """Those of a data set, by version."""
    rows = connection.execute(select(RANDOM_ROUNDS).where(RANDOM_ROUNDS.c.dataset == dataset))
    found = [
        RandomRound(
            dataset,
            Reached(
                VersionKey(row.version),
                row.labels,
                row.value,
                Measure(row.measure),
                row.right,
                row.test_set,
                row.test_count,
            ),
        )
        for row in rows
    ]
    return sorted(found, key=lambda one: version_order(one.reached.version))
