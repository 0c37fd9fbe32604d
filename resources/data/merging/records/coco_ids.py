"""New ids where two sides gave the same one to different things.

1. An id that neither side changed stays; one that a side changed is as there, and if both did, the lower one.
2. Where two things would have the same id, the one whose id is as in the base keeps it, else the first by
   file name, by name, or by file name and meaning.
3. The others get the next free whole number above all ids of all three versions, in the same order; an id
   that is a text gets ``-2``, ``-3`` … behind it.
"""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from resources.data.merging.model import Versions
from resources.data.merging.records.json_text import Number
from resources.data.merging.records.keys import Key, sort_key

H = TypeVar("H", bound=Hashable)


@dataclass(frozen=True)
class Claim:
    """One thing of the merged file, and the ids that it has in the three versions; None: not there."""

    ids: Versions[Key | None]
    order: tuple[Any, ...]
    """Where it stands among all that want the same id."""


def assigned(claims: Mapping[H, Claim], taken: Iterable[Key]) -> dict[H, Key]:
    """An id for each thing, all different. ``taken``: all ids of all versions."""
    wanted = {thing: _wanted(claim.ids) for thing, claim in claims.items()}
    first_come = sorted(
        claims, key=lambda thing: (wanted[thing] != claims[thing].ids.base, claims[thing].order)
    )
    found: dict[H, Key] = {}
    used: set[Key] = set()
    late: list[H] = []
    for thing in first_come:
        if wanted[thing] in used:
            late.append(thing)
        else:
            used.add(wanted[thing])
            found[thing] = wanted[thing]
    if late:
        known = used | set(taken)
        highest = max((rank for kind, rank, _ in map(sort_key, known) if kind == 0), default=0)
        for thing in sorted(late, key=lambda one: claims[one].order):
            if isinstance(wanted[thing], Number):
                highest += 1
                found[thing] = Number(str(highest))
            else:
                found[thing] = _free(str(wanted[thing]), known)
            known.add(found[thing])
    return found


def _wanted(ids: Versions[Key | None]) -> Key:
    base, ours, theirs = ids
    there = [one for one in (ours, theirs, base) if one is not None]
    changed = [one for one in there if one != base]
    return min(changed or there, key=sort_key)


def _free(key: str, known: set[Key]) -> str:
    number = 2
    while f"{key}-{number}" in known:
        number += 1
    return f"{key}-{number}"
