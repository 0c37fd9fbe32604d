"""Verifying: every object of versions is read, and what is damaged is named with all that it touches."""

import hashlib
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from resources.data.storage.listings import read_listing, write_listing
from resources.data.storage.objects import TREE_SUFFIX, DamagedObject, ObjectStore
from resources.data.storage.ready import ready_folders, set_aside
from resources.data.storage.worktree import Progress
from resources.data.trees.listing import UNKNOWN, Stamps, Tree
from resources.data.versions import store
from resources.data.versions.handing import touched_by
from resources.data.versions.model import State, Version
from resources.database.engine import Database

CHUNK_BYTES = 1024 * 1024

Repair = Callable[[Sequence[str]], list[str]]
"""Brings objects back from wherever they are whole; those that it could not."""


@dataclass(frozen=True)
class Verified:
    """What was looked at, and how it was found."""

    versions: tuple[str, ...]
    """``digits v1.0`` and so on."""
    objects: int
    size_bytes: int
    damaged: tuple[str, ...]
    """Objects that are missing, or are not what their names say, and could not be repaired."""
    repaired: tuple[str, ...]
    touched: tuple[str, ...]
    """The versions, of all data sets, that have one of the damaged objects."""


def verify(
    database: Database,
    objects: ObjectStore,
    versions: Iterable[Version],
    progress: Progress,
    repair: Repair | None = None,
    elsewhere: Callable[[Sequence[str]], set[str]] | None = None,
) -> Verified:
    """Read every object of ``versions`` once. With ``repair`` bring back what is damaged.

    ``elsewhere`` tells which of some objects that are not in the store lie whole in a colder tier.
    """
    looked_at = [one for one in versions if one.state is not State.ERASED]
    seen: dict[str, os.stat_result] = {}
    broken: dict[str, None] = {}
    away: dict[str, None] = {}
    listed: list[tuple[Tree, Stamps]] = []
    mended: list[str] = []
    for tree_md5 in dict.fromkeys(one.tree_md5 for one in looked_at):
        found = _listing(objects, tree_md5)
        if found is None and repair is not None and not repair([tree_md5]):
            found = _listing(objects, tree_md5)  # or nobody would look at what it lists
            mended += [] if found is None else [tree_md5]
        if found is None:
            broken[tree_md5] = None
            continue
        listed.append(found)
    progress(0, 0, len({name for tree, _ in listed for name in tree.names}))
    for tree, _ in listed:
        for name in tree.names:
            if name in seen or name in away or name in broken:
                continue
            status = whole(objects.path(name), name)
            if status is None and not objects.path(name).exists():
                away[name] = None
                continue
            if status is None:
                broken[name] = None
            else:
                seen[name] = status
            progress(1, 0 if status is None else status.st_size)
    packed = elsewhere(list(away)) if away and elsewhere is not None else set()
    damaged = [*broken, *(name for name in away if name not in packed)]
    left = damaged if repair is None or not damaged else repair(damaged)
    lost = frozenset(left)
    for tree, stamps in listed:
        _renew(tree, stamps, seen)
        if not set(damaged).isdisjoint(tree.names):
            for folder in ready_folders(objects, tree.md5):  # their files may be the damaged objects
                set_aside(folder)
        write_listing(objects, tree, stamps)
    with database.read_plainly() as rows:
        touched = touched_by(rows, objects, left) if left else []
    return Verified(
        tuple(f"{one.dataset} {one.key}" for one in looked_at),
        len(seen) + len(packed) + len(damaged) + len(mended),
        sum(status.st_size for status in seen.values()),
        tuple(left),
        (*mended, *(name for name in damaged if name not in lost)),
        tuple(touched),
    )


def _listing(objects: ObjectStore, tree_md5: str) -> tuple[Tree, Stamps] | None:
    try:
        objects.read(tree_md5)
        return read_listing(objects, tree_md5)
    except DamagedObject:
        return None


def whole(path: Path, name: str) -> os.stat_result | None:
    """What an object looks like if its content is what its name says; None else."""
    digest = hashlib.md5(usedforsecurity=False)
    try:
        with path.open("rb") as file:
            while part := file.read(CHUNK_BYTES):
                digest.update(part)
            status = os.fstat(file.fileno())
    except OSError:
        return None
    return status if digest.hexdigest() == name.removesuffix(TREE_SUFFIX) else None


def distrust(objects: ObjectStore, trees: Iterable[str], damaged: set[str]) -> None:
    """Let whoever gives out a damaged object read it first; what lies ready with it goes aside."""
    for tree_md5 in trees:
        try:
            tree, stamps = read_listing(objects, tree_md5)
        except DamagedObject:
            continue
        places = [place for place, name in enumerate(tree.names) if name in damaged]
        if not places:
            continue
        for folder in ready_folders(objects, tree_md5):
            set_aside(folder)
        for place in places:
            stamps.inodes[place], stamps.mtimes_ns[place] = UNKNOWN, UNKNOWN
        write_listing(objects, tree, stamps)


def from_trash(objects: ObjectStore, names: Sequence[str]) -> list[str]:
    """Bring objects back out of the trash where they are whole there; the names of the others."""
    left = []
    for name in names:
        path = objects.trash / name
        if whole(path, name) is None:
            left.append(name)
            continue
        objects.make_fan(name[:2])
        try:
            path.replace(objects.path(name))
        except FileNotFoundError:  # the trash was emptied meanwhile
            left.append(name)
    return left


def all_versions(database: Database) -> list[Version]:
    """Every version of every data set."""
    with database.read_plainly() as rows:
        return [one for dataset in store.datasets(rows) for one in store.versions(rows, dataset)]


def _renew(tree: Tree, stamps: Stamps, seen: dict[str, os.stat_result]) -> None:
    for place, name in enumerate(tree.names):
        status = seen.get(name)
        if status is None:  # whatever it looks like: whoever gives it out reads it
            stamps.inodes[place], stamps.mtimes_ns[place] = UNKNOWN, UNKNOWN
        else:
            stamps.inodes[place], stamps.mtimes_ns[place] = status.st_ino, status.st_mtime_ns
