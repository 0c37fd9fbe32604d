"""The GPU service: the pure decision joined with the ledger. What changes a lease goes through here."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from resources.clock import Clock, utc_now
from resources.database.audit import AuditRow, record
from resources.database.engine import Database
from resources.errors import Conflict, NotFound
from resources.gpu import decision_log, ledger, quota_store
from resources.gpu.arbiter import Decided, decide_by_name
from resources.gpu.decision_log import PastDecision
from resources.gpu.inventory.discover import local_inventory
from resources.gpu.inventory.model import Device, Inventory
from resources.gpu.model import (
    NO_TERMS,
    Attempt,
    Decision,
    Grant,
    Lease,
    LeaseState,
    Origin,
    Owner,
    RunId,
    Terms,
    Wait,
    WaitingRequest,
)
from resources.gpu.placement.model import WHOLE_MILLI
from resources.gpu.policy.model import Settings
from resources.gpu.policy.quota import QuotaTree
from resources.gpu.policy.quota_model import QuotaRows
from resources.gpu.requests.errors import OverQuota
from resources.gpu.requests.fitting import refuse_impossible, refuse_terms
from resources.gpu.requests.grammar import parse_request
from resources.gpu.requests.model import GpuRequest
from resources.gpu.requests.vendor_file import home_vendors
from resources.gpu.requests.vendors import VendorTable
from resources.gpu.settings import policy_settings
from resources.gpu.snapshot import Known, Snapshot
from resources.process import ProcessIdentity
from resources.terms import Actor

KEEPS = "W4"
"""The rule of a run for which others make room."""
FIRST_ATTEMPT = Attempt(1)
DIED = "its process died"
"""Why a lease was given back whose run's process was killed or crashed."""
PREEMPTED = "it made room for another run"
GONE = "its process is gone"
"""The same of a direct run, which waits and runs in its own process."""
SHOWN_RUNS = 5
"""How many runs are named when the beginning of an id fits several."""


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
        inventory: Callable[[], Inventory] = local_inventory,
        vendors: Callable[[], VendorTable] = home_vendors,
        settings: Settings | None = None,
        clock: Clock = utc_now,
    ) -> None:
        self._database = database
        self._inventory = inventory
        self._vendors = vendors
        self._settings = settings or policy_settings()
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
        terms: Terms = NO_TERMS,
    ) -> WaitingRequest:
        """Put a run's request in the line; asking again for a run that is known changes nothing.

        Raises BadGpuRequest for a text that does not parse, ImpossibleGpuRequest for one that this machine
        can never satisfy, OverQuota for one that the quotas never allow, BadInput for a bad vendors.yaml of
        the home; nothing is written then.
        """
        request = parse_request(text, self._vendors())
        inventory = self._inventory()
        refuse_impossible(request, tuple(one for one in inventory.devices if one.fault is None))
        refuse_terms(request, terms, inventory)
        now = self._clock()
        with self._database.write() as connection:
            known = ledger.newest_attempt(connection, run_id)
            if known is not None:
                return ledger.request_of(connection, run_id, known)
            self._refuse_over_quota(connection, inventory, request, terms, owner)
            waiting = WaitingRequest(
                run_id, FIRST_ATTEMPT, request, owner, origin, instance, now, holder=holder, terms=terms
            )
            ledger.add_request(connection, waiting)
            _audit(connection, now, actor, "gpu.submit", run_id, f"asks for {text}")
        return waiting

    def decide_now(self, actor: Actor) -> list[Decision]:
        """One pass of the arbiter: grants what can be granted, says who makes room, and why others wait."""
        inventory = self._inventory()
        now = self._clock()
        with self._database.write() as connection:
            waiting = ledger.waiting_requests(connection)
            if not waiting:
                return []
            known = Known(ledger.live_leases(connection), waiting, ledger.kept(connection))
            quotas = QuotaTree(quota_store.read(connection))
            snapshot = Snapshot(inventory, known, quotas, self._settings)
            decided = decide_by_name(snapshot, known, now)
            by_run = {one.run_id: one for one in waiting}
            for made in decided:
                _apply(connection, made, by_run, actor, now)
            _forget_kept(connection, known, decided)
        return [made.decision for made in decided]

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
            evicted = found is not None and found.stop_for is not None and reason == PREEMPTED
            # A run that died keeps its place in the line; one that made room has had its turn.
            served_s = (now - found.granted_at).total_seconds() if evicted and found else 0.0
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
                terms=asked.terms,
                queued_at=now,
                attained_gpu_s=asked.attained_gpu_s + served_s * asked.request.units_milli / WHOLE_MILLI,
                evictions=asked.evictions + evicted,
                evicted_at=now if evicted else asked.evicted_at,
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

    def find_run(self, text: str) -> RunId:
        """The run whose id is ``text``, or begins with it.

        Raises NotFound where no run does, Conflict where several do.
        """
        with self._database.read() as connection:
            if ledger.newest_attempt(connection, RunId(text)) is not None:
                return RunId(text)
            found = ledger.runs_beginning(connection, text, SHOWN_RUNS) if text else []
        if not found:
            raise NotFound(
                f"no run that asked for devices has an id that begins with {text!r}",
                "See `trainplat gpu history` and `trainplat gpu queue` for the runs that are known.",
            )
        if len(found) > 1:
            raise Conflict(
                f"several runs have an id that begins with {text!r}: {', '.join(found)}",
                "Give more of the id.",
            )
        return found[0]

    def leases_of(self, run_id: RunId) -> list[Lease]:
        """All leases that a run has had, by attempt."""
        with self._database.read() as connection:
            return ledger.leases_of_run(connection, run_id)

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
        devices = self._inventory().devices
        with self._database.read() as connection:
            return GpuStatus(
                devices,
                tuple(ledger.live_leases(connection)),
                tuple(ledger.waiting_requests(connection)),
                tuple(ledger.past_leases(connection, past)),
            )

    def devices(self) -> tuple[Device, ...]:
        """The devices of this machine that are in order."""
        return tuple(one for one in self._inventory().devices if one.fault is None)

    def ask_to_stop(self, run_id: RunId, attempt: Attempt) -> None:
        """Say that the process of a lease that makes room was asked for a checkpoint now."""
        now = self._clock()
        with self._database.write() as connection:
            ledger.set_stop_asked(connection, run_id, attempt, now)

    def decisions_of(self, run_id: RunId) -> list[PastDecision]:
        """What was decided about a run, the oldest first."""
        with self._database.read() as connection:
            return decision_log.of_run(connection, run_id)

    def newest_decisions(self, limit: int = 100) -> list[PastDecision]:
        """What was decided last, the newest first."""
        with self._database.read() as connection:
            return decision_log.newest(connection, limit)

    def quotas(self) -> QuotaRows:
        """All quotas."""
        with self._database.read() as connection:
            return quota_store.read(connection)

    def quotas_in_use(self) -> QuotaTree:
        """All quotas, with what the live leases use of them."""
        inventory = self._inventory()
        with self._database.read() as connection:
            known = Known(ledger.live_leases(connection), ())
            tree = QuotaTree(quota_store.read(connection))
        return Snapshot(inventory, known, tree, self._settings).state.quotas

    def set_quotas(self, rows: QuotaRows, actor: Actor) -> None:
        """Put these quotas in the place of all. Raises BadQuota for rows that do not hold together."""
        QuotaTree(rows)
        now = self._clock()
        with self._database.write() as connection:
            quota_store.replace(connection, rows)
            detail = f"{len(rows.quotas)} rows for {len(rows.memberships)} cohorts, projects and users"
            record(connection, AuditRow(now, actor, "gpu.set_quotas", "quotas", detail))

    def _refuse_over_quota(
        self, connection: Connection, inventory: Inventory, request: GpuRequest, terms: Terms, owner: Owner
    ) -> None:
        rows = quota_store.read(connection)
        if not rows.quotas:
            return
        tree = QuotaTree(rows)
        snapshot = Snapshot(inventory, Known((), ()), tree, self._settings)
        refusal = snapshot.never_in_quota(request, terms, owner)
        if refusal is not None:
            raise OverQuota(
                f"GPU request {request.text!r} of {owner.user} in project {owner.project}: {refusal.text}",
                "Ask for less, or have the quota raised; see `trainplat gpu quota show`.",
            )


