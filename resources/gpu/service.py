"""The GPU service: the pure decision joined with the ledger. What changes a lease goes through here."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from resources.clock import Clock, utc_now
from resources.database.audit import AuditRow, record
from resources.database.engine import Database
from resources.gpu import ledger
from resources.gpu.arbiter import decide
from resources.gpu.inventory.discover import discover
from resources.gpu.inventory.model import Device
from resources.gpu.model import (
    Attempt,
    Decision,
    Grant,
    Lease,
    LeaseState,
    Origin,
    Owner,
    RunId,
    Snapshot,
    WaitingRequest,
)
from resources.gpu.requests.fitting import refuse_impossible
from resources.gpu.requests.grammar import parse_request
from resources.gpu.requests.vendor_file import home_vendors
from resources.gpu.requests.vendors import VendorTable
from resources.process import ProcessIdentity
from resources.terms import Actor

FIRST_ATTEMPT = Attempt(1)
DIED = "its process died"
"""Why a lease was given back whose run's process was killed or crashed."""
GONE = "its process is gone"
"""The same of a direct run, which waits and runs in its own process."""


@dataclass(frozen=True)
class GpuStatus:
    """What the pages and the command line show."""

    devices: tuple[Device, ...]
    leases: tuple[Lease, ...]
    """Those not released, oldest first."""
    waiting: tuple[WaitingRequest, ...]
    """In the order in which they came, each with the reason why it waits."""
    past: tuple[Lease, ...]
    """Those released last, newest first."""


