"""The rows of a ledger as they were read last: only those that have changed since are read again."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Connection

from resources.gpu import ledger
from resources.gpu.changes import last_change
from resources.gpu.model import Attempt, Lease, RunId, WaitingRequest

Key = tuple[RunId, Attempt]
Row = TypeVar("Row", Lease, WaitingRequest)


@dataclass(frozen=True)
class Written:
    """What a transaction has changed after it read :class:`Rows`."""

    last: int
    """The number of its last change."""
    leases: Sequence[Lease]
    """Those that are new or otherwise now."""
    waiting: Sequence[WaitingRequest]
    """Those that are otherwise now."""


class Rows:
    """What one process knows of one ledger. What is as it was is the same object as before."""

    def __init__(self) -> None:
        self._seen: int | None = None
        self._leases: dict[Key, Lease] = {}
        self._waiting: dict[Key, WaitingRequest] = {}

    def read(self, connection: Connection) -> tuple[list[Lease], list[WaitingRequest]]:
        """The leases that are not released and the requests that wait, each the oldest first."""
        last = last_change(connection)
        if self._seen is None or last < self._seen:  # another ledger was put in its place
            self._leases = _in_order(ledger.live_leases(connection))
            self._waiting = _in_order(ledger.waiting_requests(connection))
        elif last > self._seen:
            self._leases = _brought_up(self._leases, ledger.leases_changed(connection, self._seen))
            self._waiting = _brought_up(self._waiting, ledger.requests_changed(connection, self._seen))
        self._seen = last
        return list(self._leases.values()), list(self._waiting.values())

    def note(self, written: Written) -> None:
        """Know what a transaction wrote that is kept: nobody else could write since it read these."""
        granted = [one for one in written.leases if (one.run_id, one.attempt) not in self._leases]
        leases = [(one.run_id, one.attempt, one) for one in written.leases]
        waiting = [(one.run_id, one.attempt, one) for one in written.waiting]
        gone = [(one.run_id, one.attempt, None) for one in granted]
        self._leases = _brought_up(self._leases, leases)
        self._waiting = _brought_up(self._waiting, [*gone, *waiting])
        self._seen = written.last


def _brought_up(
    known: dict[Key, Row], changed: Iterable[tuple[RunId, Attempt, Row | None]]
) -> dict[Key, Row]:
    is_new = False
    for run_id, attempt, row in changed:
        if row is None:
            known.pop((run_id, attempt), None)
            continue
        is_new |= (run_id, attempt) not in known
        known[run_id, attempt] = row
    return _in_order(known.values()) if is_new else known


def _in_order(rows: Iterable[Row]) -> dict[Key, Row]:
    return {(one.run_id, one.attempt): one for one in sorted(rows, key=_since)}


def _since(row: Lease | WaitingRequest) -> tuple[datetime, RunId]:
    return row.granted_at if isinstance(row, Lease) else row.submitted_at, row.run_id
