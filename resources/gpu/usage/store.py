"""What leases held, out of the ledger. Every function works inside the caller's transaction."""

from datetime import datetime

from sqlalchemy import Connection, or_, select

from resources.gpu.ledger_rows import held_from_json
from resources.gpu.model import Owner
from resources.gpu.tables import LEASES
from resources.gpu.usage.model import HeldInterval
from resources.gpu.usage.used import NOTHING


def intervals(connection: Connection, since: datetime, until: datetime) -> list[HeldInterval]:
    """What was held between two moments, the oldest first; what is held still ends at ``until``."""
    query = (
        select(LEASES.c.project, LEASES.c.user, LEASES.c.held, LEASES.c.granted_at, LEASES.c.released_at)
        .where(
            LEASES.c.held != NOTHING,
            LEASES.c.granted_at < until,
            or_(LEASES.c.released_at.is_(None), LEASES.c.released_at > since),
        )
        .order_by(LEASES.c.granted_at, LEASES.c.run_id)
    )
    found = []
    for project, user, held, granted_at, released_at in connection.execute(query).all():
        began, ended = max(granted_at, since), min(released_at or until, until)
        if began < ended:  # else the clock was set back
            found.append(HeldInterval(Owner(project, user), held_from_json(held), began, ended))
    return found
