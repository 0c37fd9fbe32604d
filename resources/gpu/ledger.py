"""The ledger: requests and leases as rows. Every function works inside the caller's transaction."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    String,
    Table,
    and_,
    bindparam,
    delete,
    func,
    insert,
    select,
    type_coerce,
    update,
)

from resources.database.types import UtcDateTime
from resources.errors import BadInput, Conflict
from resources.gpu import like_jobs, past_use
from resources.gpu.inventory.model import DeviceId
from resources.gpu.model import (
    NO_TERMS,
    RUN_ENDED,
    Attempt,
    Grant,
    Held,
    Kept,
    Lease,
    LeaseState,
    Origin,
    Owner,
    RunId,
    Stop,
    Terms,
    Wait,
    WaitingRequest,
)
from resources.gpu.placement.model import WHOLE_MILLI
from resources.gpu.policy.amounts import Resource
from resources.gpu.policy.reason import Reason
from resources.gpu.requests.grammar import parse_request
from resources.gpu.requests.model import GpuRequest, Mode
from resources.gpu.requests.vendor_file import home_vendors
from resources.gpu.requests.vendors import VendorTable
from resources.gpu.tables import KEPT, LEASES, REQUESTS, SHARES
from resources.gpu.terms import terms_from_json, terms_to_json
from resources.process import ProcessIdentity

_IS_LIVE = LEASES.c.state.in_([LeaseState.GRANTED, LeaseState.CLAIMED])
"""Said so that the index of states serves: most leases of a ledger are released."""
WAITING = "waiting"
GRANTED = "granted"
ENDED = "ended"
NAMES_AT_ONCE = 500
TEXTS_KEPT = 4096
Name = TypeVar("Name", bound=str)
Mark = tuple[Any, ...]
"""What a row holds that may change; two that are equal are of rows that are equal."""


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
    return [_waiting(row) for row in rows]


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
    return [(_request(row), terms_from_json(row.terms), row.times) for row in rows]


def marks_of_waiting(connection: Connection) -> dict[tuple[RunId, Attempt], Mark]:
    """The marks of all requests that wait, oldest first."""
    query = select(*_changing(REQUESTS)).where(REQUESTS.c.state == WAITING)
    return _marks(connection, query.order_by(REQUESTS.c.submitted_at, REQUESTS.c.run_id))


def marks_of_leases(connection: Connection) -> dict[tuple[RunId, Attempt], Mark]:
    """The marks of the leases that are not released, oldest first."""
    query = select(*_changing(LEASES)).where(_IS_LIVE)
    return _marks(connection, query.order_by(LEASES.c.granted_at, LEASES.c.run_id))


def requests_of(connection: Connection, runs: Sequence[RunId]) -> list[WaitingRequest]:
    """Those of these runs that wait."""
    some = [
        select(REQUESTS).where(REQUESTS.c.state == WAITING, REQUESTS.c.run_id.in_(part))
        for part in _parts(runs)
    ]
    return [_waiting(row) for query in some for row in connection.execute(query).all()]


def leases_of(connection: Connection, runs: Sequence[RunId]) -> list[Lease]:
    """Those leases of these runs that are not released."""
    live = _IS_LIVE
    some = [select(LEASES).where(live, LEASES.c.run_id.in_(part)) for part in _parts(runs)]
    return [_lease(row) for query in some for row in connection.execute(query).all()]


def request_of(connection: Connection, run_id: RunId, attempt: Attempt) -> WaitingRequest:
    """The request of an attempt that is known, whatever its state."""
    return _waiting(connection.execute(select(REQUESTS).where(_is(REQUESTS, run_id, attempt))).one())


def add_requests(connection: Connection, waiting: Sequence[WaitingRequest]) -> None:
    """Put requests at the end of the line."""
    if not waiting:
        return
    rows = [
        {
            **_common(one),
            "submitted_at": one.submitted_at,
            "queued_at": one.queued_at,
            "state": WAITING,
            **_identity("holder", one.holder),
        }
        for one in waiting
    ]
    connection.execute(insert(REQUESTS), rows)


def known_runs(connection: Connection, runs: Sequence[RunId]) -> dict[RunId, Attempt]:
    """The newest attempt of each of ``runs`` that the ledger knows."""
    found: dict[RunId, Attempt] = {}
    for some in _parts(runs):
        newest = select(REQUESTS.c.run_id, func.max(REQUESTS.c.attempt)).where(REQUESTS.c.run_id.in_(some))
        for run_id, attempt in connection.execute(newest.group_by(REQUESTS.c.run_id)).all():
            found[RunId(run_id)] = Attempt(attempt)
    return found


def set_reasons(connection: Connection, waits: Sequence[tuple[Wait, str]]) -> None:
    """Keep why requests wait, as a sentence and as values, and when they are expected to start."""
    if not waits:
        return
    change = update(REQUESTS).where(
        REQUESTS.c.run_id == bindparam("of_run"),
        REQUESTS.c.attempt == bindparam("of_attempt"),
        REQUESTS.c.state == WAITING,
    )
    rows = [
        {
            "of_run": wait.run_id,
            "of_attempt": wait.attempt,
            "rule": wait.rule,
            "reason": wait.reason,
            "expected_at": wait.expected_at,
            "reason_values": values,
        }
        for wait, values in waits
    ]
    connection.execute(change, rows)


def end_request(connection: Connection, run_id: RunId, attempt: Attempt, reason: str) -> bool:
    """Take a request out of the line. Returns whether it was still waiting."""
    changed = connection.execute(
        update(REQUESTS)
        .where(_is(REQUESTS, run_id, attempt), REQUESTS.c.state == WAITING)
        .values(state=ENDED, rule=None, reason=reason)
    )
    return bool(changed.rowcount)


def has_ended(connection: Connection, run_id: RunId, attempt: Attempt) -> bool:
    """Whether an attempt neither waits nor holds anything any more."""
    query = select(REQUESTS.c.state).where(_is(REQUESTS, run_id, attempt))
    return bool(connection.execute(query).scalar_one_or_none() == ENDED)


def add_leases(
    connection: Connection, granted: Sequence[tuple[WaitingRequest, Grant]], now: datetime
) -> None:
    """Turn waiting requests into leases. Raises :class:`Conflict` where a device has too little left."""
    if not granted:
        return
    change = update(REQUESTS).where(
        REQUESTS.c.run_id == bindparam("of_run"), REQUESTS.c.attempt == bindparam("of_attempt")
    )
    connection.execute(
        change.values(state=GRANTED),
        [
            {"of_run": one.run_id, "of_attempt": one.attempt, "rule": one.rule, "reason": one.reason}
            for _, one in granted
        ],
    )
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
    if shares:
        connection.execute(insert(SHARES), shares)
    _refuse_oversold(connection, sorted({device for _, one in granted for device in one.devices}))
    leases = [
        {
            **_common(waiting),
            "submitted_at": waiting.submitted_at,
            "devices": ",".join(one.devices),
            "state": LeaseState.GRANTED,
            "granted_at": now,
            # A direct run has its process already; that of a queued run says so itself once it lives.
            **_identity("holder", waiting.holder),
            "expires_at": _expires_at(waiting, now),
            "held": held_to_json(one.held),
        }
        for waiting, one in granted
    ]
    connection.execute(insert(LEASES), leases)


def stop(connection: Connection, decided: Stop) -> None:
    """Say that a lease makes room. One that does already keeps for whom."""
    connection.execute(
        update(LEASES)
        .where(
            _is(LEASES, decided.run_id, decided.attempt),
            _IS_LIVE,
            LEASES.c.stop_for.is_(None),
        )
        .values(stop_for=decided.for_run, stop_reason=f"{decided.rule}: {decided.reason}")
    )


def set_stop_asked(connection: Connection, run_id: RunId, attempt: Attempt, now: datetime) -> None:
    """Say that the process of a lease was asked for a checkpoint."""
    connection.execute(update(LEASES).where(_is(LEASES, run_id, attempt)).values(stop_asked_at=now))


def resize(connection: Connection, grown: Lease) -> None:
    """Let a live lease reserve what ``grown`` does. The caller has made sure that there is room."""
    connection.execute(
        update(LEASES)
        .where(_is(LEASES, grown.run_id, grown.attempt), _IS_LIVE)
        .values(text=grown.request.text, terms=terms_to_json(grown.terms))
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
    row = connection.execute(select(LEASES).where(_is(LEASES, run_id, attempt))).one_or_none()
    return None if row is None else _lease(row)


def leases_of_run(connection: Connection, run_id: RunId) -> list[Lease]:
    """All leases that a run has had, by attempt."""
    query = select(LEASES).where(LEASES.c.run_id == run_id).order_by(LEASES.c.attempt)
    return [_lease(row) for row in connection.execute(query).all()]


def live_leases(connection: Connection) -> list[Lease]:
    """The leases that are not released, oldest first."""
    query = select(LEASES).where(_IS_LIVE)
    rows = connection.execute(query.order_by(LEASES.c.granted_at, LEASES.c.run_id)).all()
    return [_lease(row) for row in rows]


def past_leases(connection: Connection, limit: int) -> list[Lease]:
    """The leases released last, newest first."""
    query = select(LEASES).where(LEASES.c.state == LeaseState.RELEASED)
    rows = connection.execute(query.order_by(LEASES.c.released_at.desc()).limit(limit)).all()
    return [_lease(row) for row in rows]


def claim(
    connection: Connection, run_id: RunId, attempt: Attempt, claimer: ProcessIdentity, now: datetime
) -> bool:
    """Take up a granted lease. Of any number that try, one gets True."""
    changed = connection.execute(
        update(LEASES)
        .where(_is(LEASES, run_id, attempt), LEASES.c.state == LeaseState.GRANTED)
        .values(state=LeaseState.CLAIMED, claimed_at=now, **_identity("claimer", claimer))
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
        .values(**_identity("holder", holder))
    )
    return bool(changed.rowcount)


def move_holder(
    connection: Connection, run_id: RunId, attempt: Attempt, holder: ProcessIdentity | None
) -> None:
    """Let a lease end with the process that claimed it; None: with no process."""
    connection.execute(
        update(LEASES).where(_is(LEASES, run_id, attempt)).values(**_identity("holder", holder))
    )


def overdue(connection: Connection, now: datetime) -> list[Lease]:
    """The leases whose time is over, oldest first."""
    query = select(LEASES).where(_IS_LIVE, LEASES.c.expires_at <= now)
    return [_lease(row) for row in connection.execute(query.order_by(LEASES.c.granted_at, LEASES.c.run_id))]


def set_expiry(connection: Connection, lease: Lease, expires_at: datetime) -> None:
    """Let a lease without a run end at another time."""
    terms = replace(lease.terms, max_runtime_s=(expires_at - lease.granted_at).total_seconds())
    connection.execute(
        update(LEASES)
        .where(_is(LEASES, lease.run_id, lease.attempt), _IS_LIVE)
        .values(expires_at=expires_at, terms=terms_to_json(terms))
    )


def set_over(connection: Connection, lease: Lease, now: datetime) -> None:
    """Say that a live lease is to end as soon as nothing of it is left."""
    connection.execute(
        update(LEASES).where(_is(LEASES, lease.run_id, lease.attempt), _IS_LIVE).values(expires_at=now)
    )


def set_heartbeat(connection: Connection, run_id: RunId, attempt: Attempt, now: datetime) -> None:
    """Say that a process of a lease was seen alive."""
    connection.execute(update(LEASES).where(_is(LEASES, run_id, attempt)).values(heartbeat_at=now))


def release(connection: Connection, run_id: RunId, attempt: Attempt, reason: str, now: datetime) -> bool:
    """Give a lease's devices back. Returns whether it was live."""
    lease = lease_of(connection, run_id, attempt)
    is_live = lease is not None and lease.state is not LeaseState.RELEASED
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
            )
        )
    connection.execute(delete(SHARES).where(_is(SHARES, run_id, attempt)))
    connection.execute(update(REQUESTS).where(_is(REQUESTS, run_id, attempt)).values(state=ENDED))
    return is_live


