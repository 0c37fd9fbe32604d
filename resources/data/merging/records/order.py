"""In which order merged things stand: records of a file, columns, fields.

1. What all three versions have stands in the order of the base; in that of the side that changed the order,
   if only one did; in that of the base, if both did, each in its way.
2. What one side added, or keeps while the other deleted it, stands where it stood there: behind the same
   thing.
3. Where both have added something behind the same thing, all of it is sorted if both lists are; else the list
   with the lower keys comes first. Which side it came from does not count.
"""

import itertools
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, TypeVar

from resources.data.merging.model import Versions

K = TypeVar("K")


def merged_order(
    versions: Versions[Iterable[K]],
    live: Collection[K],
    sort_key: Callable[[K], Any],
) -> list[K]:
    """``live`` by the rules above. ``sort_key`` tells all keys apart."""
    known = versions.map(lambda keys: [key for key in keys if key in live])
    if known.ours == known.theirs and len(known.ours) == len(live):
        return known.ours
    common = set(known.base).intersection(known.ours, known.theirs)
    by_base, by_ours, by_theirs = known.map(lambda keys: [key for key in keys if key in common])
    frame = by_theirs if by_ours == by_base else by_ours if by_theirs in (by_base, by_ours) else by_base
    of_ours, of_theirs = _runs(known.ours, common), _runs(known.theirs, common)
    done: set[K] = set()
    order: list[K] = []
    for anchor in (None, *frame):
        if anchor is not None:
            order.append(anchor)
        for key in _joined(of_ours.get(anchor, []), of_theirs.get(anchor, []), sort_key):
            if key not in done:
                done.add(key)
                order.append(key)
    return order


def _runs(keys: Sequence[K], common: set[K]) -> dict[K | None, list[K]]:
    """What stands behind each common key, and before the first one (None)."""
    runs: dict[K | None, list[K]] = {}
    anchor: K | None = None
    for key in keys:
        if key in common:
            anchor = key
        else:
            runs.setdefault(anchor, []).append(key)
    return runs


def _joined(ours: list[K], theirs: list[K], sort_key: Callable[[K], Any]) -> list[K]:
    if not theirs or ours == theirs:
        return ours
    if not ours:
        return theirs
    if all(_is_sorted(run, sort_key) for run in (ours, theirs)):
        return sorted({*ours, *theirs}, key=sort_key)
    first, second = sorted((ours, theirs), key=lambda run: [sort_key(key) for key in run])
    return first + second


def _is_sorted(run: Sequence[K], sort_key: Callable[[K], Any]) -> bool:
    keys = [sort_key(key) for key in run]
    return all(first <= second for first, second in itertools.pairwise(keys))
