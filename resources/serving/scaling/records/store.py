"""The tables of scaling."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Index,
    Integer,
    String,
    Table,
    Text,
    delete,
    insert,
    select,
)

from resources.database.metadata import METADATA
from resources.database.types import UtcDateTime
from resources.gpu.policy.reason import Reason
from resources.serving.scaling.model import ScalingDecision
from resources.serving.scaling.scalers import Step

SCALING_STEPS = Table(
    "scaling_steps",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("endpoint", String(100), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("current", Integer, nullable=False),
    Column("replicas", Integer, nullable=False),
    Column("wanted", Integer, nullable=False),
    Column("dry_run", Boolean, nullable=False),
    Column("reasons", Text, nullable=False),
    Index("ix_scaling_steps_endpoint", "endpoint", "id"),
)
"""Reasons are the JSON of each, a line for each."""

REQUEST_COUNTS = Table(
    "request_counts",
    METADATA,
    Column("endpoint", String(100), primary_key=True),
    Column("minute", Integer, primary_key=True, autoincrement=False),
    Column("count", Integer, nullable=False),
)
"""Minutes since 1970; one without requests may have no row."""


def add_steps(connection: Connection, steps: tuple[Step, ...]) -> None:
    """Write steps."""
    rows = [
        {
            "endpoint": step.decision.endpoint,
            "at": step.at,
            "current": step.decision.current,
            "replicas": step.decision.replicas,
            "wanted": step.decision.wanted,
            "dry_run": step.decision.dry_run,
            "reasons": "\n".join(reason.to_json() for reason in step.decision.reasons),
        }
        for step in steps
    ]
    if rows:
        connection.execute(insert(SCALING_STEPS), rows)


def steps_of(connection: Connection, endpoint: str, most: int) -> list[Step]:
    """The newest steps of an endpoint, the newest first."""
    table = SCALING_STEPS.c
    query = select(SCALING_STEPS).where(table.endpoint == endpoint).order_by(table.id.desc()).limit(most)
    return [
        Step(
            row.at,
            ScalingDecision(
                row.endpoint,
                row.replicas,
                row.current,
                row.wanted,
                tuple(Reason.from_json(line) for line in row.reasons.split("\n")),
                row.dry_run,
            ),
        )
        for row in connection.execute(query).all()
    ]


def put_counts(connection: Connection, counts: Mapping[tuple[str, int], int]) -> None:
    """Write how many requests came; those of a minute that is written already are added to it."""
    table = REQUEST_COUNTS.c
    for (endpoint, minute), count in sorted(counts.items()):
        if not count:
            continue
        here = (table.endpoint == endpoint, table.minute == minute)
        before = connection.execute(select(table.count).where(*here)).scalar_one_or_none()
        connection.execute(delete(REQUEST_COUNTS).where(*here))
        row = {"endpoint": endpoint, "minute": minute, "count": count + (before or 0)}
        connection.execute(insert(REQUEST_COUNTS).values(**row))


def counts_of(connection: Connection, endpoint: str, since: int) -> dict[int, int]:
    """Requests by the minute, from a minute on."""
    table = REQUEST_COUNTS.c
    query = select(table.minute, table.count).where(table.endpoint == endpoint, table.minute >= since)
    return {row.minute: row[1] for row in connection.execute(query).all()}


def forget(connection: Connection, before: datetime, minute: int) -> None:
    """Drop steps that were made before a moment, and counts of minutes before one."""
    connection.execute(delete(SCALING_STEPS).where(SCALING_STEPS.c.at < before))
    connection.execute(delete(REQUEST_COUNTS).where(REQUEST_COUNTS.c.minute < minute))
