"""The rows of packs and of what is in them. Every function works inside the caller's transaction.

A pack has a row before its file is sent (``coming``), rows of its objects once it was read back
(``whole``), and is marked before its file is taken away (``going``): no kill leaves a file unknown.

What is found damaged in a pack keeps its row, so that an erasure finds its bytes, and is not sound there any
more: nobody may take another copy away for its sake. See :func:`note_damage`.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

from resources.data.tiers.model import Pack, Packed, Tier
from resources.database.plain import Plain

COMING, WHOLE, GOING = "coming", "whole", "going"
_AT_ONCE = 400
_COLUMNS = "name, pack, place, stored_bytes, size_bytes, codec"
_SOUND = " AND damaged_at IS NULL"


def has_any(rows: Plain) -> bool:
    """Whether anything lies in packs: where nothing does, nobody has to look."""
    return bool(rows.rows("SELECT 1 FROM data_packs LIMIT 1"))


def announce(rows: Plain, pack: Pack, intent: str, now: datetime) -> None:
    """A pack is about to be sent by who wrote this row of the journal."""
    forget(rows, pack)
    rows.run(
        "INSERT INTO data_packs (id, tier, state, size_bytes, intent, made_at) "
        "VALUES (:id, :tier, :state, :size, :intent, :now)",
        id=pack.id,
        tier=pack.tier.value,
        state=COMING,
        size=pack.size_bytes,
        intent=intent,
        now=now,
    )


def complete(rows: Plain, pack: Pack, entries: Sequence[Packed]) -> bool:
    """A pack is there and was read back. False where somebody took it for left behind meanwhile."""
    if not _set_state(rows, pack, WHOLE, COMING):
        return False
    rows.run_many(
        f"INSERT INTO data_packed ({_COLUMNS}, tier) "  # noqa: S608 - names of ours
        "VALUES (:name, :pack, :offset, :stored_bytes, :size_bytes, :codec, :tier)",
        [vars(one) | {"tier": pack.tier.value} for one in entries],
    )
    return True


def let_go(rows: Plain, pack: Pack) -> None:
    """Nothing is taken from a pack any more: its file is to go."""
    rows.run("DELETE FROM data_packed WHERE pack = :id AND tier = :tier", id=pack.id, tier=pack.tier.value)
    _set_state(rows, pack, GOING, WHOLE)
    _set_state(rows, pack, GOING, COMING)


def forget(rows: Plain, pack: Pack) -> None:
    """Its file is gone."""
    rows.run("DELETE FROM data_packed WHERE pack = :id AND tier = :tier", id=pack.id, tier=pack.tier.value)
    rows.run("DELETE FROM data_packs WHERE id = :id AND tier = :tier", id=pack.id, tier=pack.tier.value)


def packs(rows: Plain, state: str = WHOLE) -> list[Pack]:
    """The packs that are in a state, the oldest first."""
    found = rows.rows(
        "SELECT id, tier, size_bytes FROM data_packs WHERE state = :state ORDER BY made_at, id", state=state
    )
    return [Pack(row[0], Tier(row[1]), row[2]) for row in found]


def announced_by(rows: Plain) -> dict[Pack, str]:
    """The packs that are coming, and the row of the journal of who sends each."""
    found = rows.rows(
        "SELECT id, tier, size_bytes, intent FROM data_packs WHERE state = :state", state=COMING
    )
    return {Pack(row[0], Tier(row[1]), row[2]): row[3] for row in found}


def note_damage(rows: Plain, pack: Pack, names: Collection[str], now: datetime) -> bool:
    """Write down that a pack is damaged, and all that is damaged in it.

    False, and nothing is written, for one that another one replaced meanwhile.
    """
    trust(rows, pack)
    is_there = rows.run(
        "UPDATE data_packs SET damaged_at = :now WHERE id = :id AND tier = :tier AND state = :whole",
        now=now,
        whole=WHOLE,
        **_key(pack),
    )
    if is_there:
        doubt(rows, pack, names, now)
    return bool(is_there)


def doubt(rows: Plain, pack: Pack, names: Collection[str], now: datetime) -> None:
    """Write down what else is damaged in a pack."""
    rows.run(
        "UPDATE data_packs SET damaged_at = :now WHERE id = :id AND tier = :tier AND damaged_at IS NULL",
        now=now,
        **_key(pack),
    )
    rows.run_many(
        "UPDATE data_packed SET damaged_at = :now WHERE pack = :id AND tier = :tier AND name = :name",
        [{"name": name, "now": now, **_key(pack)} for name in sorted(names)],
    )


def trust(rows: Plain, pack: Pack) -> None:
    """A pack was read and is whole, or was sent anew."""
    rows.run("UPDATE data_packs SET damaged_at = NULL WHERE id = :id AND tier = :tier", **_key(pack))
    rows.run("UPDATE data_packed SET damaged_at = NULL WHERE pack = :id AND tier = :tier", **_key(pack))


def trust_again(rows: Plain, pack: Pack, names: Collection[str]) -> None:
    """Some of its objects were read and are whole."""
    rows.run_many(
        "UPDATE data_packed SET damaged_at = NULL WHERE pack = :id AND tier = :tier AND name = :name",
        [{"name": name, **_key(pack)} for name in sorted(names)],
    )


def damaged(rows: Plain) -> set[tuple[str, Tier]]:
    """The ids and tiers of the packs that are known to be damaged: all over, or what is in them."""
    found = rows.rows("SELECT id, tier FROM data_packs WHERE damaged_at IS NOT NULL")
    return {(row[0], Tier(row[1])) for row in found}


def entries(rows: Plain, pack: Pack, *, sound: bool = False) -> list[Packed]:
    """What is in a pack, in its order. ``sound``: without what is known to be damaged there."""
    found = rows.rows(
        f"SELECT {_COLUMNS} FROM data_packed "  # noqa: S608 - names of ours
        f"WHERE pack = :id AND tier = :tier{_SOUND if sound else ''} ORDER BY place",
        **_key(pack),
    )
    return [Packed(*row) for row in found]


def entries_of(rows: Plain, names: Collection[str], *, sound: bool = False) -> list[tuple[Pack, Packed]]:
    """Where each object lies; in several packs where it does so. ``sound``: only where it is not known to be
    damaged.
    """
    known = {(one.id, one.tier.value): one for one in packs(rows)}
    if not known:
        return []
    found = []
    for some in _slices(sorted(set(names))):
        given = {f"n{place}": name for place, name in enumerate(some)}
        listed = ", ".join(f":{one}" for one in given)
        found += rows.rows(
            f"SELECT {_COLUMNS}, tier FROM data_packed "  # noqa: S608 - names of ours
            f"WHERE name IN ({listed}){_SOUND if sound else ''}",
            **given,
        )
    return [(known[row[1], row[6]], Packed(*row[:6])) for row in found]


def sound_at(rows: Plain, tier: Tier) -> set[str]:
    """The objects that lie in packs of a tier, without those that are known to be damaged there."""
    found = rows.rows(
        "SELECT name FROM data_packed WHERE tier = :tier AND damaged_at IS NULL", tier=tier.value
    )
    return {row[0] for row in found}


def all_names(rows: Plain) -> set[str]:
    """All objects that lie in packs, be they sound there or not."""
    return {row[0] for row in rows.rows("SELECT name FROM data_packed")}


def _set_state(rows: Plain, pack: Pack, state: str, before: str) -> bool:
    return bool(
        rows.run(
            "UPDATE data_packs SET state = :state WHERE id = :id AND tier = :tier AND state = :before",
            id=pack.id,
            tier=pack.tier.value,
            state=state,
            before=before,
        )
    )


def _key(pack: Pack) -> dict[str, str]:
    return {"id": pack.id, "tier": pack.tier.value}


def _slices(names: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(names), _AT_ONCE):
        yield names[start : start + _AT_ONCE]
