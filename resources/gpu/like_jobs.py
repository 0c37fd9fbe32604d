"""What ended jobs tell of those that have not ended, kept as rows: the history behind rule O3.

A row for each group of like jobs holds the counts of those that are gone; those that run or wait are counted
when somebody looks. Every function works inside the caller's transaction.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, insert, select

from resources.gpu.likeness import attained_gpu_s, groups_of, size_of
from resources.gpu.model import Lease, Owner, RunId, WaitingRequest
from resources.gpu.policy.batches import BATCH_AT, Batch, batch_of
from resources.gpu.policy.history import ALL, History
from resources.gpu.requests.model import GpuRequest
from resources.gpu.tables import BATCHES, LIKE_JOBS, REQUESTS

EVERYTHING = "*"
"""The name of the row of all jobs: an empty text is none to some databases."""
_MOST_NAME = 100
_NAMES_AT_ONCE = 500
_LIVE = ("waiting", "granted")


def batch_now(connection: Connection, owner: Owner, request: GpuRequest, now: datetime) -> Batch:
    """The batch of a job that comes now: that of the last one of its project and size, if it is recent."""
    kind = _kind(owner, request)
    return batch_of(kind, now.timestamp(), _last_batches(connection, [kind]).get(kind))


def join_batches(
    connection: Connection, submitted: Mapping[RunId, WaitingRequest]
) -> dict[RunId, WaitingRequest]:
    """Requests that are submitted, each with its batch: those that come next may belong to it."""
    kinds = {run_id: _kind(one.owner, one.request) for run_id, one in submitted.items()}
    known = _last_batches(connection, sorted(set(kinds.values())))
    last: dict[str, Batch] = {}
    for run_id, one in submitted.items():
        kind = kinds[run_id]
        last[kind] = batch_of(kind, one.submitted_at.timestamp(), last.get(kind) or known.get(kind))
    if last:
        connection.execute(
            delete(BATCHES).where(BATCHES.c.kind == bindparam("of_kind")),
            [{"of_kind": kind} for kind in last],
        )
        connection.execute(insert(BATCHES), [asdict(one) for one in last.values()])
    if any(last[kind].id != before.id for kind, before in known.items()):
        _forget_batches(connection)
    return {run_id: replace(one, batch=last[kinds[run_id]].id) for run_id, one in submitted.items()}


def count(connection: Connection, lease: Lease, now: datetime, *, ended: bool) -> None:
    """Count the job of a lease that is given back, if it ``ended``: one that was cancelled, or comes again,
    tells nothing of an end.
    """
    if not ended or not lease.devices:
        return
    groups = groups_of(lease)
    history = _read(connection, (ALL, *groups))
    history.end(lease.run_id, groups, attained_gpu_s(lease, now))
    _write(connection, history)
    if lease.batch and not _has_others(connection, lease):
        connection.execute(delete(LIKE_JOBS).where(LIKE_JOBS.c.name == lease.batch))


def read(
    connection: Connection, live: Iterable[Lease], waiting: Iterable[WaitingRequest], now: datetime
) -> History:
    """What ended jobs tell, and how far those have come that have not ended."""
    history = _read(connection, None)
    history.note_all(
        (lease.run_id, groups_of(lease), attained_gpu_s(lease, now)) for lease in live if lease.devices
    )
    history.note_all(
        (request.run_id, groups_of(request), request.attained_gpu_s)
        for request in waiting
        if request.attained_gpu_s
    )
    return history


def _forget_batches(connection: Connection) -> None:
    """What batches tell that nobody joins any more, and of which no job is left: the last was cancelled."""
    kept = set(connection.execute(select(BATCHES.c.id)).scalars())
    names = [one for one in connection.execute(select(LIKE_JOBS.c.name)).scalars() if BATCH_AT in one]
    for begin in range(0, len(names), _NAMES_AT_ONCE):
        some = names[begin : begin + _NAMES_AT_ONCE]
        live = select(REQUESTS.c.batch).where(REQUESTS.c.state.in_(_LIVE), REQUESTS.c.batch.in_(some))
        over = set(some) - kept - set(connection.execute(live.distinct()).scalars())
        if over:
            connection.execute(delete(LIKE_JOBS).where(LIKE_JOBS.c.name.in_(over)))


def _kind(owner: Owner, request: GpuRequest) -> str:
    return f"{owner.project[:_MOST_NAME]} {size_of(request)}"


def _last_batches(connection: Connection, kinds: Sequence[str]) -> dict[str, Batch]:
    found: dict[str, Batch] = {}
    for begin in range(0, len(kinds), _NAMES_AT_ONCE):
        some = kinds[begin : begin + _NAMES_AT_ONCE]
        for row in connection.execute(select(BATCHES).where(BATCHES.c.kind.in_(some))).all():
            found[row.kind] = Batch(row.id, row.kind, row.last_s)
    return found


def _read(connection: Connection, groups: tuple[str, ...] | None) -> History:
    query = select(LIKE_JOBS)
    if groups is not None:
        query = query.where(LIKE_JOBS.c.name.in_([one or EVERYTHING for one in groups]))
    counts = {
        ALL if row.name == EVERYTHING else row.name: (json.loads(row.through), json.loads(row.ended))
        for row in connection.execute(query).all()
    }
    ended_jobs = sum(counts[ALL][1]) if ALL in counts else 0.0
    return History.from_state({"counts": counts, "reached": {}, "ended_jobs": ended_jobs})


def _write(connection: Connection, history: History) -> None:
    counts = history.state()["counts"]
    names = [name or EVERYTHING for name in counts]
    connection.execute(delete(LIKE_JOBS).where(LIKE_JOBS.c.name.in_(names)))
    connection.execute(
        insert(LIKE_JOBS),
        [
            {"name": name or EVERYTHING, "through": json.dumps(left), "ended": json.dumps(ended)}
            for name, (left, ended) in counts.items()
        ],
    )


def _has_others(connection: Connection, lease: Lease) -> bool:
    """Whether another job of its batch has not ended; those that come later go by the wider groups."""
    query = select(REQUESTS.c.run_id).where(
        REQUESTS.c.state.in_(_LIVE), REQUESTS.c.batch == lease.batch, REQUESTS.c.run_id != lease.run_id
    )
    return connection.execute(query.limit(1)).first() is not None
