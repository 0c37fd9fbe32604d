"""The tables of gates: one judging for each model version, and every override."""

import json
from typing import Any

from sqlalchemy import Column, Connection, Integer, Row, String, Table, Text, delete, insert, select

from resources.database.metadata import METADATA
from resources.database.types import UtcDateTime
from resources.gate_plan import IfFailed
from resources.registry.gates.model import GateResult, Judging, Override
from resources.terms import Actor, DatasetName

JUDGINGS = Table(
    "gate_judgings",
    METADATA,
    Column("dataset", String(100), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("results", Text, nullable=False),
    Column("judged_at", UtcDateTime, nullable=False),
)

OVERRIDES = Table(
    "gate_overrides",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("dataset", String(100), nullable=False),
    Column("number", Integer, nullable=False),
    Column("actor", String(200), nullable=False),
    Column("why", Text, nullable=False),
    Column("failed", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)
"""Rows are added, and never changed."""


def put_judging(connection: Connection, judging: Judging) -> None:
    """Keep it as the one of its model."""
    table = JUDGINGS.c
    connection.execute(
        delete(JUDGINGS).where(table.dataset == judging.dataset, table.number == judging.number)
    )
    connection.execute(
        insert(JUDGINGS).values(
            dataset=judging.dataset,
            number=judging.number,
            results=json.dumps([one.__dict__ for one in judging.results]),
            judged_at=judging.judged_at,
        )
    )


def judging_of(connection: Connection, dataset: DatasetName, number: int) -> Judging | None:
    """The one of a model."""
    table = JUDGINGS.c
    query = select(JUDGINGS).where(table.dataset == dataset, table.number == number)
    found = connection.execute(query).first()
    return None if found is None else _judging(found)


def judgings_of(connection: Connection, dataset: DatasetName) -> list[Judging]:
    """Those of a data set, by number."""
    table = JUDGINGS.c
    rows = connection.execute(select(JUDGINGS).where(table.dataset == dataset).order_by(table.number)).all()
    return [_judging(row) for row in rows]


def add_override(connection: Connection, override: Override) -> Override:
    """Add it; it gets its number."""
    values = override.__dict__ | {"failed": json.dumps(override.failed)}
    values.pop("id")
    added = connection.execute(insert(OVERRIDES).values(**values))
    key = added.inserted_primary_key
    return Override(**override.__dict__ | {"id": 0 if key is None else int(key[0])})


def overrides_of(connection: Connection, dataset: DatasetName) -> list[Override]:
    """All of a data set, the oldest first."""
    table = OVERRIDES.c
    rows = connection.execute(select(OVERRIDES).where(table.dataset == dataset).order_by(table.id)).all()
    return [_override(row) for row in rows]


def _judging(row: Row[Any]) -> Judging:
    results = tuple(
        GateResult(**one | {"if_failed": IfFailed(one["if_failed"])}) for one in json.loads(row.results)
    )
    return Judging(DatasetName(row.dataset), row.number, results, row.judged_at)


def _override(row: Row[Any]) -> Override:
    return Override(
        id=row.id,
        dataset=DatasetName(row.dataset),
        number=row.number,
        actor=Actor(row.actor),
        why=row.why,
        failed=tuple(json.loads(row.failed)),
        at=row.at,
    )
