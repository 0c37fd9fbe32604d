"""What the plan has to know: read from the rows and from the disk, changing nothing."""

import os
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from resources.data.collecting.dependents import Kind, dependents
from resources.data.collecting.needed import Needed, trees_of
from resources.data.locks.model import LockState
from resources.data.locks.store import locks
from resources.data.spaces import store as spaces
from resources.data.storage.listings import read_listing
from resources.data.storage.objects import ObjectStore
from resources.data.storage.ready import ready_folders
from resources.data.tiers import pack_rows, store
from resources.data.tiers.model import COLDER, Rule, Tier, TierPlace
from resources.data.tiers.packs import LEVEL, PROBE_BYTES, WORTH
from resources.data.tiers.plan import Content, Held
from resources.data.versions import store as version_store
from resources.data.versions.model import BranchState, State, Version
from resources.database.engine import Database
from resources.database.plain import Plain
from resources.terms import DatasetName, VersionKey
from resources.texts import Filled, filled, mark

PROBES = 48
"""So many objects are looked into to tell what packing them would save."""
_LINKS = "-links"


@dataclass(frozen=True)
class Looked:
    """All that a plan is made of."""

    held: tuple[Held, ...]
    rules: tuple[Rule, ...]
    places: Mapping[Tier, TierPlace]
    content: Content


def look(database: Database, objects: ObjectStore, data: Path, now: datetime) -> Looked:
    """Read it. Raises :class:`DamagedObject` where a version's list of files is lost."""
    with database.read_plainly() as rows:
        held = tuple(all_held(rows, now))
        rules, places = tuple(store.rules(rows)), store.places(rows)
        own = {one.tree_md5 for one in held}
        others = Needed(objects, data, lambda rows: trees_of(rows) - own).names(rows)
        packs = pack_rows.packs(rows)
        packed = {
            tier: {
                entry.name: entry.stored_bytes
                for pack in packs
                if pack.tier is tier
                for entry in pack_rows.entries(rows, pack, sound=True)
            }
            for tier in COLDER
        }
    listed = {tree: read_listing(objects, tree)[0].names for tree in sorted(own)}
    hot, links = _on_disk(objects, {name for names in listed.values() for name in names})
    for tree, names in listed.items():
        if any(folder.name.endswith(_LINKS) for folder in ready_folders(objects, tree)):
            links.subtract(Counter(names))  # they go with the version
    tied = {name for name, count in links.items() if count > 1} | (others & hot.keys())
    pack_bytes = {tier: sum(one.size_bytes for one in packs if one.tier is tier) for tier in COLDER}
    ratio = _ratio(objects, hot, tied)
    content = Content(
        {tree: dict.fromkeys(names) for tree, names in listed.items()}, hot, tied, packed, pack_bytes, ratio
    )
    return Looked(held, rules, places, content)


def all_held(rows: Plain, now: datetime) -> list[Held]:
    """Every version that is not erased, as the plan sees it."""
    tiers, uses = store.tiers(rows), store.uses(rows)
    pins = {(one.dataset, one.key): one.tier for one in store.pins(rows)}
    found = []
    for dataset in version_store.datasets(rows):
        newest = _newest(rows, dataset)
        used = _used_by(rows, dataset, now)
        for version in version_store.versions(rows, dataset):
            if version.state is State.ERASED:
                continue
            at = (version.dataset, version.key)
            found.append(
                Held(
                    *at,
                    version.tree_md5,
                    tiers.get(at, Tier.HOT),
                    version.committed_at,
                    uses.get(at),
                    pins.get(at),
                    used.get(version.key) or _shown(rows, version),
                    version.key in newest,
                )
            )
    return found


def _newest(rows: Plain, dataset: DatasetName) -> set[VersionKey]:
    head = version_store.main_head(rows, dataset)
    heads = {one.head for one in version_store.branches(rows, dataset) if one.state is BranchState.OPEN}
    return heads if head is None else heads | {head.key}


def _used_by(rows: Plain, dataset: DatasetName, now: datetime) -> dict[VersionKey, Filled]:
    runs = {
        one.key: filled(mark("run {run}"), run=one.name)
        for one in dependents(rows, dataset, None, now)
        if one.kind is Kind.RUN
    }
    held = [one for one in locks(rows, dataset, now) if one.state is LockState.HELD]
    used = mark("{owner}, for {purpose},")
    return {one.key: filled(used, owner=one.owner, purpose=one.purpose) for one in held} | runs


def _shown(rows: Plain, version: Version) -> str | None:
    for space in spaces.shown_from(rows, version.dataset, version.key):
        return filled(mark("space {name}"), name=f"{space.user}/{space.name}")
    return None


def _on_disk(objects: ObjectStore, names: Collection[str]) -> tuple[dict[str, int], Counter[str]]:
    """The sizes of objects that lie in the store, and how many names each file has."""
    sizes: dict[str, int] = {}
    links: Counter[str] = Counter()
    for name in names:
        try:
            status = os.stat(objects.place(name))  # noqa: PTH116 - a Path for each takes as long
        except FileNotFoundError:
            continue
        sizes[name], links[name] = status.st_size, status.st_nlink
    return sizes, links


def _ratio(objects: ObjectStore, hot: Mapping[str, int], tied: Collection[str]) -> float:
    """What is left of objects in packs, by probes of some of them."""
    import zstandard

    chosen: Sequence[str] = sorted(name for name, size in hot.items() if size and name not in tied)
    chosen = chosen[:: max(1, len(chosen) // PROBES)]
    before = after = 0.0
    for name in chosen:
        try:
            with objects.path(name).open("rb") as file:
                file.seek(max(0, (hot[name] - PROBE_BYTES) // 2))
                probe = file.read(PROBE_BYTES)
        except FileNotFoundError:
            continue
        left = len(zstandard.ZstdCompressor(level=LEVEL).compress(probe)) / max(1, len(probe))
        before += hot[name]
        after += hot[name] * (left if left <= WORTH else 1.0)
    return after / before if before else 1.0
