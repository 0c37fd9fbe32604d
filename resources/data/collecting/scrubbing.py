"""The background scrub: each slice reads some objects more, so that all are read every so many days.

Where the last slice ended is a row. One that was killed is read again.
"""

import os
from bisect import bisect_right
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from resources.clock import Clock
from resources.data.collecting import scrubs
from resources.data.collecting.needed import Needed
from resources.data.collecting.pack_scrubbing import STORE, PackScrubber, PacksLooked
from resources.data.collecting.usage import stored_bytes
from resources.data.collecting.verifying import Repair, distrust, whole
from resources.data.storage.objects import ObjectStore
from resources.data.storage.worktree import Progress
from resources.data.tiers import pack_rows
from resources.data.versions.audit import audit
from resources.data.versions.handing import touched_by
from resources.database.engine import Database
from resources.errors import TrainplatError
from resources.terms import Actor

PERIOD = timedelta(days=14)
"""In this time every object is read once."""
LEAST_BYTES = 64 * 1024 * 1024
"""So much is read at least: a small store is read as a whole each time."""
MOST_BYTES = 64 * 1024 * 1024 * 1024
"""So much is read at most, however long ago the last slice was: some minutes of reading."""
FIRST_SHARE = timedelta(hours=6)
"""What the first slice of all counts as the time since the last one."""


@dataclass(frozen=True)
class Scrubbed:
    """What one slice looked at, and how it was found."""

    objects: int
    size_bytes: int
    damaged: tuple[str, ...]
    """Missing, or not what their names say, and not to be repaired now."""
    repaired: tuple[str, ...]
    touched: tuple[str, ...]
    """The versions, of all data sets, that have one of the damaged objects."""
    done_share: float
    """How much of the objects the present pass over the store has behind it, 0 to 1."""
    is_whole: bool
    """Whether this slice was the last of a pass."""
    passes: int
    """How often the whole store was read."""
    packs: int = 0
    """Packs of the warm tier that were read."""
    packs_damaged: tuple[str, ...] = ()
    packs_mended: int = 0
    """Of those, how many were written anew: all that was damaged in them lies whole elsewhere."""
    packs_problem: str | None = None
    """Why packs could not be read, or not be written anew."""

    @property
    def is_mended(self) -> bool:
        """Whether all was looked at, and nothing that is damaged is left."""
        are_packs_mended = self.packs_problem is None and self.packs_mended == len(self.packs_damaged)
        return are_packs_mended and not self.damaged


def slice_bytes(
    stored: int, since_last: timedelta | None, period: timedelta = PERIOD, most: int = MOST_BYTES
) -> int:
    """How much to read now, so that ``stored`` bytes are read once in each ``period``."""
    elapsed = FIRST_SHARE if since_last is None else max(since_last, timedelta(0))
    return min(most, max(LEAST_BYTES, ceil(stored * (elapsed / period))))


