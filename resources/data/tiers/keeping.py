"""Keeping packs small and right: what nobody needs leaves them, what was erased leaves them for good."""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from resources.clock import Clock
from resources.data.collecting.needed import Needed
from resources.data.places.place import CHUNK_BYTES
from resources.data.storage.objects import ObjectStore
from resources.data.storage.worktree import Progress, quiet
from resources.data.tiers import pack_rows, store
from resources.data.tiers.looking import look
from resources.data.tiers.model import COLDER, Pack, Packed, Tier
from resources.data.tiers.packing import Packer
from resources.data.tiers.packs import NotItsName, unpacked
from resources.data.tiers.plan import homes
from resources.data.tiers.recalling import records
from resources.data.tiers.shelf import Shelf
from resources.data.versions import journal, sweeps
from resources.database.engine import Database
from resources.database.plain import Plain
from resources.errors import Conflict

KIND = "tier"
"""The kind of the journal's rows about who moves things between tiers: one at a time."""
REWRITE_FROM = 0.5
"""A pack is written anew where so much of it is needed there no more."""


@dataclass(frozen=True)
class PacksKept:
    """What became of the packs."""

    gone: int
    rewritten: int
    freed_bytes: int


class Keeper:
    """Keeps the packs of one home."""

    def __init__(self, database: Database, objects: ObjectStore, data: Path, clock: Clock) -> None:
        self._database, self._objects, self._data, self._clock = database, objects, data, clock

    @contextmanager
    def alone(self, what: str) -> Iterator[journal.Intent]:
        """Be the only one who moves things between tiers. Raises Conflict, which names who does."""
        now = self._clock()
        with self._database.write_plainly() as rows:
            for one in journal.intents(rows):
                if one.kind in (KIND, sweeps.KIND) and one.is_over(now):
                    if one.kind == sweeps.KIND:
                        sweeps.count(rows)
                    journal.end(rows, one)
                elif one.kind == KIND:
                    raise Conflict(
                        f"process {one.holder.pid} on {one.holder.host} moves versions between tiers since "
                        f"{one.began_at:%Y-%m-%d %H:%M:%S} UTC",
                        "Let it finish, then run the same thing again.",
                    )
            intent = journal.begin(rows, KIND, what, now)
        try:
            yield intent
        finally:
            journal.close(self._database, intent)

    def packer(self, intent: journal.Intent) -> Packer:
        """Who makes packs for ``intent``."""
        return Packer(self._database, self._objects, self._data, self._clock, intent, self.shelves())

    def shelves(self) -> dict[Tier, Shelf]:
        """The tiers that have a place."""
        with self._database.read_plainly() as rows:
            return {tier: Shelf(place) for tier, place in store.places(rows).items()}

    def collect(self) -> PacksKept:
        """Let packs go in which nothing is needed, and write those anew in which little is."""
        with self._database.read_plainly() as rows:
            if not pack_rows.has_any(rows):
                return PacksKept(0, 0, 0)
        with self.alone("packs") as intent:
            return self.collect_alone(intent)

    def collect_alone(self, intent: journal.Intent) -> PacksKept:
        """The same for who is alone already."""
        self._forget_the_dead()
        packer = self.packer(intent)
        gone, rewritten = self._surplus()
        done = [pack for pack, live in rewritten.items() if packer.replace(pack, live)]
        if gone:
            self._let_go(gone)
        self.take_away()
        before = sum(pack.size_bytes for pack in [*gone, *done])
        after = sum(pack.size_bytes for pack in packer.made)
        return PacksKept(len(gone), len(done), before - after)

    def erase(self, names: Collection[str]) -> None:
        """Take objects out of every pack, for good; can be run again. Raises what a place raises.

        What lies beside them and is known to be damaged goes with them. What is found damaged only now does
        not: the pack stays until the next run.
        """
        with self._database.read_plainly() as rows:
            if not pack_rows.has_any(rows):
                return
        with self._database.write_plainly() as rows:
            intent = journal.begin(rows, "erase packs", "packs", self._clock())
        try:
            packer = self.packer(intent)
            with self._database.read_plainly() as rows:
                found = {pack for pack, _ in pack_rows.entries_of(rows, names)}
                needed = Needed(self._objects, self._data).names(rows).difference(names)
                live = {pack: _only(pack_rows.entries(rows, pack), needed) for pack in found}
                lost = _damaged(rows, found)
            for pack, left in live.items():
                if left:
                    packer.replace(pack, left, lost[pack])
                else:
                    with self._database.write_plainly() as rows:
                        pack_rows.let_go(rows, pack)
            self.take_away()
            with self._database.read_plainly() as rows:
                if left_over := pack_rows.entries_of(rows, names):
                    raise Conflict(
                        f"{len(left_over)} erased objects lie in packs still: others moved them meanwhile, "
                        "or something beside them is damaged",
                        "Run `trainplat data gc`: it goes on with it.",
                    )
        finally:
            journal.close(self._database, intent)

    def whole(
        self,
        names: Collection[str],
        progress: Progress = quiet,
        *,
        tiers: Collection[Tier] = COLDER,
        but: Pack | None = None,
    ) -> set[str]:
        """Those of some objects that lie in packs and are what their names say: each is read there.

        What is found is written down, as damaged or as not so any more. ``but``: in another pack than this.
        """
        with self._database.read_plainly() as rows:
            found, doubted = pack_rows.entries_of(rows, names), pack_rows.damaged(rows)
        by_pack: dict[Pack, list[Packed]] = defaultdict(list)
        for pack, entry in found:
            if pack.tier in tiers and pack != but:
                by_pack[pack].append(entry)
        shelves, seen = self.shelves(), set[str]()
        for pack, entries in by_pack.items():
            lost = {one.name for one in entries if one.name not in seen}
            wanted = [one for one in entries if one.name in lost]
            try:
                for entry, file, start in records(shelves[pack.tier], self._objects, pack, wanted):
                    try:
                        for _ in unpacked(entry, file, start):
                            pass
                    except NotItsName:
                        continue
                    lost.discard(entry.name)
                    progress(1, entry.size_bytes)
            except FileNotFoundError:
                pass
            sound = {one.name for one in wanted}.difference(lost)
            seen.update(sound)
            if lost or (pack.id, pack.tier) in doubted:
                with self._database.write_plainly() as rows:
                    pack_rows.doubt(rows, pack, lost, self._clock())
                    pack_rows.trust_again(rows, pack, sound)
        return seen

    def doubt(self, names: Collection[str]) -> None:
        """Write down that objects are damaged in each pack that has them: each was read."""
        with self._database.read_plainly() as rows:
            found = pack_rows.entries_of(rows, names, sound=True)
        if found:
            with self._database.write_plainly() as rows:
                for pack, entry in found:
                    pack_rows.doubt(rows, pack, [entry.name], self._clock())

    def write_anew(self, damaged: Mapping[Pack, Collection[str]]) -> list[Pack]:
        """Write packs anew without what is damaged in them, where that lies whole elsewhere; which ones.

        Whether it does is looked at now, when nobody else moves things. One of which only the index is
        damaged comes out as the same pack, and takes the place of its file. Raises Conflict.
        """
        with self.alone("packs") as intent:
            packer, done, gone = self.packer(intent), list[Pack](), list[Pack]()
            with self._database.read_plainly() as rows:
                needed = Needed(self._objects, self._data).names(rows)
                listed = {pack: pack_rows.entries(rows, pack) for pack in pack_rows.packs(rows)}
            for pack, lost in damaged.items():
                entries = _only(listed.get(pack, []), needed)
                left = [one for one in entries if one.name not in lost]
                if pack not in listed or not self._lie_elsewhere(pack, {*lost}.intersection(needed)):
                    continue
                if not left:
                    gone.append(pack)
                elif packer.replace(pack, left):
                    done.append(pack)
            if gone:
                self._let_go(gone)
            self.take_away()
        return [*done, *gone]

    def _lie_elsewhere(self, pack: Pack, names: Collection[str]) -> bool:
        """Whether objects lie whole in the store, or in another pack of the same tier."""
        left = [one for one in names if not self._is_whole(one)]
        return self.whole(left, tiers=[pack.tier], but=pack).issuperset(left)

    def take_away(self) -> None:
        """Take the files away of packs that are to go."""
        shelves = self.shelves()
        with self._database.read_plainly() as rows:
            going = pack_rows.packs(rows, pack_rows.GOING)
        for pack in going:
            shelves[pack.tier].discard(pack)
            with self._database.write_plainly() as rows:
                pack_rows.forget(rows, pack)

    def _forget_the_dead(self) -> None:
        """Packs that somebody was sending who died are to go."""
        now = self._clock()
        with self._database.write_plainly() as rows:
            alive = {one.id for one in journal.intents(rows) if not one.is_over(now)}
            for pack, intent in pack_rows.announced_by(rows).items():
                if intent not in alive:
                    pack_rows.let_go(rows, pack)

    def _surplus(self) -> tuple[list[Pack], dict[Pack, list[Packed]]]:
        """The packs of which nothing is needed where they are; and those of which little is, with that."""
        content = (looked := look(self._database, self._objects, self._data, self._clock())).content
        home = homes([(one.tree_md5, one.tier) for one in looked.held], content)
        with self._database.read_plainly() as rows:
            listed = {pack: pack_rows.entries(rows, pack) for pack in pack_rows.packs(rows)}
            damaged = _damaged(rows, listed)
        seen: set[tuple[Tier, str]] = set()
        gone: list[Pack] = []
        rewritten: dict[Pack, list[Packed]] = {}
        for pack, entries in listed.items():
            live = []
            for one in entries:
                wanted = home.get(one.name)
                is_elsewhere = (
                    wanted is None
                    or (wanted is Tier.HOT and one.name in content.hot)
                    or (
                        wanted in content.packed
                        and wanted is not pack.tier
                        and one.name in content.packed[wanted]
                    )
                    or (pack.tier, one.name) in seen
                    or (one.name in damaged[pack] and one.name in content.packed.get(wanted, {}))
                )
                if is_elsewhere:
                    continue
                live.append(one)
                if one.name not in damaged[pack]:
                    seen.add((pack.tier, one.name))
            if any(one.name in damaged[pack] for one in live):
                continue  # it may have been read wrongly: a scrub looks again, or brings back what it lost
            if not live and self._all_whole(entries, home):
                gone.append(pack)
            elif live and sum(one.stored_bytes for one in live) < (1 - REWRITE_FROM) * pack.size_bytes:
                lost = [
                    one
                    for one in entries
                    if one not in live and home.get(one.name) is Tier.HOT and not self._is_whole(one.name)
                ]
                if not any(one.name in damaged[pack] for one in lost):
                    rewritten[pack] = live + lost
        return gone, rewritten

    def _all_whole(self, entries: list[Packed], home: dict[str, Tier]) -> bool:
        """Whether what is hot is so beyond doubt: what a pack has of it is the last other copy."""
        return all(self._is_whole(one.name) for one in entries if home.get(one.name) is Tier.HOT)

    def _is_whole(self, name: str) -> bool:
        digest = hashlib.md5(usedforsecurity=False)
        try:
            with self._objects.path(name).open("rb") as file:
                while part := file.read(CHUNK_BYTES):
                    digest.update(part)
        except OSError:
            return False
        return digest.hexdigest() == name

    def _let_go(self, gone: list[Pack]) -> None:
        """Mark packs as going; whoever commits meanwhile looks again at what he counts on."""
        with self._database.write_plainly() as rows:
            sweep = journal.begin(rows, sweeps.KIND, "packs", self._clock())
        with self._database.write_plainly() as rows:
            for pack in gone:
                pack_rows.let_go(rows, pack)
        with self._database.write_plainly() as rows:
            sweeps.count(rows)
            journal.end(rows, sweep)


def _damaged(rows: Plain, packs: Iterable[Pack]) -> dict[Pack, set[str]]:
    """What is known to be damaged in each pack."""
    known = pack_rows.damaged(rows)
    found: dict[Pack, set[str]] = {}
    for pack in packs:
        found[pack] = set()
        if (pack.id, pack.tier) in known:
            sound = {one.name for one in pack_rows.entries(rows, pack, sound=True)}
            found[pack] = {one.name for one in pack_rows.entries(rows, pack)} - sound
    return found


def _only(entries: list[Packed], needed: set[str]) -> list[Packed]:
    return [one for one in entries if one.name in needed]
