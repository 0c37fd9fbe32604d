"""Leases without a run end at their time, and those that were ended end, once nothing of them is left."""

from resources.gpu import ledger
from resources.gpu.duties.base import OnLedger, audit
from resources.gpu.inventory.model import Inventory
from resources.gpu.manual.left import Left, left_of
from resources.gpu.model import GIVEN_BACK, RUN_ENDED, STEP_DONE, TIME_OVER, Lease, Origin, RunId, run_of
from resources.terms import Actor


class Expiring(OnLedger):
    """What is over."""

    def end_overdue(self, actor: Actor, *, given_back: RunId | None = None) -> list[Lease]:
        """Release the leases whose time is over and of which nothing is left; the others stay, overdue.

        Each pass does it. ``given_back`` is the lease whose owner has ended its time just now. Returns those
        released.
        """
        now = self._clock()
        with self._database.read() as connection:
            overdue = ledger.overdue(connection, now)
            live = ledger.live_leases(connection) if overdue else []
        if not overdue:
            return []
        left = self._left(overdue, live, self._everything())
        free = [lease for lease in overdue if not left[lease]]
        ended = []
        with self._database.write() as connection:
            for lease in free:
                found = ledger.lease_of(connection, lease.run_id, lease.attempt)
                if found is None or found.expires_at is None or found.expires_at > now:
                    continue  # it was renewed meanwhile
                why = GIVEN_BACK if lease.run_id == given_back else _why(lease)
                if ledger.release(connection, lease.run_id, lease.attempt, why, now):
                    audit(connection, now, actor, "gpu.expire", lease.run_id, why)
                    ended.append(found)
        return ended

    def left_of_overdue(self) -> dict[Lease, Left]:
        """The leases whose time is over and that still hold devices, each with why."""
        with self._database.read() as connection:
            overdue = ledger.overdue(connection, self._clock())
            live = ledger.live_leases(connection) if overdue else []
        return self._left(overdue, live, self._everything()) if overdue else {}

    def _left(self, overdue: list[Lease], live: list[Lease], inventory: Inventory) -> dict[Lease, Left]:
        readings = self._readings(inventory)
        gone = frozenset(device.id for device in inventory.devices if not device.answers)
        return {lease: left_of(lease, live, readings, gone) for lease in overdue}


def _why(lease: Lease) -> str:
    if lease.origin is Origin.MANUAL:
        return TIME_OVER
    return RUN_ENDED if run_of(lease.run_id) == lease.run_id else STEP_DONE
