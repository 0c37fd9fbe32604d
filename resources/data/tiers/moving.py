"""Moving versions to other tiers: packed and read back first, said next, taken away from the store last.

It can be killed at any moment and run again: what lies in a pack and in the store is the same, and what a
version's row says is only where its bytes are to be.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from resources.clock import Clock
from resources.data.collecting.needed import Needed, trees_of
from resources.data.storage.objects import ObjectStore
from resources.data.storage.ready import ready_folders, remove_set_aside, set_aside
from resources.data.storage.worktree import Progress
from resources.data.tiers import pack_rows, store
from resources.data.tiers.keeping import Keeper
from resources.data.tiers.looking import Looked, all_held, look
from resources.data.tiers.model import COLDER, Tier
from resources.data.tiers.packing import Packer
from resources.data.tiers.plan import Decision, Plan, decide, homes, plan
from resources.data.tiers.prices import TierPrices
from resources.data.tiers.recalling import lacking, recall
from resources.data.versions import journal, sweeps, worktrees
from resources.data.versions.audit import audit
from resources.database.engine import Database
from resources.database.plain import Plain
from resources.terms import Actor

AT_ONCE = 400
"""So many objects are taken away in one transaction: writers wait for it."""


@dataclass
class Applied:
    """What was done."""

    moved: list[Decision] = field(default_factory=list)
    packs: int = 0
    packed_bytes: int = 0
    """Of the new packs."""
    objects_freed: int = 0
    """Objects that lie in the store no more."""
    freed_bytes: int = 0
    packs_gone: int = 0
    damaged: list[str] = field(default_factory=list)
    """Objects that are lost or not what their names say: their versions did not come where they are to be."""


class Mover:
    """Moves the versions of one home."""

    def __init__(
        self, database: Database, objects: ObjectStore, data: Path, clock: Clock, prices: TierPrices | None
    ) -> None:
        self._database, self._objects, self._data, self._clock = database, objects, data, clock
        self._prices = prices
        self._keeper = Keeper(database, objects, data, clock)
        self.done = Applied()

    def plan(self) -> Plan:
        """What would be moved now."""
        looked = look(self._database, self._objects, self._data, self._clock())
        return self._plan(looked)

    def apply(self, actor: Actor, progress: Progress) -> Applied:
        """Move what the rules say. Raises Conflict where another one moves, and what places raise."""
        with self._database.read_plainly() as rows:
            if not store.places(rows):
                return self.done  # all is hot
        with self._keeper.alone("apply") as intent:
            kept = self._keeper.collect_alone(intent)
            packer = self._keeper.packer(intent)
            looked = look(self._database, self._objects, self._data, self._clock())
            found = self._plan(looked)
            self._bring_up(found, looked, actor, progress)
            home = homes([(one.held.tree_md5, one.tier) for one in found.decisions], looked.content)
            self._pack(packer, home, looked, progress)
            self._say(found, home, looked, actor)
            self._take_away(home, intent)
            after = self._keeper.collect_alone(intent)
        self.done.damaged += packer.damaged
        self.done.packs, self.done.packed_bytes = len(packer.made), sum(p.size_bytes for p in packer.made)
        self.done.packs_gone = kept.gone + after.gone
        return self.done

    def _plan(self, looked: Looked) -> Plan:
        return plan(looked.held, looked.rules, looked.places, looked.content, self._prices, self._clock())

    def _bring_up(self, found: Plan, looked: Looked, actor: Actor, progress: Progress) -> None:
        """Versions that are to be hot: said once all of one is there, or the next apply would not go on.

        Nobody takes away meanwhile what came: nobody else moves things, and this one knows where it is to be.
        """
        for one in found.moves:
            if one.tier is not Tier.HOT:
                continue
            names = looked.content.names[one.held.tree_md5]
            left = recall(self._database, self._objects, lacking(self._objects, names), progress)
            self.done.damaged += left
            if not left:
                self._set(one, actor)
                self.done.moved.append(one)

    def _pack(self, packer: Packer, home: Mapping[str, Tier], looked: Looked, progress: Progress) -> None:
        to_pack: dict[Tier, list[str]] = {}
        for tier in COLDER:
            if tier in looked.places:
                there = looked.content.packed.get(tier, {})
                to_pack[tier] = [
                    name for name in _in_order(home, looked) if home[name] is tier and name not in there
                ]
        progress(0, 0, sum(len(wanted) for wanted in to_pack.values()))
        for tier, wanted in to_pack.items():
            packer.pack_hot(tier, (name for name in wanted if name in looked.content.hot), progress)
            others = [name for name in wanted if name not in looked.content.hot]
            with self._database.read_plainly() as rows:
                listed = pack_rows.entries_of(rows, others, sound=True)
            found = {entry.name: (pack, entry) for pack, entry in listed}
            packer.pack_packed(tier, found.values(), progress)
            packer.damaged += [name for name in others if name not in found]

    def _say(self, found: Plan, home: Mapping[str, Tier], looked: Looked, actor: Actor) -> None:
        """Write down where versions lie now: those of which all is packed, and that nobody used since."""
        now = self._clock()
        rules = {(one.dataset, one.tier): one for one in looked.rules}
        with self._database.write_plainly() as rows:
            held = {(one.dataset, one.key): one for one in all_held(rows, now)}
            packed = {tier: pack_rows.sound_at(rows, tier) for tier in COLDER}
            for one in found.moves:
                present = held.get((one.held.dataset, one.held.key))
                if one.tier is Tier.HOT or present is None:
                    continue
                is_same = present.used_at == one.held.used_at and present.tier is one.held.tier
                if not is_same or decide(present, rules, looked.places, now).tier is not one.tier:
                    continue
                names = looked.content.names[one.held.tree_md5]
                if any(home[name] is not Tier.HOT and name not in packed[home[name]] for name in names):
                    continue
                self._set_in(rows, one, actor)
                for folder in ready_folders(self._objects, one.held.tree_md5):
                    set_aside(folder)
                    worktrees.forget(rows, folder)
                self.done.moved.append(one)
        remove_set_aside(self._objects)

    def _take_away(self, home: Mapping[str, Tier], intent: journal.Intent) -> None:
        """Take from the store what lies in packs and what no hot version has.

        As the collector does it: written down first, looked at again under the lock under which versions are
        made, and counted, so that whoever commits meanwhile looks again at what he counts on. What a scrub
        found damaged in its pack meanwhile does not lie there.
        """
        names = [name for name, tier in home.items() if tier is not Tier.HOT]
        names = [name for name in names if os.path.exists(self._objects.place(name))]  # noqa: PTH110
        if not names:
            return
        needed = Needed(self._objects, self._data, _hot_trees)
        with self._database.write_plainly() as rows:
            sweep = journal.begin(rows, sweeps.KIND, "tiers", self._clock())
        for start in range(0, len(names), AT_ONCE):
            some = names[start : start + AT_ONCE]
            with self._database.write_plainly() as rows:
                hot, since = needed.names(rows), self._others_since(rows, {intent.id, sweep.id})
                places = store.places(rows)
                listed = pack_rows.entries_of(rows, some, sound=True)
                there = {entry.name for pack, entry in listed if pack.tier in places}
                for name in some:
                    if name in there and name not in hot:
                        self._drop(name, since)
        with self._database.write_plainly() as rows:
            sweeps.count(rows)
            journal.end(rows, sweep)

    def _drop(self, name: str, since: float | None) -> None:
        """Remove an object from the store; not one that others link to, or that came while others work."""
        path = self._objects.path(name)
        try:
            status = path.stat()
        except FileNotFoundError:
            return
        if status.st_nlink > 1 or (since is not None and status.st_ctime >= since):
            return
        path.unlink()
        self.done.objects_freed += 1
        self.done.freed_bytes += status.st_size

    def _others_since(self, rows: Plain, own: set[str]) -> float | None:
        """When the first of the others began who are at work now; None where nobody is."""
        now = self._clock()
        began = [one.began_at for one in journal.intents(rows) if one.id not in own and not one.is_over(now)]
        return min(began).timestamp() if began else None

    def _set(self, one: Decision, actor: Actor) -> None:
        with self._database.write_plainly() as rows:
            self._set_in(rows, one, actor)

    def _set_in(self, rows: Plain, one: Decision, actor: Actor) -> None:
        now, what = self._clock(), f"{one.held.dataset} {one.held.key}"
        if store.set_tier(rows, one.held.dataset, one.held.key, one.tier, now):
            detail = f"from {one.held.tier.value} to {one.tier.value}, rule {one.number}: {one.reason}"
            audit(rows, now, actor, "data.move_tier", what, detail)


def _hot_trees(rows: Plain) -> set[str]:
    return trees_of(rows) - store.colder_trees(rows)


def _in_order(home: Mapping[str, Tier], looked: Looked) -> Iterator[str]:
    """The objects of versions one after the other, so that one version's lie together."""
    seen: set[str] = set()
    trees: Sequence[str] = list(dict.fromkeys(one.tree_md5 for one in looked.held))
    for tree in trees:
        for name in looked.content.names[tree]:
            if name not in seen and name in home:
                seen.add(name)
                yield name
