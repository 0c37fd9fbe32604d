"""The record of decisions: only ever added to. Every function works inside the caller's transaction."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from resources.gpu.arbiter import Decided
from resources.gpu.inventory.model import DeviceId
from resources.gpu.model import Attempt, Grant, RunId, Stop
from resources.gpu.policy.reason import Reason
from resources.gpu.tables import DECISIONS


@dataclass(frozen=True)
class PastDecision:
    """What was decided about a run."""

    at: datetime
    kind: str
    """``grant``, ``wait`` or ``stop``."""
    run_id: RunId
    attempt: Attempt
    for_run: RunId | None
    """Whom it makes room for."""
    devices: tuple[DeviceId, ...]
    why: Reason


def add(connection: Connection, made: Decided, now: datetime) -> None:
    """Record a decision."""
    decision = made.decision
    connection.execute(
        insert(DECISIONS).values(
            at=now,
            kind=type(decision).__name__.lower(),
            run_id=decision.run_id,
            attempt=decision.attempt,
            for_run=decision.for_run if isinstance(decision, Stop) else None,
            devices=",".join(decision.devices) if isinstance(decision, Grant) else "",
            rule=decision.rule,
            reason=decision.reason,
            reason_values=made.why.to_json(),
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
