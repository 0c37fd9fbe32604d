"""The audit: who changed what, when; written in the transaction of the change itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, Connection, Integer, String, Table, Text, select

from resources.database.bulk import insert_rows
from resources.database.engine import Database
from resources.database.metadata import METADATA
from resources.database.types import UtcDateTime
from resources.terms import Actor

AUDIT = Table(
    "audit",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("actor", String(200), nullable=False),
    Column("action", String(100), nullable=False),
    Column("subject", String(300), nullable=False),
    Column("detail", Text, nullable=False),
)


@dataclass(frozen=True)
class AuditRow:
    """One change of state."""

    at: datetime
    actor: Actor
    action: str
    """What was done, as ``subject.verb``: ``gpu.grant``, ``data.plan_version``."""
    subject: str
    """What it was done to: a run id, a version, a task."""
    detail: str


def record(connection: Connection, row: AuditRow) -> None:
    """Write ``row`` in the caller's transaction."""
    record_all(connection, [row])


def record_all(connection: Connection, rows: Sequence[AuditRow]) -> None:
    """Write ``rows`` in the caller's transaction."""
    insert_rows(connection, AUDIT, [vars(row) for row in rows])


def recent(database: Database, limit: int = 100) -> list[AuditRow]:
    """The newest rows, newest first."""
    with database.read() as connection:
        rows = connection.execute(select(AUDIT).order_by(AUDIT.c.id.desc()).limit(limit)).all()
    return [AuditRow(row.at, Actor(row.actor), row.action, row.subject, row.detail) for row in rows]
