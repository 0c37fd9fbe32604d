"""The ledger: requests and leases as rows. Every function works inside the caller's transaction."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import (
    Connection,
    and_,
    delete,
    func,
    insert,
    select,
    update,
)

from resources.database.bulk import insert_rows, update_rows
from resources.errors import Conflict
from resources.gpu import like_jobs, past_use
from resources.gpu.changes import next_change
from resources.gpu.inventory.model import DeviceId
from resources.gpu.ledger_rows import held_to_json, leases_of, texts_now, waiting_of
from resources.gpu.model import (
    RUN_ENDED,
    Attempt,
    Grant,
    Kept,
    Lease,
    LeaseState,
    RunId,
    Stop,
    Terms,
    WaitingRequest,
    granted_lease,
)
from resources.gpu.placement.model import WHOLE_MILLI
from resources.gpu.requests.model import GpuRequest
from resources.gpu.tables import KEPT, LEASES, REQUESTS, SHARES
from resources.gpu.terms import terms_from_json, terms_to_json
from resources.process import ProcessIdentity

_IS_LIVE = LEASES.c.state.in_([LeaseState.GRANTED, LeaseState.CLAIMED])
"""Said so that the index of states serves: most leases of a ledger are released."""
WAITING = "waiting"
GRANTED = "granted"
ENDED = "ended"
NAMES_AT_ONCE = 500
Name = TypeVar("Name", bound=str)


def newest_attempt(connection: Connection, run_id: RunId) -> Attempt | None:
    """The newest attempt of a run that the ledger knows, or None."""
    query = select(REQUESTS.c.attempt).where(REQUESTS.c.run_id == run_id).order_by(REQUESTS.c.attempt.desc())
    found = connection.execute(query.limit(1)).scalar_one_or_none()
    return None if found is None else Attempt(found)


def runs_beginning(connection: Connection, text: str, limit: int) -> list[RunId]:
    """The runs whose id begins with ``text``, the latest first, at most ``limit``."""
    last = func.max(REQUESTS.c.submitted_at)
    query = select(REQUESTS.c.run_id).where(REQUESTS.c.run_id.startswith(text, autoescape=True))
    query = query.group_by(REQUESTS.c.run_id).order_by(last.desc(), REQUESTS.c.run_id)
    return [RunId(one) for one in connection.execute(query.limit(limit)).scalars()]


def waiting_requests(connection: Connection) -> list[WaitingRequest]:
    """All requests that wait, oldest first."""
    query = select(REQUESTS).where(REQUESTS.c.state == WAITING)
    rows = connection.execute(query.order_by(REQUESTS.c.submitted_at, REQUESTS.c.run_id)).all()
    return waiting_of(rows)


def waited_for(connection: Connection) -> list[WaitingRequest]:
    """The requests for which a process waits itself: none of the queue."""
    query = select(REQUESTS).where(REQUESTS.c.state == WAITING, REQUESTS.c.holder_pid.is_not(None))
    return waiting_of(connection.execute(query).all())


def anything_waits(connection: Connection) -> bool:
    """Whether any request waits."""
    query = select(REQUESTS.c.run_id).where(REQUESTS.c.state == WAITING).limit(1)
    return connection.execute(query).first() is not None


def count_waiting(connection: Connection) -> int:
    """How many requests wait."""
    query = select(func.count()).select_from(REQUESTS).where(REQUESTS.c.state == WAITING)
    return int(connection.execute(query).scalar_one())


def asked_since(connection: Connection, since: datetime) -> list[tuple[GpuRequest, Terms, int]]:
    """What runs have asked for since then, and how often."""
    alike = REQUESTS.c.text, REQUESTS.c.terms, REQUESTS.c.device_count, REQUESTS.c.model
    query = select(*alike, func.count().label("times")).where(
        REQUESTS.c.submitted_at >= since, REQUESTS.c.attempt == 1
    )
    rows = connection.execute(query.group_by(*alike)).all()
    texts = texts_now()
    return [(texts.request_of(row), terms_from_json(row.terms), row.times) for row in rows]


def requests_changed(
    connection: Connection, since: int
) -> list[tuple[RunId, Attempt, WaitingRequest | None]]:
    """The requests that changed after change ``since``; None for one that waits no more."""
    rows = connection.execute(select(REQUESTS).where(REQUESTS.c.changed_in > since)).all()
    waiting = waiting_of(row for row in rows if row.state == WAITING)
    gone = [(RunId(row.run_id), Attempt(row.attempt), None) for row in rows if row.state != WAITING]
    return [*gone, *((one.run_id, one.attempt, one) for one in waiting)]


def leases_changed(connection: Connection, since: int) -> list[tuple[RunId, Attempt, Lease | None]]:
    """The leases that changed after change ``since``; None for one that is released."""
    rows = connection.execute(select(LEASES).where(LEASES.c.changed_in > since)).all()
    live = leases_of(row for row in rows if row.state != LeaseState.RELEASED)
    gone = [
        (RunId(row.run_id), Attempt(row.attempt), None) for row in rows if row.state == LeaseState.RELEASED
    ]
    return [*gone, *((one.run_id, one.attempt, one) for one in live)]


def request_of(connection: Connection, run_id: RunId, attempt: Attempt) -> WaitingRequest:
    """The request of an attempt that is known, whatever its state."""
    return waiting_of([connection.execute(select(REQUESTS).where(_is(REQUESTS, run_id, attempt))).one()])[0]


def add_requests(connection: Connection, waiting: Sequence[WaitingRequest]) -> None:
    """Put requests at the end of the line."""
    if not waiting:
        return
    number = next_change(connection)
    rows = [
        {
            **_common(one),
            "submitted_at": one.submitted_at,
            "queued_at": one.queued_at,
            "state": WAITING,
            "changed_in": number,
            **_identity("holder", one.holder),
        }
        for one in waiting
    ]
    insert_rows(connection, REQUESTS, rows)


def known_runs(connection: Connection, runs: Sequence[RunId]) -> dict[RunId, Attempt]:
    """The newest attempt of each of ``runs`` that the ledger knows."""
    found: dict[RunId, Attempt] = {}
    for some in _parts(runs):
        newest = select(REQUESTS.c.run_id, func.max(REQUESTS.c.attempt)).where(REQUESTS.c.run_id.in_(some))
        for run_id, attempt in connection.execute(newest.group_by(REQUESTS.c.run_id)).all():
            found[RunId(run_id)] = Attempt(attempt)
    return found


def set_reasons(connection: Connection, waiting: Sequence[WaitingRequest]) -> None:
    """Keep why requests wait, as a sentence and as values, and when they are expected to start."""
    if not waiting:
        return
    number = next_change(connection)
    rows = [
        {
            "run_id": one.run_id,
            "attempt": one.attempt,
            "changed_in": number,
            "rule": one.rule,
            "reason": one.reason,
            "expected_at": one.expected_at,
            "reason_values": None if one.why is None else one.why.to_json(),
        }
        for one in waiting
    ]
    update_rows(connection, REQUESTS, rows, where={"state": WAITING})


def end_request(connection: Connection, run_id: RunId, attempt: Attempt, reason: str) -> bool:
    """Take a request out of the line. Returns whether it was still waiting."""
    changed = connection.execute(
        update(REQUESTS)
        .where(_is(REQUESTS, run_id, attempt), REQUESTS.c.state == WAITING)
        .values(state=ENDED, rule=None, reason=reason, changed_in=next_change(connection))
    )
    return bool(changed.rowcount)


def has_ended(connection: Connection, run_id: RunId, attempt: Attempt) -> bool:
    """Whether an attempt neither waits nor holds anything any more."""
    query = select(REQUESTS.c.state).where(_is(REQUESTS, run_id, attempt))
    return bool(connection.execute(query).scalar_one_or_none() == ENDED)


def add_leases(
    connection: Connection, granted: Sequence[tuple[WaitingRequest, Grant]], now: datetime
) -> list[Lease]:
    """Turn waiting requests into leases. Raises :class:`Conflict` where a device has too little left."""
    if not granted:
        return []
    number = next_change(connection)
    requests = [
        {
            "run_id": one.run_id,
            "attempt": one.attempt,
            "state": GRANTED,
            "rule": one.rule,
            "reason": one.reason,
            "changed_in": number,
        }
        for _, one in granted
    ]
    update_rows(connection, REQUESTS, requests)
    shares = [
        {
            "device": device,
            "run_id": one.run_id,
            "attempt": one.attempt,
            "milli": waiting.request.milli,
        }
        for waiting, one in granted
        for device in one.devices
    ]
    insert_rows(connection, SHARES, shares)
    _refuse_oversold(connection, sorted({device for _, one in granted for device in one.devices}))
    leases = [granted_lease(waiting, one, now) for waiting, one in granted]
    rows = [
        {
            **_common(waiting),
            "submitted_at": lease.submitted_at,
            "devices": ",".join(lease.devices),
            "state": lease.state,
            "granted_at": lease.granted_at,
            **_identity("holder", lease.holder),
            "expires_at": lease.expires_at,
            "held": held_to_json(lease.held),
            "changed_in": number,
        }
        for (waiting, _), lease in zip(granted, leases, strict=True)
    ]
    insert_rows(connection, LEASES, rows)
    return leases


def stop(connection: Connection, decided: Stop) -> None:
    """Say that a lease makes room. One that does already keeps for whom."""
    connection.execute(
        update(LEASES)
        .where(
            _is(LEASES, decided.run_id, decided.attempt),
            _IS_LIVE,
            LEASES.c.stop_for.is_(None),
        )
        .values(
            stop_for=decided.for_run,
            stop_reason=decided.told,
            changed_in=next_change(connection),
        )
    )


def set_stop_asked(connection: Connection, run_id: RunId, attempt: Attempt, now: datetime) -> None:
    """Say that the process of a lease was asked for a checkpoint."""
    connection.execute(
        update(LEASES)
        .where(_is(LEASES, run_id, attempt), _IS_LIVE)
        .values(stop_asked_at=now, changed_in=next_change(connection))
    )


def resize(connection: Connection, grown: Lease) -> None:
    """Let a live lease reserve what ``grown`` does. The caller has made sure that there is room."""
    connection.execute(
        update(LEASES)
        .where(_is(LEASES, grown.run_id, grown.attempt), _IS_LIVE)
        .values(text=grown.request.text, terms=terms_to_json(grown.terms), changed_in=next_change(connection))
    )


def keep(connection: Connection, kept: Kept) -> None:
    """Keep devices for a run; what was kept for it before is forgotten."""
    drop_kept(connection, kept.run_id)
    connection.execute(
        insert(KEPT).values(
            run_id=kept.run_id,
            devices=",".join(kept.devices),
            victims=",".join(kept.victims),
            since=kept.since,
        )
    )


def drop_kept(connection: Connection, run_id: RunId) -> None:
    """Keep nothing for a run any more."""
    connection.execute(delete(KEPT).where(KEPT.c.run_id == run_id))


def kept(connection: Connection) -> list[Kept]:
    """What is kept for whom, the oldest first."""
    rows = connection.execute(select(KEPT).order_by(KEPT.c.since, KEPT.c.run_id)).all()
    return [
        Kept(
            RunId(row.run_id),
            tuple(DeviceId(one) for one in row.devices.split(",") if one),
            tuple(RunId(one) for one in row.victims.split(",") if one),
            row.since,
        )
        for row in rows
    ]


def lease_of(connection: Connection, run_id: RunId, attempt: Attempt) -> Lease | None:
    """The lease of one attempt, released or not."""
    rows = connection.execute(select(LEASES).where(_is(LEASES, run_id, attempt))).all()
    return next(iter(leases_of(rows)), None)


def leases_of_run(connection: Connection, run_id: RunId) -> list[Lease]:
    """All leases that a run has had, by attempt."""
    query = select(LEASES).where(LEASES.c.run_id == run_id).order_by(LEASES.c.attempt)
    return leases_of(connection.execute(query).all())


def leases_of_runs(connection: Connection, runs: Sequence[RunId]) -> list[Lease]:
    """All leases that these runs have had."""
    found: list[Lease] = []
    for some in _parts(runs):
        found += leases_of(connection.execute(select(LEASES).where(LEASES.c.run_id.in_(some))).all())
    return found


def live_leases(connection: Connection) -> list[Lease]:
    """The leases that are not released, oldest first."""
    query = select(LEASES).where(_IS_LIVE)
    rows = connection.execute(query.order_by(LEASES.c.granted_at, LEASES.c.run_id)).all()
    return leases_of(rows)


def past_leases(connection: Connection, limit: int) -> list[Lease]:
    """The leases released last, newest first."""
    query = select(LEASES).where(LEASES.c.state == LeaseState.RELEASED)
    rows = connection.execute(query.order_by(LEASES.c.released_at.desc()).limit(limit)).all()
    return leases_of(rows)


def claim(
    connection: Connection, run_id: RunId, attempt: Attempt, claimer: ProcessIdentity, now: datetime
) -> bool:
    """Take up a granted lease. Of any number that try, one gets True."""
    changed = connection.execute(
        update(LEASES)
        .where(_is(LEASES, run_id, attempt), LEASES.c.state == LeaseState.GRANTED)
        .values(
            state=LeaseState.CLAIMED,
            claimed_at=now,
            changed_in=next_change(connection),
            **_identity("claimer", claimer),
        )
    )
    return bool(changed.rowcount)


def set_holder(connection: Connection, run_id: RunId, attempt: Attempt, holder: ProcessIdentity) -> bool:
    """Say which process uses a claimed lease. Of any number that try, one gets True."""
    changed = connection.execute(
        update(LEASES)
        .where(
            _is(LEASES, run_id, attempt),
            LEASES.c.state == LeaseState.CLAIMED,
            LEASES.c.holder_pid.is_(None),
        )
        .values(changed_in=next_change(connection), **_identity("holder", holder))
    )
    return bool(changed.rowcount)


def move_holder(
    connection: Connection, run_id: RunId, attempt: Attempt, holder: ProcessIdentity | None
) -> None:
    """Let a lease end with the process that claimed it; None: with no process."""
    connection.execute(
        update(LEASES)
        .where(_is(LEASES, run_id, attempt), _IS_LIVE)
        .values(changed_in=next_change(connection), **_identity("holder", holder))
    )


def overdue(connection: Connection, now: datetime) -> list[Lease]:
    """The leases whose time is over, oldest first."""
    query = select(LEASES).where(_IS_LIVE, LEASES.c.expires_at <= now)
    return leases_of(connection.execute(query.order_by(LEASES.c.granted_at, LEASES.c.run_id)).all())


def set_expiry(connection: Connection, lease: Lease, expires_at: datetime) -> None:
    """Let a lease without a run end at another time."""
    terms = replace(lease.terms, max_runtime_s=(expires_at - lease.granted_at).total_seconds())
    connection.execute(
        update(LEASES)
        .where(_is(LEASES, lease.run_id, lease.attempt), _IS_LIVE)
        .values(expires_at=expires_at, terms=terms_to_json(terms), changed_in=next_change(connection))
    )


def set_over(connection: Connection, lease: Lease, now: datetime) -> None:
    """Say that a live lease is to end as soon as nothing of it is left."""
    connection.execute(
        update(LEASES)
        .where(_is(LEASES, lease.run_id, lease.attempt), _IS_LIVE)
        .values(expires_at=now, changed_in=next_change(connection))
    )


def set_heartbeat(connection: Connection, run_id: RunId, attempt: Attempt, now: datetime) -> None:
    """Say that a process of a lease was seen alive."""
    connection.execute(update(LEASES).where(_is(LEASES, run_id, attempt)).values(heartbeat_at=now))


def release(connection: Connection, run_id: RunId, attempt: Attempt, reason: str, now: datetime) -> bool:
    """Give a lease's devices back. Returns whether it was live."""
    lease = lease_of(connection, run_id, attempt)
    is_live = lease is not None and lease.state is not LeaseState.RELEASED
    number = next_change(connection)
    if lease is not None and is_live:
        past_use.count(connection, lease, now)
        like_jobs.count(connection, lease, now, ended=reason == RUN_ENDED)
        connection.execute(
            update(LEASES)
            .where(_is(LEASES, run_id, attempt))
            .values(
                state=LeaseState.RELEASED,
                released_at=now,
                release_reason=reason,
                held_ms=held_for_ms(lease.granted_at, now),
                changed_in=number,
            )
        )
    connection.execute(delete(SHARES).where(_is(SHARES, run_id, attempt)))
    connection.execute(
        update(REQUESTS).where(_is(REQUESTS, run_id, attempt)).values(state=ENDED, changed_in=number)
    )
    return is_live


