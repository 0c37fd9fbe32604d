"""The rows of a ledger as they were read last: only those that have changed since are read again."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from sqlalchemy import Connection

from resources.gpu import ledger
from resources.gpu.ledger import Mark
from resources.gpu.model import Attempt, Lease, RunId, WaitingRequest

Key = tuple[RunId, Attempt]
Found = TypeVar("Found", Lease, WaitingRequest)
Known = dict[Key, tuple[Mark, Found]]


class Rows:
    """What one process knows of one ledger. What is as it was is the same object as before."""

    def __init__(self) -> None:
        self._leases: Known[Lease] = {}
        self._waiting: Known[WaitingRequest] = {}

    def leases(self, connection: Connection) -> list[Lease]:
        """The leases that are not released, oldest first."""
        marks = ledger.marks_of_leases(connection)
        self._leases = _current(marks, self._leases, lambda runs: ledger.leases_of(connection, runs))
        return [lease for _, lease in self._leases.values()]

    def waiting(self, connection: Connection) -> list[WaitingRequest]:
        """The requests that wait, oldest first."""
        marks = ledger.marks_of_waiting(connection)
        self._waiting = _current(marks, self._waiting, lambda runs: ledger.requests_of(connection, runs))
        return [request for _, request in self._waiting.values()]


def _current(
    marks: Mapping[Key, Mark], known: Known[Found], read: Callable[[Sequence[RunId]], list[Found]]
) -> Known[Found]:
    changed = [key[0] for key, mark in marks.items() if key not in known or known[key][0] != mark]
    fresh = {(one.run_id, one.attempt): one for one in read(changed)} if changed else {}
    return {key: (mark, fresh[key] if key in fresh else known[key][1]) for key, mark in marks.items()}
