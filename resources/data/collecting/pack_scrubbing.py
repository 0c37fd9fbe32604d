"""The scrub of packs: each slice reads some packs of the warm tier more, each as a whole.

A pack whose bytes are another sum is looked into, object by object. Once all that is damaged in it lies whole
somewhere else, it is written anew without that. Else it stays, and what is lost is named.

What is damaged is written down at once, since another one may be about to take the other copy away that the
store has. A pack that is known to be damaged is read again each time, as objects are.

The cold tier is not read: archives charge for it. `verify` reads it when somebody asks.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from resources.clock import Clock
from resources.data.collecting import scrubs
from resources.data.storage.objects import ObjectStore
from resources.data.storage.worktree import Progress
from resources.data.tiers import pack_rows
from resources.data.tiers.keeping import Keeper
from resources.data.tiers.model import Pack, Tier
from resources.data.tiers.packs import NotItsName, unpacked
from resources.data.tiers.recalling import records
from resources.data.tiers.shelf import Shelf
from resources.database.engine import Database
from resources.errors import TrainplatError

SCRUBBED = Tier.WARM
STORE = "packs"
_CURSOR = 40
"""So many digits of a pack's name tell where the last slice ended."""

Share = Callable[[int, timedelta | None], int]
"""How many of so many bytes to read, so long after the last slice."""


@dataclass(frozen=True)
class PacksLooked:
    """What one slice saw."""

    packs: int = 0
    size_bytes: int = 0
    damaged: Mapping[Pack, Sequence[str]] = field(default_factory=dict)
    """Each pack that is not what its name says, with what is damaged in it."""
    after: scrubs.Position | None = None
    """Where the slice ended; None where it read nothing."""
    problem: str | None = None
    """Why the packs could not be read."""


class PackScrubber:
    """Scrubs the packs of one home."""

    def __init__(self, database: Database, objects: ObjectStore, keeper: Keeper, clock: Clock) -> None:
        self._database, self._objects, self._keeper, self._clock = database, objects, keeper, clock

    def look(self, share: Share, progress: Progress) -> PacksLooked:
        """Read the next packs. A place that does not answer is told; the next slice begins there."""
        now = self._clock()
        with self._database.read_plainly() as rows:
            at = scrubs.position(rows, STORE)
            known = pack_rows.damaged(rows)
            packs = sorted(
                (one for one in pack_rows.packs(rows) if one.tier is SCRUBBED), key=lambda one: one.id
            )
        shelf = self._keeper.shelves().get(SCRUBBED)
        if not packs or shelf is None:
            return PacksLooked()
        since = None if at.last_at is None else now - at.last_at
        chosen = _slice(packs, at.cursor, share(sum(one.size_bytes for one in packs), since))
        known_packs = [one for one in packs if (one.id, one.tier) in known]
        to_read = list(dict.fromkeys([*chosen, *known_packs]))
        damaged: dict[Pack, Sequence[str]] = {}
        progress(0, 0, len(to_read))
        try:
            for pack in to_read:
                found = None if shelf.is_whole(pack) else self._damaged_in(shelf, pack)
                if found is not None and self._note(pack, found):
                    damaged[pack] = found
                elif found is None and pack in known_packs:
                    self._trust(pack)
                progress(1, pack.size_bytes)
        except TrainplatError as problem:
            return PacksLooked(damaged=damaged, problem=problem.one_line)
        ended = not chosen or chosen[-1] == packs[-1]
        after = scrubs.Position(
            "" if ended else chosen[-1].id[:_CURSOR],
            now if ended or at.began_at is None else at.began_at,
            now,
            at.passes + ended,
        )
        return PacksLooked(len(to_read), sum(one.size_bytes for one in to_read), damaged, after)

    def still_damaged(self, names: Collection[str]) -> list[str]:
        """Those of some objects that no pack of the warm tier has whole, as far as can be told now."""
        if not names:
            return []
        try:
            return sorted(set(names) - self._keeper.whole(names, tiers=[SCRUBBED]))
        except TrainplatError:
            return sorted(names)

    def mend(self, damaged: Mapping[Pack, Collection[str]]) -> list[Pack]:
        """Write packs anew without what is damaged in them; which ones. Raises Conflict where others move."""
        return self._keeper.write_anew(damaged)

    def _note(self, pack: Pack, damaged: Collection[str]) -> bool:
        """Write down what is damaged in a pack; False for one that another one replaced meanwhile."""
        with self._database.write_plainly() as rows:
            return pack_rows.note_damage(rows, pack, damaged, self._clock())

    def _trust(self, pack: Pack) -> None:
        with self._database.write_plainly() as rows:
            pack_rows.trust(rows, pack)

    def _damaged_in(self, shelf: Shelf, pack: Pack) -> list[str]:
        with self._database.read_plainly() as rows:
            entries = pack_rows.entries(rows, pack)
        whole: set[str] = set()
        try:
            for entry, file, start in records(shelf, self._objects, pack, entries):
                try:
                    for _ in unpacked(entry, file, start):
                        pass
                except NotItsName:
                    continue
                whole.add(entry.name)
        except FileNotFoundError:  # the place is there, and the pack is not
            pass
        return [one.name for one in entries if one.name not in whole]


def _slice(packs: Sequence[Pack], cursor: str, most_bytes: int) -> list[Pack]:
    chosen: list[Pack] = []
    read = 0
    for pack in packs:
        if pack.id[:_CURSOR] <= cursor:
            continue
        if chosen and read >= most_bytes:
            break
        chosen.append(pack)
        read += pack.size_bytes
    return chosen
