"""The rows of the scrub: how far it is, and what it found damaged. In the caller's transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from resources.database.plain import Plain, moment, moment_or_none

HOME = "home"


@dataclass(frozen=True)
class Position:
    """How far the scrub is."""

    cursor: str
    """The object that was read last; empty at the beginning of a pass."""
    began_at: datetime | None
    """When this pass began."""
    last_at: datetime | None
    passes: int
    """How often all was read."""


@dataclass(frozen=True)
class Damage:
    """An object that was found damaged."""

    name: str
    found_at: datetime


def position(rows: Plain, store: str = HOME) -> Position:
    """Where the last slice of a store ended."""
    found = rows.rows(
        "SELECT cursor_name, began_at, last_at, passes FROM data_scrubs WHERE store = :store", store=store
    )
    if not found:
        return Position("", None, None, 0)
    cursor, began_at, last_at, passes = found[0]
    return Position(cursor, moment_or_none(began_at), moment_or_none(last_at), passes)


def move(rows: Plain, to: Position, store: str = HOME) -> None:
    """Write down where a slice ended."""
    rows.run("DELETE FROM data_scrubs WHERE store = :store", store=store)
    rows.run(
        "INSERT INTO data_scrubs (store, cursor_name, began_at, last_at, passes) "
        "VALUES (:store, :cursor, :began_at, :last_at, :passes)",
        store=store,
        **vars(to),
    )


def damage(rows: Plain) -> list[Damage]:
    """What is damaged, as far as is known, the first that was found first."""
    found = rows.rows("SELECT name, found_at FROM data_damage ORDER BY found_at, name")
    return [Damage(row[0], moment(row[1])) for row in found]


def note_damage(rows: Plain, damaged: Sequence[str], looked_at: Sequence[str], now: datetime) -> None:
    """Write down what is damaged, and forget what was looked at again and is not any more."""
    known = {one.name for one in damage(rows)}
    for name in sorted(known.intersection(looked_at).difference(damaged)):
        rows.run("DELETE FROM data_damage WHERE name = :name", name=name)
    for name in sorted(set(damaged) - known):
        rows.run("INSERT INTO data_damage (name, found_at) VALUES (:name, :now)", name=name, now=now)
