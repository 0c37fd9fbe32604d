"""Whose sensors turn the loop: those of one Dagster instance for each home."""

from datetime import datetime, timedelta

from sqlalchemy import CheckConstraint, Column, Integer, String, Table, delete, insert, select

from resources.database.audit import AuditRow, record
from resources.database.engine import Database
from resources.database.metadata import METADATA
from resources.database.types import UtcDateTime
from resources.errors import Conflict
from resources.terms import Actor

LOOP_OWNER = Table(
    "loop_owner",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("instance", String(500), nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    CheckConstraint("id = 1", name="one_owner"),
)

SILENT_AFTER = timedelta(seconds=120)
"""An instance that has not been seen for so long is taken to be gone: twice what Dagster allows a tick."""


def claim_loop(database: Database, instance: str, now: datetime, actor: Actor) -> None:
    """Say that the sensors of ``instance`` (its folder) turn the loop now.

    A second instance on the same home, such as ``dagster dev`` beside ``trainplat up``, knows nothing of the
    first one's runs, and would train the same version again. Raises Conflict while another one turns it.
    """
    with database.write() as connection:
        owner = connection.execute(select(LOOP_OWNER)).one_or_none()
        if owner is not None and owner.instance != instance and now - owner.seen_at < SILENT_AFTER:
            raise Conflict(
                f"the sensors of another Dagster instance work on this home: {owner.instance}",
                "Stop one of the two, or give one of them another TRAINPLAT_HOME. "
                f"{SILENT_AFTER.seconds} s after the other one has stopped, this one goes on by itself.",
            )
        connection.execute(delete(LOOP_OWNER))
        connection.execute(insert(LOOP_OWNER).values(id=1, instance=instance, seen_at=now))
        if owner is None or owner.instance != instance:
            before = "nobody" if owner is None else owner.instance
            record(connection, AuditRow(now, actor, "runs.claim_loop", instance, f"after {before}"))