def held_for_ms(granted_at: datetime, until: datetime) -> int:
    """How long a lease was held, in whole milliseconds; 0 where the clock went back meanwhile."""
    return max(0, (until - granted_at) // timedelta(milliseconds=1))


def _refuse_oversold(connection: Connection, devices: Sequence[DeviceId]) -> None:
    """Whoever writes holds the database's write lock, so nobody adds a share between the two statements."""
    held = func.sum(SHARES.c.milli)
    for some in _parts(devices):
        query = select(SHARES.c.device, held).where(SHARES.c.device.in_(some)).group_by(SHARES.c.device)
        for device, milli in connection.execute(query.having(held > WHOLE_MILLI)).all():
            raise Conflict(
                f"device {device} would be given out {milli / WHOLE_MILLI:g} times",
                "Nothing was changed. Run the same thing again; if it stays so, see `trainplat gpu doctor`.",
            )


def _parts(names: Sequence[Name]) -> Iterator[Sequence[Name]]:
    """A statement takes only so many values."""
    for begin in range(0, len(names), NAMES_AT_ONCE):
        yield names[begin : begin + NAMES_AT_ONCE]


def _is(table: Any, run_id: RunId, attempt: Attempt) -> Any:
    return and_(table.c.run_id == run_id, table.c.attempt == attempt)


def _common(waiting: WaitingRequest) -> dict[str, Any]:
    return {
        "run_id": waiting.run_id,
        "attempt": waiting.attempt,
        "instance": waiting.instance,
        "origin": waiting.origin,
        "text": waiting.request.text,
        "device_count": waiting.request.count,
        "model": waiting.request.model,
        "project": waiting.owner.project,
        "user": waiting.owner.user,
        "terms": terms_to_json(waiting.terms),
        "evictions": waiting.evictions,
        "evicted_at": waiting.evicted_at,
        "made_room_for": ",".join(waiting.made_room_for),
        "attained_gpu_s": waiting.attained_gpu_s,
        "batch": waiting.batch,
    }


def _identity(prefix: str, process: ProcessIdentity | None) -> dict[str, Any]:
    return {
        f"{prefix}_pid": None if process is None else process.pid,
        f"{prefix}_started_at": None if process is None else process.started_at,
    }