def _audit(
    connection: Connection, now: datetime, actor: Actor, action: str, run_id: RunId, detail: str
) -> None:
    record(connection, AuditRow(now, actor, action, run_id, detail))


def _end(lease: Lease, now: datetime) -> datetime:
    return lease.released_at or now


def _apply(
    connection: Connection,
    made: Decided,
    waiting: Mapping[RunId, WaitingRequest],
    actor: Actor,
    now: datetime,
) -> None:
    decision = made.decision
    if isinstance(decision, Wait):
        asked = waiting[decision.run_id]
        if (asked.rule, asked.reason, asked.expected_at) == (
            decision.rule,
            decision.reason,
            decision.expected_at,
        ):
            return
        ledger.set_reason(connection, decision, made.why.to_json())
        if asked.rule == decision.rule:
            return  # who holds what changes often; the record keeps what changed in kind
    elif isinstance(decision, Grant):
        ledger.add_lease(connection, waiting[decision.run_id], decision, now)
        detail = f"{decision.rule}: {decision.reason}"
        _audit(connection, now, actor, "gpu.grant", decision.run_id, detail)
    else:
        ledger.stop(connection, decision)
        detail = f"{decision.rule}: {decision.reason}"
        _audit(connection, now, actor, "gpu.stop", decision.run_id, detail)
    if made.kept is not None:
        ledger.keep(connection, made.kept)
    decision_log.add(connection, made, now)


def _forget_kept(connection: Connection, known: Known, decided: Sequence[Decided]) -> None:
    """What was kept is given out by a grant, and of no use once its run is gone or fares otherwise."""
    still = {made.kept.run_id for made in decided if made.kept is not None}
    still |= {made.decision.run_id for made in decided if made.decision.rule == KEEPS}
    still |= {lease.run_id for lease in known.leases}
    for kept in known.kept:
        if kept.run_id not in still:
            ledger.drop_kept(connection, kept.run_id)
