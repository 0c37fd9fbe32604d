"""The table of deployments: only ever added to, which triggers of the database hold (revision 0047).

A migration that makes this table anew, as SQLite's ``batch_alter_table`` does, must make its triggers anew.
"""

import json
from dataclasses import asdict, replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Column, Connection, Index, Integer, Row, String, Table, Text, func, insert, select

from resources.database.audit import AUDIT, AuditRow
from resources.database.metadata import METADATA
from resources.database.types import UtcDateTime
from resources.deploy_plan import DeployPlan, Strategy
from resources.errors import Conflict
from resources.serving.deployments.model import DeploymentEvent, EndpointState, EventKind, Rollout, Served
from resources.terms import Actor

_ACTION = "deployment."
NOTHING_BEFORE = "0" * 64
"""The hash before the first row."""

DEPLOYMENTS = Table(
    "deployments",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("endpoint", String(100), nullable=False),
    Column("number", Integer, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("kind", String(20), nullable=False),
    Column("actor", String(200), nullable=False),
    Column("why", Text, nullable=False),
    Column("override", Text),
    Column("subject", String(40)),
    Column("weights_sha256", String(64), nullable=False),
    Column("after", Text, nullable=False),
    Column("hash_before", String(64), nullable=False),
    Column("hash", String(64), nullable=False, unique=True),
    Index("ix_deployments_endpoint", "endpoint", "number", unique=True),
)


def add(connection: Connection, event: DeploymentEvent) -> DeploymentEvent:
    """Write one row behind all others; the row as it stands, with its hash."""
    row = _row(event)
    before = connection.execute(
        select(DEPLOYMENTS.c.hash).order_by(DEPLOYMENTS.c.id.desc()).limit(1)
    ).scalar_one_or_none()
    row["hash_before"] = before or NOTHING_BEFORE
    row["hash"] = _hash_of(row)
    connection.execute(insert(DEPLOYMENTS).values(**row))
    return replace(event, hash=row["hash"])


def next_numbers(connection: Connection, endpoint: str) -> tuple[int, int]:
    """The id of the next row, and its number among those of the endpoint."""
    table = DEPLOYMENTS.c
    last_id = connection.execute(select(func.max(table.id))).scalar_one()
    last = connection.execute(select(func.max(table.number)).where(table.endpoint == endpoint)).scalar_one()
    return (last_id or 0) + 1, (last or 0) + 1


def events_of(connection: Connection, endpoint: str | None = None) -> list[DeploymentEvent]:
    """The history of an endpoint, or of all, the oldest first."""
    query = select(DEPLOYMENTS).order_by(DEPLOYMENTS.c.id)
    if endpoint is not None:
        query = query.where(DEPLOYMENTS.c.endpoint == endpoint)
    return [_event(row) for row in connection.execute(query).all()]


def newest_of(connection: Connection, endpoint: str) -> DeploymentEvent | None:
    """The newest event of an endpoint; None before the first."""
    table = DEPLOYMENTS.c
    query = select(DEPLOYMENTS).where(table.endpoint == endpoint).order_by(table.id.desc()).limit(1)
    row = connection.execute(query).first()
    return None if row is None else _event(row)


def newest_of_each(connection: Connection) -> list[DeploymentEvent]:
    """The newest event of each endpoint, by name."""
    table = DEPLOYMENTS.c
    newest = select(func.max(table.id)).group_by(table.endpoint)
    query = select(DEPLOYMENTS).where(table.id.in_(newest)).order_by(table.endpoint)
    return [_event(row) for row in connection.execute(query).all()]


def chain_problems(connection: Connection) -> list[str]:
    """Where the history is not what was written; empty when each row is."""
    problems, before, last = [], NOTHING_BEFORE, 0
    for found in connection.execute(select(DEPLOYMENTS).order_by(DEPLOYMENTS.c.id)).all():
        row = dict(found._asdict())
        if row["id"] != last + 1:
            problems.append(f"{_rows(last + 1, row['id'] - 1)} before row {row['id']} lacking")
        elif row["hash_before"] != before:
            problems.append(f"row {row['id']} does not follow the row before it")
        if row["hash"] != _hash_of(row):
            problems.append(f"row {row['id']}, {row['kind']} of {row['endpoint']}, was changed")
        before, last = row["hash"], row["id"]
    told = _last_told(connection)
    if told > last:
        problems.append(f"{_rows(last + 1, told)} lacking at the end: the audit tells of them")
    return problems


def told_in_audit(event: DeploymentEvent) -> AuditRow:
    """The line of an event in the audit, a table of its own: it begins with the event's id."""
    told = f"{event.id}: model {event.subject or 'none'}" + (f": {event.why}" if event.why else "")
    told += f"; override: {event.override}" if event.override else ""
    return AuditRow(event.at, event.actor, f"{_ACTION}{event.kind}", event.endpoint, told)


def _last_told(connection: Connection) -> int:
    """The id of the newest event that the audit tells of; 0 for none."""
    query = select(AUDIT.c.detail).where(AUDIT.c.action.startswith(_ACTION)).order_by(AUDIT.c.id.desc())
    newest = connection.execute(query.limit(1)).scalar_one_or_none()
    number = (newest or "").partition(":")[0]
    return int(number) if number.isdecimal() else 0


def _rows(first: int, last: int) -> str:
    return f"row {first} is" if first == last else f"rows {first} to {last} are"


def _row(event: DeploymentEvent) -> dict[str, Any]:
    return {
        "id": event.id,
        "endpoint": event.endpoint,
        "number": event.number,
        "at": event.at,
        "kind": event.kind.value,
        "actor": event.actor,
        "why": event.why,
        "override": event.override,
        "subject": None if event.subject is None else str(event.subject),
        "weights_sha256": event.weights_sha256,
        "after": _told(event.after),
    }


def _hash_of(row: dict[str, Any]) -> str:
    said = {name: value for name, value in row.items() if name != "hash"}
    said["at"] = row["at"].astimezone(UTC).isoformat()
    return sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def _event(row: Row[tuple[object, ...]]) -> DeploymentEvent:
    try:
        return _read(row)
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        raise Conflict(
            f"row {row.id} of the history of deployments, of {row.endpoint}, cannot be read: it was changed",
            "See: trainplat model history --verify. Restore the table deployments from a copy.",
        ) from problem


def _read(row: Row[tuple[object, ...]]) -> DeploymentEvent:
    return DeploymentEvent(
        id=row.id,
        endpoint=row.endpoint,
        number=row.number,
        at=row.at,
        kind=EventKind(row.kind),
        actor=Actor(row.actor),
        why=row.why,
        override=row.override,
        subject=_served(row.subject),
        weights_sha256=row.weights_sha256,
        after=_state(row.endpoint, row.after),
        hash=row.hash,
    )


def _told(state: EndpointState) -> str:
    said: dict[str, Any] = {"live": state.live and str(state.live), "plan": asdict(state.plan)}
    if state.rollout is not None:
        one = state.rollout
        said["rollout"] = {
            "id": one.id,
            "old": one.old and str(one.old),
            "new": str(one.new),
            "strategy": one.strategy,
            "step": one.step,
            "weight_percent": one.weight_percent,
            "begun_at": one.begun_at.isoformat(),
            "step_begun_at": one.step_begun_at.isoformat(),
            "plan": asdict(one.plan),
            "is_rollback": one.is_rollback,
        }
    return json.dumps(said, sort_keys=True)


def _state(endpoint: str, text: str) -> EndpointState:
    said = json.loads(text)
    plan = DeployPlan.from_json(json.dumps(said["plan"]))
    told = said.get("rollout")
    rollout = None
    if told is not None:
        rollout = Rollout(
            id=told["id"],
            endpoint=endpoint,
            old=_served(told["old"]),
            new=_some(told["new"]),
            strategy=Strategy(told["strategy"]),
            step=told["step"],
            weight_percent=told["weight_percent"],
            begun_at=datetime.fromisoformat(told["begun_at"]),
            step_begun_at=datetime.fromisoformat(told["step_begun_at"]),
            plan=DeployPlan.from_json(json.dumps(told["plan"])),
            is_rollback=told["is_rollback"],
        )
    return EndpointState(endpoint, _served(said["live"]), rollout, plan)


def _served(text: str | None) -> Served | None:
    return None if text is None else _some(text)


def _some(text: str) -> Served:
    number, _, variant = text.partition("+")
    return Served(int(number), variant)
