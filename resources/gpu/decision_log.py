"""The record of decisions: only ever added to. Every function works inside the caller's transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from resources.database.bulk import insert_rows
from resources.gpu.arbiter import Decided
from resources.gpu.inventory.model import DeviceId
from resources.gpu.model import Attempt, Grant, Owner, RunId, Stop
from resources.gpu.policy.reason import Reason
from resources.gpu.tables import DECISIONS, LEASES, REQUESTS


@dataclass(frozen=True)
class PastDecision:
    """What was decided about a run."""

    at: datetime
    kind: str
    """``grant``, ``wait`` or ``stop``; of overuse ``warn`` or ``resize``."""
    run_id: RunId
    attempt: Attempt
    for_run: RunId | None
    """Whom it makes room for."""
    devices: tuple[DeviceId, ...]
    why: Reason


@dataclass(frozen=True)
class PastStop:
    """A run that made room, and what became of it."""

    decision: PastDecision
    owner: Owner
    for_owner: Owner | None
    """Who asked for the room; None where it was no run."""
    held_since: datetime
    """Since when it had its devices."""
    devices: tuple[DeviceId, ...]
    stopped_at: datetime | None
    """When it had given them back; None: not yet."""
    resumed_at: datetime | None
    """When it got devices again; None: not yet, or it never did."""


def add(connection: Connection, made: Sequence[Decided], now: datetime) -> None:
    """Record decisions."""
    insert_rows(connection, DECISIONS, [_row(one, now) for one in made])


def note(
    connection: Connection,
    kind: str,
    run_id: RunId,
    attempt: Attempt,
    why: Reason,
    now: datetime,
    devices: Sequence[DeviceId] = (),
) -> None:
    """Record what was done about a run besides what the arbiter decided."""
    connection.execute(
        insert(DECISIONS).values(
            at=now,
            kind=kind,
            run_id=run_id,
            attempt=attempt,
            devices=",".join(devices),
            rule=why.rule,
            reason=why.text,
            reason_values=why.to_json(),
        )
    )


def of_run(connection: Connection, run_id: RunId) -> list[PastDecision]:
    """What was decided about a run, the oldest first."""
    query = select(DECISIONS).where(DECISIONS.c.run_id == run_id).order_by(DECISIONS.c.id)
    return [_decision(row) for row in connection.execute(query).all()]


def newest(connection: Connection, limit: int) -> list[PastDecision]:
    """The newest decisions, the newest first."""
    query = select(DECISIONS).order_by(DECISIONS.c.id.desc()).limit(limit)
    return [_decision(row) for row in connection.execute(query).all()]


def newest_stops(connection: Connection, limit: int) -> list[PastStop]:
    """The newest decisions by which a run made room, with its lease and its next one; the newest first."""
    query = select(DECISIONS).where(DECISIONS.c.kind == "stop").order_by(DECISIONS.c.id.desc()).limit(limit)
    stops = [_decision(row) for row in connection.execute(query).all()]
    runs = {one.run_id for one in stops}
    columns = (LEASES.c.run_id, LEASES.c.attempt, LEASES.c.project, LEASES.c.user, LEASES.c.devices)
    leases = select(*columns, LEASES.c.granted_at, LEASES.c.released_at).where(LEASES.c.run_id.in_(runs))
    held = {(row.run_id, row.attempt): row for row in connection.execute(leases).all()}
    owners = _owners(connection, {one.for_run for one in stops if one.for_run is not None})
    found: list[PastStop] = []
    for one in stops:
        lease = held.get((one.run_id, one.attempt))
        if lease is None:
            continue
        again = held.get((one.run_id, one.attempt + 1))
        found.append(
            PastStop(
                one,
                Owner(lease.project, lease.user),
                None if one.for_run is None else owners.get(one.for_run),
                lease.granted_at,
                tuple(DeviceId(device) for device in lease.devices.split(",") if device),
                lease.released_at,
                None if again is None else again.granted_at,
            )
        )
    return found


def _owners(connection: Connection, runs: set[RunId]) -> dict[RunId, Owner]:
    query = select(REQUESTS.c.run_id, REQUESTS.c.project, REQUESTS.c.user).where(REQUESTS.c.run_id.in_(runs))
    return {RunId(row.run_id): Owner(row.project, row.user) for row in connection.execute(query).all()}


def _row(made: Decided, now: datetime) -> dict[str, Any]:
    decision = made.decision
    return {
        "at": now,
        "kind": type(decision).__name__.lower(),
        "run_id": decision.run_id,
        "attempt": decision.attempt,
        "for_run": decision.for_run if isinstance(decision, Stop) else None,
        "devices": ",".join(decision.devices) if isinstance(decision, Grant) else "",
        "rule": decision.rule,
        "reason": decision.reason,
        "reason_values": made.why.to_json(),
    }


def _decision(row: Row[Any]) -> PastDecision:
    return PastDecision(
        row.at,
        row.kind,
        RunId(row.run_id),
        Attempt(row.attempt),
        None if row.for_run is None else RunId(row.for_run),
        tuple(DeviceId(one) for one in row.devices.split(",") if one),
        Reason.from_json(row.reason_values),
    )
