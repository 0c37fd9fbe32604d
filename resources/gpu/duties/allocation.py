"""Leases without a run: asked for by name, renewed, given back."""

from dataclasses import dataclass, replace
from datetime import timedelta

from resources.errors import BadInput, Conflict, Denied, NotFound
from resources.gpu import ledger, quota_store
from resources.gpu.duties.base import audit
from resources.gpu.duties.expiring import Expiring
from resources.gpu.duties.submission import FIRST_ATTEMPT, Submission, refuse_over_quota
from resources.gpu.manual.left import NOTHING, Left
from resources.gpu.manual.naming import checked_project, lease_id
from resources.gpu.model import (
    GIVEN_BACK,
    NO_TERMS,
    Attempt,
    Lease,
    LeaseState,
    Origin,
    Owner,
    Terms,
    WaitingRequest,
)
from resources.gpu.reservations import store as reservations
from resources.process import ProcessIdentity
from resources.terms import Actor

LONGEST_S = 30 * 86_400
"""A lease without a run is not given for longer."""
INSTANCE = "manual"
"""In the place of the Dagster instance."""


@dataclass(frozen=True)
class Returned:
    """What became of a lease that was given back."""

    is_over: bool
    """False: something of it is left, and its devices come back once that is gone."""
    left: Left = NOTHING