class GpuService:
    """Requests, decisions and leases of one ledger."""

    def __init__(
        self,
        database: Database,
        *,
        inventory: Callable[[], tuple[Device, ...]] = discover,
        vendors: Callable[[], VendorTable] = home_vendors,
        clock: Clock = utc_now,
    ) -> None:
        self._database = database
        self._inventory = inventory
        self._vendors = vendors
        self._clock = clock

    def submit(
        self,
        run_id: RunId,
        text: str,
        *,
        owner: Owner,
        origin: Origin,
        instance: str,
        actor: Actor,
        holder: ProcessIdentity | None = None,
    ) -> WaitingRequest:
        """Put a run's request in the line; asking again for a run that is known changes nothing.

        Raises BadGpuRequest for a text that does not parse, ImpossibleGpuRequest for one that this machine
        can never satisfy, BadInput for a bad vendors.yaml of the home; nothing is written then.
        """
        request = parse_request(text, self._vendors())
        refuse_impossible(request, self._inventory())
        now = self._clock()
        with self._database.write() as connection:
            known = ledger.newest_attempt(connection, run_id)
            if known is not None:
                return ledger.request_of(connection, run_id, known)
            waiting = WaitingRequest(
                run_id, FIRST_ATTEMPT, request, owner, origin, instance, now, holder=holder
            )
            ledger.add_request(connection, waiting)
            _audit(connection, now, actor, "gpu.submit", run_id, f"asks for {text}")
        return waiting

    def decide_now(self, actor: Actor) -> list[Decision]:
        """One pass of the arbiter: grants what can be granted, keeps the reason of what waits."""
        devices = self._inventory()
        now = self._clock()
        with self._database.write() as connection:
            waiting = ledger.waiting_requests(connection)
            if not waiting:
                return []
            leases = ledger.live_leases(connection)
            decisions = decide(Snapshot(devices, tuple(leases), tuple(waiting)), now)
            by_run = {(one.run_id, one.attempt): one for one in waiting}
            for decision in decisions:
                asked = by_run[decision.run_id, decision.attempt]
                if isinstance(decision, Grant):
                    ledger.add_lease(connection, asked, decision, now)
                    detail = f"{decision.rule}: {decision.reason}"
                    _audit(connection, now, actor, "gpu.grant", decision.run_id, detail)
                elif (asked.rule, asked.reason) != (decision.rule, decision.reason):
                    ledger.set_reason(connection, decision)
        return decisions

    def claim(self, run_id: RunId, claimer: ProcessIdentity) -> Lease | None:
        """Take up the granted lease of a run's newest attempt: once, however many try. None: not now."""
        now = self._clock()
        with self._database.write() as connection:
            attempt = ledger.newest_attempt(connection, run_id)
            if attempt is None or not ledger.claim(connection, run_id, attempt, claimer, now):
                return None
            lease = ledger.lease_of(connection, run_id, attempt)
            if lease is None or lease.origin is not Origin.DIRECT:
                return lease
            # Of two step processes of one run that wait, either may be the one that gets it.
            ledger.move_holder(connection, run_id, attempt, claimer)
            return ledger.lease_of(connection, run_id, attempt)

    def set_holder(self, run_id: RunId, attempt: Attempt, holder: ProcessIdentity) -> bool:
        """Say that ``holder`` now uses the claimed lease. False: it is somebody else's, or gone; then end."""
        with self._database.write() as connection:
            return ledger.set_holder(connection, run_id, attempt, holder)

    def free_dead_holders(self, actor: Actor) -> list[Lease]:
        """Give back what direct runs held whose process is gone, and take those that waited out of the line.

        Returns the leases given back. The runs of the queue are the launcher's to judge: their process
        group, not only their process, must be gone.
        """
        with self._database.read() as connection:
            leases = [one for one in ledger.live_leases(connection) if one.origin is Origin.DIRECT]
            waiting = [one for one in ledger.waiting_requests(connection) if one.origin is Origin.DIRECT]
        for request in waiting:
            if request.holder is not None and not request.holder.is_alive():
                self.withdraw(request.run_id, reason=GONE, actor=actor)
        dead = [one for one in leases if one.holder is not None and not one.holder.is_alive()]
        return [one for one in dead if self.release(one.run_id, one.attempt, reason=GONE, actor=actor)]

    def release(self, run_id: RunId, attempt: Attempt, *, reason: str, actor: Actor) -> bool:
        """Give the devices of a lease back. Returns whether it was live; doing it twice changes nothing."""
        now = self._clock()
        with self._database.write() as connection:
            was_live = ledger.release(connection, run_id, attempt, reason, now)
            if was_live:
                _audit(connection, now, actor, "gpu.release", run_id, f"attempt {attempt}: {reason}")
        return was_live

    def withdraw(self, run_id: RunId, *, reason: str, actor: Actor) -> None:
        """Take a run out of the line and give back what it was granted but has not taken up."""
        now = self._clock()
        with self._database.write() as connection:
            attempt = ledger.newest_attempt(connection, run_id)
            if attempt is None:
                return
            lease = ledger.lease_of(connection, run_id, attempt)
            ended = ledger.end_request(connection, run_id, attempt, reason)
            if lease is not None and lease.state is LeaseState.GRANTED:
                ended |= ledger.release(connection, run_id, attempt, reason, now)
            if ended:
                _audit(connection, now, actor, "gpu.withdraw", run_id, reason)

    def try_again(
        self,
        run_id: RunId,
        attempt: Attempt,
        *,
        reason: str,
        actor: Actor,
        holder: ProcessIdentity | None = None,
        seen: Lease | None = None,
    ) -> Attempt:
        """Release an attempt's lease and put the run in the line once more, at the place of its first try.

        Both in one transaction, so that a kill leaves either the old attempt or the new one. Returns the
        newest attempt; one that is newer than ``attempt`` already is left as it is, and so is a lease that a
        worker has taken up since it was ``seen``.
        """
        now = self._clock()
        with self._database.write() as connection:
            newest = ledger.newest_attempt(connection, run_id)
            if newest is None or newest > attempt:
                return newest or attempt
            found = ledger.lease_of(connection, run_id, attempt)
            if seen is not None and found is not None and found.holder != seen.holder:
                return attempt
            asked = ledger.request_of(connection, run_id, attempt)
            ledger.release(connection, run_id, attempt, reason, now)
            following = Attempt(attempt + 1)
            again = WaitingRequest(
                run_id,
                following,
                asked.request,
                asked.owner,
                asked.origin,
                asked.instance,
                asked.submitted_at,
                holder=holder,
            )
            ledger.add_request(connection, again)
            _audit(connection, now, actor, "gpu.try_again", run_id, f"attempt {following}: {reason}")
        return following

    def live_leases(self) -> list[Lease]:
        """The leases that are not released, oldest first."""
        with self._database.read() as connection:
            return ledger.live_leases(connection)

    def waiting(self) -> list[WaitingRequest]:
        """The requests that wait, oldest first."""
        with self._database.read() as connection:
            return ledger.waiting_requests(connection)

    def newest_request(self, run_id: RunId) -> WaitingRequest | None:
        """The request of a run's newest attempt, whatever its state; None for a run that never asked."""
        with self._database.read() as connection:
            attempt = ledger.newest_attempt(connection, run_id)
            return None if attempt is None else ledger.request_of(connection, run_id, attempt)

    def has_ended(self, run_id: RunId) -> bool:
        """Whether a run's newest attempt neither waits nor holds anything any more."""
        with self._database.read() as connection:
            attempt = ledger.newest_attempt(connection, run_id)
            return attempt is not None and ledger.has_ended(connection, run_id, attempt)

    def newest_lease(self, run_id: RunId) -> Lease | None:
        """The newest lease of a run, live or released."""
        with self._database.read() as connection:
            leases = ledger.leases_of_run(connection, run_id)
        return leases[-1] if leases else None

    def deaths(self, run_id: RunId) -> int:
        """How often a run's process has died under a lease. Clean stops do not count."""
        with self._database.read() as connection:
            leases = ledger.leases_of_run(connection, run_id)
        return sum(lease.release_reason == DIED for lease in leases)

    def lease_seconds(self, run_id: RunId) -> float:
        """How long a run has held devices so far, in seconds, over all its attempts."""
        with self._database.read() as connection:
            leases = ledger.leases_of_run(connection, run_id)
        now = self._clock()
        return sum((_end(lease, now) - lease.granted_at).total_seconds() for lease in leases if lease.devices)

    def status(self, *, past: int = 20) -> GpuStatus:
        """Devices, leases and the line, as they are now."""
        devices = self._inventory()
        with self._database.read() as connection:
            return GpuStatus(
                devices,
                tuple(ledger.live_leases(connection)),
                tuple(ledger.waiting_requests(connection)),
                tuple(ledger.past_leases(connection, past)),
            )

    def devices(self) -> tuple[Device, ...]:
        """The devices of this machine."""
        return self._inventory()


def _audit(
    connection: Connection, now: datetime, actor: Actor, action: str, run_id: RunId, detail: str
) -> None:
    record(connection, AuditRow(now, actor, action, run_id, detail))


def _end(lease: Lease, now: datetime) -> datetime:
    return lease.released_at or now
