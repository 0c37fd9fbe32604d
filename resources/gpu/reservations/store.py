"""Advance reservations as rows. Every function works inside the caller's transaction."""

from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from resources.gpu.inventory.model import DeviceId
from resources.gpu.model import Reserved
from resources.gpu.tables import RESERVATIONS
from resources.gpu.terms import terms_from_json, terms_to_json
from resources.terms import Actor


def read(connection: Connection) -> tuple[Reserved, ...]:
    """All reservations, the first to begin first."""
    query = select(RESERVATIONS).order_by(RESERVATIONS.c.starts_at, RESERVATIONS.c.name)
    return tuple(
        Reserved(
            row.name,
            row.project,
            row.user,
            tuple(DeviceId(one) for one in row.devices.split(",") if one),
            row.starts_at,
            row.ends_at,
            row.milli,
            terms_from_json(row.terms),
            row.memory_mib,
            row.text,
            Actor(row.actor),
        )
        for row in connection.execute(query).all()
    )


def add(connection: Connection, reserved: Reserved) -> None:
    """Keep a new reservation."""
    connection.execute(
        insert(RESERVATIONS).values(
            name=reserved.id,
            project=reserved.project,
            user=reserved.user,
            text=reserved.text,
            devices=",".join(reserved.devices),
            milli=reserved.milli,
            memory_mib=reserved.memory_mib,
            terms=terms_to_json(reserved.terms),
            starts_at=reserved.starts_at,
            ends_at=reserved.ends_at,
            actor=reserved.actor or "",
        )
    )


def remove(connection: Connection, name: str) -> bool:
    """Forget a reservation. Returns whether there was one."""
    return bool(connection.execute(delete(RESERVATIONS).where(RESERVATIONS.c.name == name)).rowcount)


def forget_ended(connection: Connection, now: datetime) -> None:
    """Forget those that are over; the audit still has them."""
    connection.execute(delete(RESERVATIONS).where(RESERVATIONS.c.ends_at <= now))