class Allocation(Submission, Expiring):
    """Devices for somebody who sits before a terminal."""

    def allocate(
        self,
        name: str,
        text: str,
        *,
        for_s: int,
        owner: Owner,
        actor: Actor,
        holder: ProcessIdentity,
        terms: Terms = NO_TERMS,
    ) -> WaitingRequest:
        """Put the request of a lease that ends ``for_s`` seconds after its start in the line.

        ``holder`` waits for it and claims it; should it die before, nothing of the request stays. Raises as
        :meth:`submit` does for what would be refused, BadInput for a name or a time of no use, Conflict where
        a lease of that name waits or lives.
        """
        run_id = lease_id(name)
        _refuse_time(for_s)
        terms = replace(terms, max_runtime_s=float(for_s), preemptible=False)
        requests, inventory = self._read([(text, terms)], for_run=False)
        if not requests[text].count and not terms.cpu_milli and not terms.host_memory_mib:
            raise BadInput(
                f"a lease of nothing ({text!r}) has no use",
                "Name how many devices, such as 1, or say --cpus or --memory.",
            )
        checked_project(owner.project)
        now = self._clock()
        with self._database.write() as connection:
            newest = ledger.newest_attempt(connection, run_id)
            if newest is not None and not ledger.has_ended(connection, run_id, newest):
                raise _taken(name, ledger.request_of(connection, run_id, newest).owner)
            attempt = FIRST_ATTEMPT if newest is None else Attempt(newest + 1)
            asked = WaitingRequest(
                run_id,
                attempt,
                requests[text],
                owner,
                Origin.MANUAL,
                INSTANCE,
                now,
                holder=holder,
                terms=terms,
            )
            refuse_over_quota(quota_store.read(connection), inventory, [asked])
            ledger.add_requests(connection, [asked])
            audit(connection, now, actor, "gpu.allocate", run_id, f"asks for {text} for {for_s} s")
        return asked

    def lease_named(self, name: str) -> Lease | None:
        """The live lease of that name, taken up; None where there is none."""
        run_id = lease_id(name)
        with self._database.read() as connection:
            attempt = ledger.newest_attempt(connection, run_id)
            lease = None if attempt is None else ledger.lease_of(connection, run_id, attempt)
        return lease if lease is not None and lease.state is LeaseState.CLAIMED else None

    def renew(self, name: str, *, for_s: int, owner: Owner, actor: Actor) -> Lease:
        """Let a live lease end ``for_s`` seconds from now.

        A renewal stands behind those who wait: it is refused, with Conflict, where somebody waits for what
        the lease holds and it would end later than before; also where it is somebody else's. Raises NotFound
        where there is no such lease.
        """
        run_id = lease_id(name)
        _refuse_time(for_s)
        inventory = self._inventory()
        now = self._clock()
        ends_at = now + timedelta(seconds=for_s)
        with self._database.write() as connection:
            attempt = ledger.newest_attempt(connection, run_id)
            lease = None if attempt is None else ledger.lease_of(connection, run_id, attempt)
            if lease is None or lease.state is not LeaseState.CLAIMED or lease.expires_at is None:
                raise _no_lease(name)
            if lease.owner != owner:
                raise _taken(name, lease.owner)
            if lease.stop_for is not None:
                raise Conflict(
                    f"lease {name} is not renewed: {lease.stop_reason}",
                    f"Give it back, and ask for other devices: trainplat gpu release {name}",
                )
            if (ends_at - lease.granted_at).total_seconds() > LONGEST_S:
                raise _too_long((ends_at - lease.granted_at).total_seconds())
            if ends_at > lease.expires_at:
                held = [device for device in inventory.devices if device.id in lease.devices]
                for asked in ledger.waiting_requests(connection):
                    if any(asked.request.matches(device) for device in held):
                        raise Conflict(
                            f"lease {name} is not renewed: {asked.owner.user} of {asked.owner.project} waits "
                            f"for devices that it holds, since {asked.submitted_at:%Y-%m-%d %H:%M} UTC",
                            "Give it back and ask again: then you stand in the line behind who waits.",
                        )
                for reserved in reservations.read(connection):
                    if reserved.overlaps(now, ends_at) and set(reserved.devices) & set(lease.devices):
                        raise Conflict(
                            f"lease {name} is not renewed: reservation {reserved.id} of {reserved.project} "
                            f"begins on its devices at {reserved.starts_at:%Y-%m-%d %H:%M} UTC",
                            "Renew it until then at most, or ask for other devices.",
                        )
            ledger.set_expiry(connection, lease, ends_at)
            audit(connection, now, actor, "gpu.renew", run_id, f"ends at {ends_at:%Y-%m-%d %H:%M:%S} UTC")
        return replace(lease, expires_at=ends_at)

    def give_back(self, name: str, actor: Actor, *, user: str, is_operator: bool = False) -> Returned:
        """End a lease now, or take its request out of the line; only its ``user`` or an operator may.

        As long as something of it is left on its devices, these stay with it. Raises NotFound where there is
        none, and Denied.
        """
        run_id = lease_id(name)
        now = self._clock()
        with self._database.write() as connection:
            attempt = ledger.newest_attempt(connection, run_id)
            if attempt is None or ledger.has_ended(connection, run_id, attempt):
                raise _no_lease(name)
            owner = ledger.request_of(connection, run_id, attempt).owner
            if user != owner.user and not is_operator:
                raise Denied(
                    f"lease {name} is of {owner.user} in project {owner.project}; you are {user}",
                    f"Ask {owner.user}, or whoever runs the platform, to give it back.",
                )
            lease = ledger.lease_of(connection, run_id, attempt)
            audit(connection, now, actor, "gpu.give_back", run_id, "")
            if lease is None:
                ledger.end_request(connection, run_id, attempt, GIVEN_BACK)
                return Returned(is_over=True)
            if lease.state is LeaseState.GRANTED:
                ledger.release(connection, run_id, attempt, GIVEN_BACK, now)
                return Returned(is_over=True)
            if lease.expires_at is None or lease.expires_at > now:
                ledger.set_expiry(connection, lease, now)
        if any(one.run_id == run_id for one in self.end_overdue(actor, given_back=run_id)):
            return Returned(is_over=True)
        left = {lease.run_id: left for lease, left in self.left_of_overdue().items()}
        return Returned(is_over=run_id not in left, left=left.get(run_id, NOTHING))


def _refuse_time(for_s: int) -> None:
    if for_s > LONGEST_S:
        raise _too_long(for_s)
    if for_s < 1:
        raise BadInput(f"a lease for {for_s} s has no use", "Ask for at least a second.")


def _too_long(seconds: float) -> BadInput:
    return BadInput(
        f"a lease for {seconds / 86_400:.1f} days is too long; expected at most {LONGEST_S // 86_400}",
        "Ask for less, and renew it before its end.",
    )


def _taken(name: str, owner: Owner) -> Conflict:
    return Conflict(
        f"there is a lease {name} already, of {owner.user} in project {owner.project}",
        f"Choose another name, or end it first: trainplat gpu release {name}",
    )


def _no_lease(name: str) -> NotFound:
    return NotFound(
        f"there is no lease {name!r}",
        "`trainplat gpu status` and `trainplat gpu queue` show those there are.",
    )
