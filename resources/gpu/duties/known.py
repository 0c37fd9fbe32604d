"""What the ledger knows at one moment, read for the policy."""

from collections.abc import Sequence

from sqlalchemy import Connection

from resources.gpu import drain_store, ledger
from resources.gpu.changes import moves_left
from resources.gpu.duties.rows import Rows
from resources.gpu.reservations import store as reservations
from resources.gpu.snapshot import Known


def read_known(connection: Connection, rows: Rows | None = None) -> Known:
    """All that a pass looks at besides quotas and inventory, in the caller's transaction.

    With ``rows``, what has not changed since these were read is not read again. What a pass sees of the past
    comes with :func:`~resources.gpu.usage.known.with_past`.
    """
    leases, waiting = (rows or Rows()).read(connection)
    return Known(
        leases,
        waiting,
        ledger.kept(connection),
        reservations=reservations.read(connection),
        drains=drain_store.read(connection),
        moves_left=moves_left(connection),
    )


def is_still_so(before: Known, now: Known) -> bool:
    """Whether nothing but new requests has come since ``before``: what was decided of it still holds."""
    return (
        before.moves_left == now.moves_left
        and _same(before.leases, now.leases)
        and len(before.waiting) <= len(now.waiting)
        and all(one is other for one, other in zip(before.waiting, now.waiting, strict=False))
        and (before.kept, before.reservations, before.drains) == (now.kept, now.reservations, now.drains)
    )


def _same(before: Sequence[object], now: Sequence[object]) -> bool:
    return len(before) == len(now) and all(one is other for one, other in zip(before, now, strict=True))
