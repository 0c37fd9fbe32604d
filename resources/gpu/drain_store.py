"""Drains as rows. Every function works inside the caller's transaction."""

from sqlalchemy import Connection, delete, insert, select

from resources.gpu.model import Drained
from resources.gpu.tables import DRAINS
from resources.terms import Actor


def read(connection: Connection) -> tuple[Drained, ...]:
    """All drains, by target."""
    rows = connection.execute(select(DRAINS).order_by(DRAINS.c.target)).all()
    return tuple(Drained(row.target, row.reason, row.evict, row.since, Actor(row.actor)) for row in rows)


def put(connection: Connection, drained: Drained) -> None:
    """Keep a drain, in the place of what was said of its target before."""
    remove(connection, drained.target)
    connection.execute(
        insert(DRAINS).values(
            target=drained.target,
            reason=drained.reason,
            evict=drained.evict,
            since=drained.since,
            actor=drained.actor,
        )
    )


def remove(connection: Connection, target: str) -> bool:
    """End a drain. Returns whether there was one."""
    return bool(connection.execute(delete(DRAINS).where(DRAINS.c.target == target)).rowcount)
