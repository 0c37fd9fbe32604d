"""Who depends on a version: models, running trainings, and people who pinned it."""

import shlex
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from resources.data.locks import store as locks
from resources.data.locks.model import LockState, VersionLock
from resources.database.plain import Plain, moment, moment_or_none
from resources.terms import Actor, DatasetName, VersionKey

RUN_ACTOR = "run:"
"""How the actor of a run begins."""


class Kind(StrEnum):
    """What depends on a version."""

    MODEL = "model"
    """It was trained on it: for good."""
    RUN = "run"
    """It trains on it: until it ends."""
    LOCK = "lock"
    """Somebody uses it now, or makes the next version after it."""
    PIN = "pin"
    """Somebody wants it kept."""


@dataclass(frozen=True)
class Dependent:
    """Something that a version is kept for."""

    dataset: DatasetName
    key: VersionKey
    kind: Kind
    name: str
    """Of the model, the id of the run, or what the pin is called."""
    until: datetime | None
    """When it ends by itself; None for never."""
    said_by: Actor
    said_at: datetime

    def holds(self, now: datetime) -> bool:
        """Whether it counts still."""
        return self.until is None or now < self.until


def how_to_let_go(one: Dependent) -> str:
    """What a person does so that a version is kept for it no more."""
    what, name = f"{one.dataset} {one.key}", shlex.quote(one.name)
    match one.kind:
        case Kind.MODEL:
            return f"trainplat data release {what} --model {name}"
        case Kind.PIN:
            return f"trainplat data pin {what} --name {name} --remove"
        case Kind.LOCK:
            return f"trainplat data lock {what} --release"
        case Kind.RUN:
            return f"wait for the end of run {one.name}"


def depend(rows: Plain, added: Dependent) -> None:
    """Say that something depends on a version; said again it counts from now on."""
    release(rows, added.dataset, added.key, added.kind, added.name)
    rows.run(
        "INSERT INTO data_dependents (dataset, key, kind, name, until, said_by, said_at) "
        "VALUES (:dataset, :key, :kind, :name, :until, :said_by, :said_at)",
        **vars(added) | {"kind": added.kind.value},
    )


def release(rows: Plain, dataset: DatasetName, key: VersionKey, kind: Kind, name: str) -> bool:
    """Say that it does not any more. False where nobody had said that it does."""
    return bool(
        rows.run(
            "DELETE FROM data_dependents "
            "WHERE dataset = :dataset AND key = :key AND kind = :kind AND name = :name",
            dataset=dataset,
            key=key,
            kind=kind.value,
            name=name,
        )
    )


def dependents(rows: Plain, dataset: DatasetName, key: VersionKey | None, now: datetime) -> list[Dependent]:
    """What depends on a version, or on any of a data set, now; locks among it, which say so by themselves."""
    found = rows.rows(
        "SELECT dataset, key, kind, name, until, said_by, said_at FROM data_dependents "
        "WHERE dataset = :dataset ORDER BY key, kind, name",
        dataset=dataset,
    )
    told = [
        Dependent(
            DatasetName(row[0]),
            VersionKey(row[1]),
            Kind(row[2]),
            row[3],
            moment_or_none(row[4]),
            Actor(row[5]),
            moment(row[6]),
        )
        for row in found
    ]
    told += [_of_lock(one) for one in locks.locks(rows, dataset, now) if one.state is LockState.HELD]
    return [one for one in told if one.holds(now) and key in (None, one.key)]


def _of_lock(held: VersionLock) -> Dependent:
    is_run = held.owner.startswith(RUN_ACTOR)
    name = held.owner.removeprefix(RUN_ACTOR) if is_run else held.owner
    kind = Kind.RUN if is_run else Kind.LOCK
    return Dependent(held.dataset, held.key, kind, name, held.until, held.owner, held.asked_at)
