"""The rows of triggers: read and written in the caller's transaction."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from resources.learning.triggering.model import Evaluation, Pause, Paused, Verdict, Wish
from resources.learning.triggering.tables import EVALUATIONS, PAUSES, WISHES
from resources.learning.triggering.telling import from_json, signature, to_json
from resources.terms import Actor, DatasetName, VersionKey

KEPT = 200
"""Changes of one data set's evaluations that are kept."""
KEPT_WISHES = 200


def put_evaluation(connection: Connection, dataset: DatasetName, verdict: Verdict, now: datetime) -> None:
    """Keep a verdict: a new row where it changed, else the newest one is brought up to date.

    One that planned a version stays as it is.
    """
    newest = connection.execute(_of(dataset).limit(1)).first()
    values = {"seen_at": now, "verdict": to_json(verdict)}
    if newest is not None and newest.signature == signature(verdict) and newest.version is None:
        connection.execute(update(EVALUATIONS).where(EVALUATIONS.c.id == newest.id).values(**values))
        return
    connection.execute(
        insert(EVALUATIONS).values(dataset=dataset, began_at=now, signature=signature(verdict), **values)
    )
    oldest = connection.execute(_of(dataset).offset(KEPT).limit(1)).first()
    if oldest is not None:
        connection.execute(
            delete(EVALUATIONS).where(EVALUATIONS.c.dataset == dataset, EVALUATIONS.c.id <= oldest.id)
        )


def name_version(connection: Connection, dataset: DatasetName, version: VersionKey) -> None:
    """Note which version came of the newest evaluation."""
    newest = connection.execute(_of(dataset).limit(1)).first()
    if newest is not None and newest.version is None:
        connection.execute(update(EVALUATIONS).where(EVALUATIONS.c.id == newest.id).values(version=version))


def evaluation_that_planned(
    connection: Connection, dataset: DatasetName, version: VersionKey
) -> Evaluation | None:
    """The one that a version came of."""
    row = connection.execute(_of(dataset).where(EVALUATIONS.c.version == version).limit(1)).first()
    return None if row is None else _evaluation(row)


def evaluations_of(connection: Connection, dataset: DatasetName, limit: int) -> list[Evaluation]:
    """The newest evaluations, newest first."""
    return [_evaluation(row) for row in connection.execute(_of(dataset).limit(limit))]


def evaluated_datasets(connection: Connection) -> list[DatasetName]:
    """The data sets that were ever evaluated."""
    query = select(EVALUATIONS.c.dataset).distinct().order_by(EVALUATIONS.c.dataset)
    return [DatasetName(row.dataset) for row in connection.execute(query)]


def add_wish(
    connection: Connection,
    dataset: DatasetName,
    after: VersionKey | None,
    reason: str,
    actor: Actor,
    now: datetime,
) -> Wish:
    """Write a wish down."""
    values = {"dataset": dataset, "asked_at": now, "actor": actor, "reason": reason, "after": after}
    made = insert(WISHES).values(**values, withdrawn=False).returning(WISHES.c.id)
    number = int(connection.execute(made).scalar_one())
    old = select(WISHES.c.id).where(WISHES.c.dataset == dataset, WISHES.c.taken_at.is_not(None))
    beyond = connection.execute(old.order_by(WISHES.c.id.desc()).offset(KEPT_WISHES)).scalars().all()
    if beyond:
        connection.execute(delete(WISHES).where(WISHES.c.id.in_(beyond[:500])))
    return Wish(number, dataset, now, actor, reason, after)


def say_why(connection: Connection, wish: int, reason: str) -> None:
    """Give a wish another reason."""
    connection.execute(update(WISHES).where(WISHES.c.id == wish).values(reason=reason))


def open_wishes(connection: Connection, dataset: DatasetName) -> list[Wish]:
    """Those that no version has taken, oldest first."""
    query = select(WISHES).where(WISHES.c.dataset == dataset, WISHES.c.taken_at.is_(None))
    return [_wish(row) for row in connection.execute(query.order_by(WISHES.c.id))]


def newest_wishes(connection: Connection, dataset: DatasetName, limit: int) -> list[Wish]:
    """The newest ones, newest first."""
    query = select(WISHES).where(WISHES.c.dataset == dataset).order_by(WISHES.c.id.desc()).limit(limit)
    return [_wish(row) for row in connection.execute(query)]


def end_wishes(
    connection: Connection, ids: Collection[int], version: VersionKey | None, now: datetime
) -> None:
    """Note that ``version`` took them, or, without one, that they were taken back."""
    connection.execute(
        update(WISHES)
        .where(WISHES.c.id.in_(list(ids)), WISHES.c.taken_at.is_(None))
        .values(taken_at=now, version=version, withdrawn=version is None)
    )


def pause_of(connection: Connection, dataset: DatasetName, what: Paused) -> Pause | None:
    """Whether it is paused, by whom and why."""
    row = connection.execute(select(PAUSES).where(PAUSES.c.dataset == dataset, PAUSES.c.what == what)).first()
    if row is None:
        return None
    return Pause(DatasetName(row.dataset), Paused(row.what), row.since, Actor(row.actor), row.reason)


def put_pause(connection: Connection, pause: Pause) -> None:
    """Keep a pause, in the place of an earlier one."""
    drop_pause(connection, pause.dataset, pause.what)
    connection.execute(insert(PAUSES).values(**vars(pause)))


def drop_pause(connection: Connection, dataset: DatasetName, what: Paused) -> bool:
    """End a pause. Returns whether there was one."""
    found = connection.execute(delete(PAUSES).where(PAUSES.c.dataset == dataset, PAUSES.c.what == what))
    return bool(found.rowcount)


def _of(dataset: DatasetName) -> Any:
    return select(EVALUATIONS).where(EVALUATIONS.c.dataset == dataset).order_by(EVALUATIONS.c.id.desc())


def _wish(row: Row[Any]) -> Wish:
    return Wish(
        row.id,
        DatasetName(row.dataset),
        row.asked_at,
        Actor(row.actor),
        row.reason,
        None if row.after is None else VersionKey(row.after),
        row.taken_at,
        None if row.version is None else VersionKey(row.version),
        bool(row.withdrawn),
    )


def _evaluation(row: Row[Any]) -> Evaluation:
    return Evaluation(
        DatasetName(row.dataset),
        row.began_at,
        row.seen_at,
        from_json(row.verdict),
        None if row.version is None else VersionKey(row.version),
    )