def held_to_json(held: Held) -> str:
    """What a lease holds, as it is stored: the same amounts give the same text."""
    return json.dumps(dict(held), sort_keys=True)


def held_from_json(text: str) -> Held:
    """What :func:`held_to_json` wrote."""
    return tuple((Resource(kind), int(milli)) for kind, milli in json.loads(text).items())


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


NEVER_CHANGE = {
    "instance",
    "origin",
    "device_count",
    "model",
    "project",
    "user",
    "submitted_at",
    "batch",
    "heartbeat_at",
}
"""A sign of life does, and nothing that is decided depends on it."""


def _changing(table: Table) -> list[ColumnElement[Any]]:
    # Moments as the driver has them: that they changed is all that is asked of them.
    return [
        type_coerce(column, String).label(column.name) if isinstance(column.type, UtcDateTime) else column
        for column in table.c
        if column.name not in NEVER_CHANGE
    ]


def _marks(connection: Connection, query: Select[Any]) -> dict[tuple[RunId, Attempt], Mark]:
    return {(RunId(row[0]), Attempt(row[1])): tuple(row) for row in connection.execute(query).all()}


def _expires_at(waiting: WaitingRequest, now: datetime) -> datetime | None:
    if waiting.origin is not Origin.MANUAL or waiting.terms.max_runtime_s is None:
        return None
    return now + timedelta(seconds=waiting.terms.max_runtime_s)


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


