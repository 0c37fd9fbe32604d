"""Foresight: what the next pass would decide, for who looks. Nothing is written."""

from dataclasses import dataclass, replace

from resources.gpu import lending_store, quota_store
from resources.gpu.arbiter import Decided, decide_by_name
from resources.gpu.duties.base import OnLedger
from resources.gpu.duties.known import read_known
from resources.gpu.foreseen import foreseen
from resources.gpu.model import Grant, Owner, RunId, Stop, WaitingRequest
from resources.gpu.policy.quota import QuotaTree
from resources.gpu.policy.quota_changes import Change, changes_between
from resources.gpu.policy.quota_model import Borrower, QuotaRows
from resources.gpu.policy.reason import Reason
from resources.gpu.snapshot import Known, Snapshot
from resources.gpu.usage.known import with_past

MOST_IN_TURN = 2_000
"""With more, a pass to find whose turn it is would take too long for a look; they stand as they came then."""


@dataclass(frozen=True)
class WholeLine:
    """Who waits, for who looks."""

    waiting: tuple[WaitingRequest, ...]
    """The next to be looked at comes first, each with its expected start where declared ends tell."""
    is_in_turn: bool
    """Whether this is the order of the arbiter; else they stand as they came."""


@dataclass(frozen=True)
class ForeseenStop:
    """A run that would make room."""

    run_id: RunId
    owner: Owner
    for_run: RunId
    why: Reason


@dataclass(frozen=True)
class QuotaPreview:
    """What other quotas would change."""

    before: QuotaRows
    """Those that hold now."""
    changes: tuple[Change, ...]
    over: tuple[Borrower, ...]
    """Who would be above a limit: it gets nothing new until it is below."""
    borrowers: tuple[Borrower, ...]
    """Who would use more than it is owed, and gives it back when whoever is owed it asks."""
    stops: tuple[ForeseenStop, ...]
    """Runs that would make room at the next pass, and would not under the quotas of now."""
    starts: tuple[RunId, ...]
    """Runs that wait now and would start at once."""
    models: tuple[str | None, ...] = ()
    """The models of the devices that there are; None for CPU slots."""


class Foresight(OnLedger):
    """What would be decided."""

    def line(self) -> WholeLine:
        """Who waits, in the order of the next pass, and when each is expected to start."""
        inventory, now = self._everything(), self._clock()
        with self._database.read() as connection:
            known = read_known(connection)
            if not known.waiting:
                return WholeLine((), is_in_turn=True)
            if len(known.waiting) > MOST_IN_TURN:
                return WholeLine(tuple(known.waiting), is_in_turn=False)
            rows = lending_store.rows_now(connection)
            known = with_past(connection, known, rows, now)
        waiting = {one.run_id: one for one in known.waiting}
        ahead = foreseen(inventory, known, rows, self._settings, now)
        looked_at = [one.decision.run_id for one in ahead.now if one.decision.run_id in waiting]
        return WholeLine(
            tuple(
                replace(waiting[run], expected_at=ahead.starts.get(run, waiting[run].expected_at))
                for run in dict.fromkeys((*looked_at, *waiting))
            ),
            is_in_turn=True,
        )

    def preview_quotas(self, rows: QuotaRows) -> QuotaPreview:
        """What would change under these quotas. Raises BadQuota for rows that do not hold together."""
        tree = QuotaTree(rows)
        inventory, now = self._inventory(), self._clock()
        with self._database.read() as connection:
            known = read_known(connection)
            before = quota_store.read(connection)
            rows_now = lending_store.rows_now(connection)
            known_now = with_past(connection, known, rows_now, now)
            known_then = with_past(connection, known, rows, now)
        now_snapshot = Snapshot(inventory, known_now, QuotaTree(rows_now), self._settings)
        then_snapshot = Snapshot(inventory, known_then, tree, self._settings)
        used = then_snapshot.state.quotas
        over, borrowers = used.overdrawn(), used.all_borrowers()
        as_it_is = decide_by_name(now_snapshot, known_now, now)
        then = decide_by_name(then_snapshot, known_then, now)
        anyway = {one.decision.run_id for one in as_it_is if not isinstance(one.decision, Grant)}
        stopped_anyway = {one.run_id for one in _stops(as_it_is, known)}
        return QuotaPreview(
            before,
            tuple(changes_between(before, rows)),
            over,
            borrowers,
            tuple(one for one in _stops(then, known) if one.run_id not in stopped_anyway),
            tuple(
                one.decision.run_id
                for one in then
                if isinstance(one.decision, Grant) and one.decision.run_id in anyway
            ),
            tuple(dict.fromkeys(device.model for node in inventory.nodes for device in node.devices)),
        )


def _stops(decided: list[Decided], known: Known) -> list[ForeseenStop]:
    owners = {lease.run_id: lease.owner for lease in known.leases}
    return [
        ForeseenStop(made.decision.run_id, owners[made.decision.run_id], made.decision.for_run, made.why)
        for made in decided
        if isinstance(made.decision, Stop)
    ]
