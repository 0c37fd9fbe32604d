"""What leases held, out of the ledger. Every function works inside the caller's transaction."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, func, or_, select

from resources.gpu.ledger_rows import held_from_json
from resources.gpu.model import Owner
from resources.gpu.policy.amounts import Resource
from resources.gpu.tables import LEASES
from resources.gpu.usage.model import HeldInterval

NOTHING = "{}"


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


def totals(connection: Connection, since: datetime, now: datetime) -> Mapping[Owner, Mapping[Resource, int]]:
    """What each user in a project has used since then, by flavour: thousandths times milliseconds.

    The sum over :func:`intervals`, made by the database but for the leases that lasted over ``since`` and
    those that last.
    """
    found: dict[Owner, Counter[Resource]] = {}
    whole = (
        select(LEASES.c.project, LEASES.c.user, LEASES.c.held, func.sum(LEASES.c.held_ms))
        .where(LEASES.c.held != NOTHING, LEASES.c.released_at > since, LEASES.c.granted_at >= since)
        .group_by(LEASES.c.project, LEASES.c.user, LEASES.c.held)
    )
    for project, user, held, held_ms in connection.execute(whole).all():
        _add(found, Owner(project, user), held, int(held_ms))
    cut = select(
        LEASES.c.project, LEASES.c.user, LEASES.c.held, LEASES.c.granted_at, LEASES.c.released_at
    ).where(
        LEASES.c.held != NOTHING,
        or_(
            LEASES.c.released_at.is_(None),
            and_(LEASES.c.released_at > since, LEASES.c.granted_at < since),
        ),
    )
    for project, user, held, granted_at, released_at in connection.execute(cut).all():
        passed = (released_at or now) - max(granted_at, since)
        _add(found, Owner(project, user), held, max(0, passed // timedelta(milliseconds=1)))
    return found


def _add(found: dict[Owner, Counter[Resource]], owner: Owner, held: str, held_ms: int) -> None:
    sums = found.setdefault(owner, Counter())
    for kind, milli in held_from_json(held):
        sums[kind] += milli * held_ms