class Scrubber:
    """Scrubs one store."""

    def __init__(
        self,
        database: Database,
        objects: ObjectStore,
        needed: Needed,
        clock: Clock,
        repair: Repair,
        packs: PackScrubber,
    ) -> None:
        self._database, self._objects, self._needed = database, objects, needed
        self._clock, self._repair, self._packs = clock, repair, packs

    def run(self, actor: Actor, most_bytes: int | None, progress: Progress) -> Scrubbed:
        """Read one slice, and what was damaged the last time; None: so much as the period asks for."""
        now = self._clock()
        with self._database.read_plainly() as rows:
            at, known = scrubs.position(rows), scrubs.damage(rows)
            kept, packed = self._needed.kept(rows), pack_rows.all_names(rows)
            names = sorted(self._here(kept, packed))
        looked = self._packs.look(
            lambda size, ago: slice_bytes(size, ago) if most_bytes is None else most_bytes, progress
        )
        if most_bytes is None:
            since = None if at.last_at is None else now - at.last_at
            most_bytes = slice_bytes(stored_bytes(self._objects), since)
        slice_names = self._slice(names, at.cursor, most_bytes)
        sizes = self._look({one.name for one in known}.intersection(names).union(slice_names), progress)
        known_away = {one.name for one in known}.intersection(kept, packed).difference(names)
        in_packs = {name for lost in looked.damaged.values() for name in lost}.difference(sizes)
        wrong = self._still_here([name for name, size in sizes.items() if size is None])
        wrong += [name for name, size in self._look(in_packs, progress).items() if size is None]
        wrong += self._packs.still_damaged(known_away.difference(in_packs))
        damaged = self._still_kept(wrong)
        left = self._repair(damaged) if damaged else []
        lost = frozenset(left)
        if damaged:
            distrust(self._objects, self._trees(), set(damaged))
        mended, problem = self._mend(looked, left)
        ended = not slice_names or slice_names[-1] == names[-1]
        after = scrubs.Position(
            "" if ended else slice_names[-1],
            now if ended or at.began_at is None else at.began_at,
            now,
            at.passes + ended,
        )
        with self._database.write_plainly() as rows:
            touched = touched_by(rows, self._objects, left) if left else []
            scrubs.move(rows, after)
            if looked.after is not None:
                scrubs.move(rows, looked.after, STORE)
            scrubs.note_damage(rows, left, [one.name for one in known], now)
            if damaged or looked.damaged:
                bad = [*damaged, *(f"pack {one.id}" for one in looked.damaged)]
                detail = (
                    f"{len(damaged)} damaged, {len(damaged) - len(left)} repaired, "
                    f"{len(looked.damaged)} packs, {mended} written anew: {' '.join(bad[:20])}"
                )
                audit(rows, now, actor, "data.scrub", "store", detail)
        return Scrubbed(
            len(sizes),
            sum(size for size in sizes.values() if size is not None) + looked.size_bytes,
            tuple(left),
            tuple(name for name in damaged if name not in lost),
            tuple(touched),
            1.0 if ended else sum(name <= after.cursor for name in names) / len(names),
            ended,
            after.passes,
            looked.packs,
            tuple(one.id for one in looked.damaged),
            mended,
            problem,
        )

    def _mend(self, looked: PacksLooked, left: list[str]) -> tuple[int, str | None]:
        """Write those packs anew of which nothing is lost; how many, and why not."""
        ready = {pack: lost for pack, lost in looked.damaged.items() if set(lost).isdisjoint(left)}
        if not ready:
            return 0, looked.problem
        try:
            return len(self._packs.mend(ready)), looked.problem
        except TrainplatError as problem:  # another one moves things now: the next slice does it
            return 0, problem.one_line

    def _slice(self, names: Sequence[str], cursor: str, most_bytes: int) -> list[str]:
        """The objects behind the cursor that are enough to read; what is missing has no bytes."""
        chosen, to_read = list[str](), 0
        for name in names[bisect_right(names, cursor) :]:
            if chosen and to_read >= most_bytes:
                break
            chosen.append(name)
            with suppress(OSError):
                to_read += os.stat(self._objects.place(name)).st_size  # noqa: PTH116 - a Path for each takes as long
        return chosen

    def _look(self, names: Collection[str], progress: Progress) -> dict[str, int | None]:
        """The size of each object that is whole; None for one that is not."""
        progress(0, 0, len(names))
        sizes: dict[str, int | None] = {}
        for name in sorted(names):
            status = whole(self._objects.path(name), name)
            sizes[name] = None if status is None else status.st_size
            progress(1, sizes[name] or 0)
        return sizes

    def _still_here(self, wrong: list[str]) -> list[str]:
        """Without what somebody moved to a colder tier meanwhile."""
        if not wrong:
            return []
        with self._database.read_plainly() as rows:
            packed = {entry.name for _, entry in pack_rows.entries_of(rows, wrong, sound=True)}
        return [name for name in wrong if name not in packed or self._objects.path(name).exists()]

    def _still_kept(self, damaged: list[str]) -> list[str]:
        """Without what somebody erased meanwhile: that must not come back."""
        if not damaged:
            return []
        with self._database.read_plainly() as rows:
            kept = self._needed.kept(rows)
        return [name for name in damaged if name in kept]

    def _here(self, kept: set[str], packed: set[str]) -> set[str]:
        """Without what lies in packs of a colder tier only: it is read there, a pack at a time."""
        return {name for name in kept if name not in packed or self._objects.path(name).exists()}

    def _trees(self) -> set[str]:
        with self._database.read_plainly() as rows:
            return self._needed.trees(rows)


@dataclass(frozen=True)
class KnownDamage:
    """An object that a scrub found damaged and nobody could repair yet."""

    name: str
    found_at: datetime
    touched: tuple[str, ...]
    """The versions that have it."""
