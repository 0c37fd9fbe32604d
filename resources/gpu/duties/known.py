"""What the ledger knows at one moment, read for the policy."""

from collections.abc import Sequence

from sqlalchemy import Connection

from resources.gpu import drain_store, ledger
from resources.gpu.duties.rows import Rows
from resources.gpu.reservations import store as reservations
from resources.gpu.snapshot import Known


def read_known(connection: Connection, rows: Rows | None = None) -> Known:
    """All that a pass looks at besides quotas and inventory, in the caller's transaction.

    With ``rows``, what has not changed since these were read is not read again. Of the past (use, jobs like
    those that wait, budgets that are used up) nothing is here yet: ``usage.known.with_past`` adds it.
    """
    rows = rows or Rows()
    return Known(
        rows.leases(connection),
        rows.waiting(connection),
        ledger.kept(connection),
        reservations=reservations.read(connection),
        drains=drain_store.read(connection),
    )


def is_still_so(before: Known, now: Known) -> bool:
    """Whether nothing but new requests has come since ``before``: what was decided of it still holds."""
    return (
        _same(before.leases, now.leases)
        and len(before.waiting) <= len(now.waiting)
        and all(one is other for one, other in zip(before.waiting, now.waiting, strict=False))
        and (before.kept, before.reservations, before.drains) == (now.kept, now.reservations, now.drains)
    )


def _same(before: Sequence[object], now: Sequence[object]) -> bool:
    return len(before) == len(now) and all(one is other for one, other in zip(before, now, strict=True))
