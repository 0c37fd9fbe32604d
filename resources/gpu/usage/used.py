"""What was used since some moment, as a process keeps it from one pass to the next.

What a lease that is over has held never changes, so each is read once: by the number of the change that
ended it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, String, select, type_coerce

from resources.gpu.changes import last_change
from resources.gpu.ledger_rows import held_from_json
from resources.gpu.model import Held, Lease, LeaseState, Owner
from resources.gpu.policy.amounts import Resource
from resources.gpu.tables import LEASES

if TYPE_CHECKING:
    import numpy as np

NOTHING = "{}"
LET_GO_AFTER = timedelta(days=1)
"""Leases that ended before all periods are forgotten once a day."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_US_PER_MS = 1000

Sums = Mapping[Owner, Mapping[Resource, int]]


class Used:
    """The leases of one ledger that are over, from some moment on: who held what, from when to when."""

    def __init__(self) -> None:
        self._seen = -1
        """The number of the last change of the ledger that is known."""
        self._from: datetime | None = None
        """All leases that ended after that are known."""
        self._groups: dict[tuple[str, str, str], int] = {}
        """A number for each owner with what is held."""
        self._spans: np.ndarray[Any, Any] | None = None
        """A column for each lease: its group, and when it began and ended in microseconds."""

    def bring_up(self, connection: Connection, since: datetime) -> None:
        """Know all leases that ended after ``since``, in the caller's transaction."""
        last = last_change(connection)
        if self._from is None or since < self._from or last < self._seen:  # or another ledger is in its place
            self._groups, self._spans, self._from = {}, None, since
            self._add(connection, LEASES.c.released_at > since)
        elif last > self._seen:
            self._add(connection, LEASES.c.changed_in > self._seen)
        self._seen = last
        if since - self._from > LET_GO_AFTER and self._spans is not None:
            self._spans, self._from = self._spans[:, self._spans[2] > _us(since)], since

    def totals(self, since: datetime, now: datetime, live: Iterable[Lease]) -> Sums:
        """What each user in a project has used since then, by flavour: thousandths times milliseconds.

        ``live`` are those that last; what is over was brought up to ``since`` or earlier.
        """
        found: dict[Owner, Counter[Resource]] = {}
        for (project, user, held), used_ms in zip(self._groups, self._sums(since), strict=True):
            _add(found, Owner(project, user), held_from_json(held), used_ms)
        for lease in live:
            passed = now - max(lease.granted_at, since)
            _add(found, lease.owner, lease.held, max(0, passed // timedelta(milliseconds=1)))
        return found

    def _sums(self, since: datetime) -> list[int]:
        import numpy as np  # not every process that loads this decides

        if self._spans is None:
            return [0] * len(self._groups)
        group, began, ended = self._spans
        lengths = np.maximum(0, ended - np.maximum(began, _us(since))) // _US_PER_MS
        # As floats they are exact up to 2 ** 53 ms, which is 285,000 years.
        return [int(one) for one in np.bincount(group, lengths, len(self._groups))]

    def _add(self, connection: Connection, which: Any) -> None:
        import numpy as np

        # As the driver gives them: to make moments of a hundred thousand texts takes seconds.
        times = (type_coerce(one, String) for one in (LEASES.c.granted_at, LEASES.c.released_at))
        query = select(LEASES.c.project, LEASES.c.user, LEASES.c.held, *times).where(
            LEASES.c.held != NOTHING, LEASES.c.state == LeaseState.RELEASED, which
        )
        rows = connection.execute(query).all()
        if not rows:
            return
        projects, users, helds, began, ended = zip(*rows, strict=True)
        groups = [
            self._groups.setdefault(one, len(self._groups))
            for one in zip(projects, users, helds, strict=True)
        ]
        new = np.array([groups, _all_us(began), _all_us(ended)], np.int64)
        self._spans = new if self._spans is None else np.concatenate([self._spans, new], axis=1)


def _all_us(moments: Sequence[str | datetime]) -> Any:
    import numpy as np

    return np.array(moments, "datetime64[us]").astype(np.int64)  # both databases give UTC, without a zone


def _us(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)


def _add(found: dict[Owner, Counter[Resource]], owner: Owner, held: Held, used_ms: int) -> None:
    sums = found.setdefault(owner, Counter())
    for kind, milli in held:
        sums[kind] += milli * used_ms