def _process(pid: int | None, started_at: float | None) -> ProcessIdentity | None:
    return None if pid is None or started_at is None else ProcessIdentity(pid, started_at)


def _waiting(row: Row[Any]) -> WaitingRequest:
    return WaitingRequest(
        run_id=RunId(row.run_id),
        attempt=Attempt(row.attempt),
        request=_request(row),
        owner=Owner(row.project, row.user),
        origin=Origin(row.origin),
        instance=row.instance,
        submitted_at=row.submitted_at,
        rule=row.rule,
        reason=row.reason,
        holder=_process(row.holder_pid, row.holder_started_at),
        queued_at=row.queued_at,
        expected_at=row.expected_at,
        why=None if row.reason_values is None else Reason.from_json(row.reason_values),
        **_history(row),
    )


def _lease(row: Row[Any]) -> Lease:
    return Lease(
        run_id=RunId(row.run_id),
        attempt=Attempt(row.attempt),
        devices=tuple(DeviceId(device) for device in row.devices.split(",") if device),
        request=_request(row),
        owner=Owner(row.project, row.user),
        origin=Origin(row.origin),
        instance=row.instance,
        state=LeaseState(row.state),
        granted_at=row.granted_at,
        claimed_at=row.claimed_at,
        claimer=_process(row.claimer_pid, row.claimer_started_at),
        holder=_process(row.holder_pid, row.holder_started_at),
        released_at=row.released_at,
        release_reason=row.release_reason,
        submitted_at=row.submitted_at,
        stop_for=None if row.stop_for is None else RunId(row.stop_for),
        stop_reason=row.stop_reason,
        stop_asked_at=row.stop_asked_at,
        expires_at=row.expires_at,
        heartbeat_at=row.heartbeat_at,
        held=held_from_json(row.held),
        **_history(row),
    )


