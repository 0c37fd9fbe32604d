"""Advance reservations: made, shown, cancelled."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection

from resources.errors import BadInput, Conflict, NotFound
from resources.gpu import drain_store, ledger, quota_store
from resources.gpu.duties.allocation import INSTANCE
from resources.gpu.duties.base import audit
from resources.gpu.duties.submission import FIRST_ATTEMPT, Submission, refuse_over_quota
from resources.gpu.manual.naming import checked_name, checked_project, checked_user, lease_id, name_of
from resources.gpu.model import (
    NO_TERMS,
    Lease,
    LeaseState,
    Origin,
    Owner,
    Reserved,
    Terms,
    WaitingRequest,
)
from resources.gpu.placement.model import WHOLE_MILLI
from resources.gpu.requests.model import GpuRequest
from resources.gpu.reservations import store
from resources.gpu.reservations.finding import World, clashes, declared_end, find_devices, nearest_start
from resources.terms import Actor

LONGEST_S = 60 * 86_400
FURTHEST = timedelta(days=366)
NAMED = 3
"""How many of those in the way are named."""


class Reserving(Submission):
    """What is set aside for later."""

    def reservations(self) -> tuple[Reserved, ...]:
        """Those that are not over, the first to begin first."""
        now = self._clock()
        with self._database.read() as connection:
            return tuple(one for one in store.read(connection) if one.ends_at > now)

    def reserve(
        self,
        name: str,
        text: str,
        *,
        project: str,
        user: str | None = None,
        starts_at: datetime,
        for_s: int,
        actor: Actor,
        terms: Terms = NO_TERMS,
    ) -> Reserved:
        """Set devices aside for a project, or one user in it, from a moment on and for a time in seconds.

        Raises as :meth:`submit` does for what could never be; Conflict for a name that is taken, and where
        other reservations, or leases that will still be there, leave too little: it names them, and the
        nearest time. BadInput for a time in the past, too far away or too long.
        """
        checked_name(name, "reservation")
        checked_project(project)
        if user is not None:
            checked_user(user)
        requests, inventory = self._read([(text, terms)], for_run=False)
        request = requests[text]
        now = self._clock()
        _refuse_times(request, now, starts_at, for_s)
        ends_at = starts_at + timedelta(seconds=for_s)
        with self._database.write() as connection:
            store.forget_ended(connection, now)
            there = store.read(connection)
            if any(one.id == name for one in there):
                raise Conflict(
                    f"there is a reservation {name} already",
                    f"Choose another name, or cancel it first: trainplat gpu reserve cancel {name}",
                )
            asked = WaitingRequest(
                lease_id(name),
                FIRST_ATTEMPT,
                request,
                Owner(project, user or "*"),
                Origin.MANUAL,
                INSTANCE,
                now,
                terms=terms,
            )
            refuse_over_quota(quota_store.read(connection), inventory, [asked])
            leases = [*ledger.live_leases(connection), *_to_come(connection, now)]
            world = World(inventory, leases, there, drain_store.read(connection))
            devices = find_devices(world, request, terms, starts_at, ends_at)
            if devices is None:
                raise _clash(name, world, request, terms, starts_at, ends_at)
            reserved = Reserved(
                name,
                project,
                user,
                devices,
                starts_at,
                ends_at,
                request.milli,
                terms,
                self._reserved_memory(request),
                text,
                actor,
            )
            store.add(connection, reserved)
            detail = f"{text} for {user or 'all'} in {project}, {_time(starts_at)} to {_time(ends_at)}"
            audit(connection, now, actor, "gpu.reserve", name, detail)
        return reserved

    def cancel_reservation(self, name: str, actor: Actor) -> None:
        """Give up what is set aside. Runs within it go on. Raises NotFound where there is none."""
        now = self._clock()
        with self._database.write() as connection:
            if not any(one.id == name and one.ends_at > now for one in store.read(connection)):
                raise NotFound(
                    f"there is no reservation {name!r}", "`trainplat gpu reserve list` shows those there are."
                )
            store.remove(connection, name)
            audit(connection, now, actor, "gpu.cancel_reservation", name, "")

    @staticmethod
    def _reserved_memory(request: GpuRequest) -> int:
        return (request.memory_mib or 0) if request.milli < WHOLE_MILLI else 0


def _to_come(connection: Connection, now: datetime) -> list[Lease]:
    """The leases of those for whom others make room, as if they began now."""
    kept = ledger.kept(connection)
    waiting = {one.run_id: one for one in ledger.waiting_requests(connection)} if kept else {}
    return [
        Lease(
            one.run_id,
            asked.attempt,
            one.devices,
            asked.request,
            asked.owner,
            asked.origin,
            asked.instance,
            LeaseState.GRANTED,
            now,
            terms=asked.terms,
        )
        for one in kept
        if (asked := waiting.get(one.run_id)) is not None
    ]


def _refuse_times(request: GpuRequest, now: datetime, starts_at: datetime, for_s: int) -> None:
    if request.count == 0:
        raise BadInput(
            f"a reservation of no device ({request.text!r}) has no use", "Name how many devices, such as 1."
        )
    if starts_at < now:
        raise BadInput(
            f"a reservation from {_time(starts_at)} on would begin in the past; it is {_time(now)} now",
            "Name a later time.",
        )
    if starts_at > now + FURTHEST:
        raise BadInput(
            f"a reservation from {_time(starts_at)} on is more than {FURTHEST.days} days away",
            "Name an earlier time.",
        )
    if not 1 <= for_s <= LONGEST_S:
        raise BadInput(
            f"a reservation for {for_s} s cannot be made; expected 1 s to {LONGEST_S // 86_400} days",
            "Name another length.",
        )


def _clash(
    name: str, world: World, request: GpuRequest, terms: Terms, starts_at: datetime, ends_at: datetime
) -> Conflict:
    there = clashes(world, request, starts_at, ends_at)
    named = ", ".join(_named(one) for one in there[:NAMED])
    more = f" and {len(there) - NAMED} more" if len(there) > NAMED else ""
    nearest = nearest_start(world, request, terms, starts_at, ends_at - starts_at)
    return Conflict(
        f"reservation {name} of {request.text!r} from {_time(starts_at)} to {_time(ends_at)} would oversell: "
        f"in the way {'are' if len(there) > 1 else 'is'} {named or 'what is drained'}{more}",
        "No time is free for it; ask for less."
        if nearest is None
        else f"The nearest time that is free begins at {_time(nearest)}: --from {nearest.isoformat()}",
    )


def _named(one: Reserved | Lease) -> str:
    if isinstance(one, Reserved):
        return f"reservation {one.id} of {one.project} until {_time(one.ends_at)}"
    end, name = declared_end(one), name_of(one.run_id)
    what = f"run {one.run_id[:8]}" if name is None else f"lease {name}"
    return f"{what} of {one.owner.project}" + ("" if end is None else f" until {_time(end)}")


def _time(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
