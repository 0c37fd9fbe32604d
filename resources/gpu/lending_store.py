"""The lending limits that hold now, as rows beside the quotas, which stay as they were set.

Every function works inside the caller's transaction.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from resources.gpu import quota_store
from resources.gpu.policy.amounts import Resource
from resources.gpu.policy.quota_model import Party, QuotaRow, QuotaRows, Scope
from resources.gpu.policy.reason import Reason
from resources.gpu.policy.rebalance import Move, MoveKind
from resources.gpu.tables import LENDING

Key = tuple[Party, Resource]


@dataclass(frozen=True)
class LendsNow:
    """How much of what it is owed somebody lends at present."""

    party: Party
    resource: Resource
    limit: int
    """Thousandths of devices; never more than its quota allows."""
    changed_at: datetime
    reason: Reason


def read(connection: Connection) -> Mapping[Key, LendsNow]:
    """All that differs from the quotas."""
    order = (LENDING.c.scope, LENDING.c.name, LENDING.c.resource)
    found = [
        LendsNow(
            Party(Scope(row.scope), row.name),
            Resource(row.resource),
            row.lending_limit,
            row.changed_at,
            Reason.from_json(row.reason_values),
        )
        for row in connection.execute(select(LENDING).order_by(*order)).all()
    ]
    return {(one.party, one.resource): one for one in found}


def put(connection: Connection, moves: Iterable[Move], now: datetime) -> None:
    """Let what was moved hold from now on."""
    for move in moves:
        if move.kind is MoveKind.STAY:
            continue
        key = {"scope": move.party.scope, "name": move.party.name, "resource": move.resource}
        connection.execute(
            delete(LENDING).where(
                LENDING.c.scope == move.party.scope,
                LENDING.c.name == move.party.name,
                LENDING.c.resource == move.resource,
            )
        )
        connection.execute(
            insert(LENDING).values(
                **key, lending_limit=move.to_milli, changed_at=now, reason_values=move.reason.to_json()
            )
        )


def forget(connection: Connection) -> int:
    """Let the lending limits of the quotas hold again. Returns how many differed."""
    return connection.execute(delete(LENDING)).rowcount


def rows_now(connection: Connection) -> QuotaRows:
    """The quotas with the lending limits that hold now: what decisions go by."""
    rows, lent = quota_store.read(connection), read(connection)
    return replace(rows, quotas=tuple(_now(row, lent.get((row.party, row.resource))) for row in rows.quotas))


def _now(row: QuotaRow, lends: LendsNow | None) -> QuotaRow:
    if lends is None:
        return row
    allowed = row.nominal if row.lending_limit is None else row.lending_limit
    return replace(row, lending_limit=min(allowed, lends.limit))
