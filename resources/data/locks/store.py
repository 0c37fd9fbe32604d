"""The rows of version locks. Every function works inside the caller's transaction."""

from datetime import datetime

from resources.data.locks.errors import Locked
from resources.data.locks.model import LockKind, LockState, VersionLock
from resources.database.plain import Plain, Row, moment
from resources.holder import Holder
from resources.terms import Actor, DatasetName, VersionKey

_COLUMNS = (
    "id, dataset, key, kind, line, state, owner, user_name, purpose, priority, can_branch, host, pid, "
    "process_started, asked_at, until, asked_line"
)


def locks(rows: Plain, dataset: DatasetName | None, now: datetime) -> list[VersionLock]:
    """All locks and wishes of those who live, the oldest first."""
    found = rows.rows(
        f"SELECT {_COLUMNS} FROM data_locks "  # noqa: S608 - names of ours
        "WHERE :dataset = '' OR dataset = :dataset ORDER BY asked_at, id",
        dataset=dataset or "",
    )
    return [one for one in map(_lock, found) if not one.is_over(now)]


def lock(rows: Plain, identity: str) -> VersionLock | None:
    """One lock, also one that is over."""
    found = rows.rows(f"SELECT {_COLUMNS} FROM data_locks WHERE id = :id", id=identity)  # noqa: S608 - names of ours
    return _lock(found[0]) if found else None


def held_on(rows: Plain, dataset: DatasetName, key: str, now: datetime) -> list[VersionLock]:
    """The locks on one version."""
    return [one for one in locks(rows, dataset, now) if one.key == key and one.state is LockState.HELD]


def writer_of(
    rows: Plain, dataset: DatasetName, line: str, now: datetime, *, beside: Actor | None = None
) -> VersionLock | None:
    """Who writes to a line, if it is somebody ``beside`` the one who asks."""
    for one in locks(rows, dataset, now):
        is_writer = (one.kind, one.state, one.line) == (LockKind.WRITE, LockState.HELD, line)
        if is_writer and one.owner != beside:
            return one
    return None


def branch_granted(
    rows: Plain, dataset: DatasetName, key: VersionKey, line: str, owner: Actor, now: datetime
) -> str | None:
    """The branch that was given to an owner who asked to write to a line after a version, and did not get it.

    A lock on a branch that he asked for himself is none of that: who then commits to the main line means it.
    """
    for one in locks(rows, dataset, now):
        is_his = (one.kind, one.state, one.key, one.owner) == (LockKind.WRITE, LockState.HELD, key, owner)
        if is_his and one.asked_line == line != one.line:
            return one.line
    return None


def refuse_locked(rows: Plain, dataset: DatasetName, key: VersionKey, now: datetime, what: str) -> None:
    """Raise :class:`Locked`, which says ``what`` is not done, where anybody holds the version."""
    found = held_on(rows, dataset, key, now)
    if found:
        raise Locked(what, found)


def refuse_written(rows: Plain, dataset: DatasetName, line: str, now: datetime, by: Actor, what: str) -> None:
    """Raise :class:`Locked` where somebody else writes to the line; for what cannot go to a branch."""
    found = writer_of(rows, dataset, line, now, beside=by)
    if found is not None:
        raise Locked(what, [found])


def keep(rows: Plain, kept: VersionLock) -> None:
    """Write a lock down as it is now."""
    drop(rows, kept.id)
    holder = kept.holder
    rows.run(
        f"INSERT INTO data_locks ({_COLUMNS}) VALUES (:id, :dataset, :key, :kind, :line, :state, :owner, "  # noqa: S608 - names of ours
        ":user, :purpose, :priority, :can_branch, :host, :pid, :started, :asked_at, :until, "
        ":asked_line)",
        **{name: value for name, value in vars(kept).items() if name != "holder"}
        | {
            "kind": kept.kind.value,
            "state": kept.state.value,
            "host": None if holder is None else holder.host,
            "pid": None if holder is None else holder.pid,
            "started": None if holder is None else holder.started,
        },
    )


def drop(rows: Plain, identity: str) -> bool:
    """Forget a lock. False where there was none."""
    return bool(rows.run("DELETE FROM data_locks WHERE id = :id", id=identity))


def drop_those_over(rows: Plain, now: datetime) -> list[VersionLock]:
    """Forget the locks of the dead, and those whose time is over; which ones."""
    found = rows.rows(f"SELECT {_COLUMNS} FROM data_locks ORDER BY asked_at, id")  # noqa: S608 - names of ours
    over = [one for one in map(_lock, found) if one.is_over(now)]
    for one in over:
        drop(rows, one.id)
    return over


def _lock(row: Row) -> VersionLock:
    return VersionLock(
        id=row[0],
        dataset=DatasetName(row[1]),
        key=VersionKey(row[2]),
        kind=LockKind(row[3]),
        line=row[4],
        state=LockState(row[5]),
        owner=Actor(row[6]),
        user=row[7],
        purpose=row[8],
        priority=row[9],
        can_branch=bool(row[10]),
        holder=None if row[11] is None else Holder(row[11], row[12], row[13]),
        asked_at=moment(row[14]),
        until=moment(row[15]),
        asked_line=row[16],
    )
