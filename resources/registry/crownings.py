"""Champions that no round decided: by hand, by a rollback, or because a rollout was taken back."""

from datetime import datetime

from sqlalchemy import Column, Connection, Integer, String, Table, Text, insert, select

from resources.database.audit import AuditRow, record
from resources.database.metadata import METADATA
from resources.database.types import UtcDateTime
from resources.registry import store
from resources.registry.model import Crowning, Decision, ModelVersion
from resources.terms import Actor, DatasetName, VersionKey

CROWNINGS = Table(
    "crownings",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("dataset", String(100), nullable=False, index=True),
    Column("number", Integer, nullable=False),
    Column("after_version", String(32)),
    Column("at", UtcDateTime, nullable=False),
    Column("actor", String(200), nullable=False),
    Column("why", Text, nullable=False),
    Column("override", Text),
)


def crown(
    connection: Connection,
    model: ModelVersion,
    now: datetime,
    actor: Actor,
    why: str,
    override: str | None = None,
) -> bool:
    """Make ``model`` champion after the newest decision; False where it is already."""
    reigning = champion(connection, model.dataset)
    if reigning is not None and reigning.number == model.number:
        return False
    decisions = store.decisions_of(connection, model.dataset)
    after = decisions[-1].version if decisions else None
    row = {"dataset": model.dataset, "number": model.number, "after_version": after, "at": now}
    connection.execute(insert(CROWNINGS).values(**row, actor=actor, why=why, override=override))
    instead = f" instead of model {reigning.number}" if reigning else ""
    said = f"champion{instead}: {why}" + (f"; override: {override}" if override else "")
    record(connection, AuditRow(now, actor, "registry.crown", model.uri, said))
    return True


def champion(connection: Connection, dataset: DatasetName) -> ModelVersion | None:
    """The champion now: after the newest decision, or whoever was crowned since."""
    decisions = store.decisions_of(connection, dataset)
    if decisions:
        return champion_after(connection, decisions[-1])
    crowned = _newest(connection, dataset, None)
    return None if crowned is None else store.model_by_number(connection, dataset, crowned.number)


def champion_after(connection: Connection, decision: Decision) -> ModelVersion | None:
    """The champion after a round: whom its decision named, or whoever was crowned before the next one."""
    crowned = _newest(connection, decision.dataset, decision.version)
    if crowned is not None and crowned.at >= decision.decided_at:
        model = store.model_by_number(connection, decision.dataset, crowned.number)
        if model is not None:
            return model
    exact = store.model_by_number(connection, decision.dataset, decision.champion_number)
    # A model that was deleted in MLflow and trained again has a new number.
    return exact or store.newest_model_of(connection, decision.dataset, decision.champion_version)


def crownings_of(connection: Connection, dataset: DatasetName) -> list[Crowning]:
    """All crownings of a data set, the oldest first."""
    query = select(CROWNINGS).where(CROWNINGS.c.dataset == dataset).order_by(CROWNINGS.c.id)
    return [
        Crowning(
            DatasetName(row.dataset),
            row.number,
            None if row.after_version is None else VersionKey(row.after_version),
            row.at,
            Actor(row.actor),
            row.why,
            row.override,
        )
        for row in connection.execute(query).all()
    ]


def _newest(connection: Connection, dataset: DatasetName, after: VersionKey | None) -> Crowning | None:
    found = [one for one in crownings_of(connection, dataset) if one.after_version == after]
    return found[-1] if found else None