def _history(row: Row[Any]) -> dict[str, Any]:
    return {
        "terms": NO_TERMS if row.terms == "{}" else terms_from_json(row.terms),
        "attained_gpu_s": row.attained_gpu_s,
        "evictions": row.evictions,
        "evicted_at": row.evicted_at,
        "made_room_for": tuple(RunId(one) for one in row.made_room_for.split(",") if one),
        "batch": row.batch,
    }


def _request(row: Row[Any]) -> GpuRequest:
    """What was parsed at submission; the count and the model where the vendor table has changed since."""
    try:
        return _parse(row.text)
    except BadInput:
        mode = Mode.WHOLE if row.device_count else Mode.NONE
        return GpuRequest(row.text, row.device_count, row.model, mode=mode)


class _Parsed:
    """The texts that were parsed with one table of vendors."""

    def __init__(self, vendors: VendorTable | None) -> None:
        self.vendors = vendors
        self.requests: dict[str, GpuRequest] = {}


_parsed = _Parsed(None)


def _parse(text: str) -> GpuRequest:
    global _parsed  # noqa: PLW0603 - many rows have the same text
    vendors, known = home_vendors(), _parsed
    if known.vendors is not vendors or len(known.requests) > TEXTS_KEPT:
        known = _parsed = _Parsed(vendors)
    found = known.requests.get(text)
    if found is None:
        found = known.requests[text] = parse_request(text, vendors)
    return found
