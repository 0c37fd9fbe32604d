"""Accelerators that were seen, as rows. Every function works inside the caller's transaction."""

from collections.abc import Iterable

from sqlalchemy import Connection, delete, insert, select

from resources.gpu.inventory.memory import Remembered, from_json, to_json
from resources.gpu.tables import SEEN_DEVICES


def read(connection: Connection) -> tuple[Remembered, ...]:
    """All that are remembered, in the order in which they were seen first."""
    rows = connection.execute(select(SEEN_DEVICES).order_by(SEEN_DEVICES.c.place)).all()
    return tuple(Remembered(from_json(row.device), row.fault, row.ill_since, row.well_since) for row in rows)


def replace_all(connection: Connection, known: Iterable[Remembered]) -> None:
    """Remember these in the place of all."""
    connection.execute(delete(SEEN_DEVICES))
    rows = [
        {
            "id": one.device.id,
            "place": place,
            "device": to_json(one.device),
            "fault": None if one.fault is None else str(one.fault),
            "ill_since": one.ill_since,
            "well_since": one.well_since,
        }
        for place, one in enumerate(known)
    ]
    if rows:
        connection.execute(insert(SEEN_DEVICES), rows)


def forget(connection: Connection, target: str) -> bool:
    """Forget that a device was ill, or was there at all. Returns whether there was anything to forget."""
    of_it = (SEEN_DEVICES.c.id == target) & SEEN_DEVICES.c.fault.is_not(None)
    return bool(connection.execute(delete(SEEN_DEVICES).where(of_it)).rowcount)
