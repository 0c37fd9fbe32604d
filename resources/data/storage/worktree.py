"""From a work tree to a tree in the store: what did not change since it was read last is not read again."""

import hashlib
import os
from array import array
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from struct import iter_unpack
from typing import Protocol

from resources.data.storage.ingesting import LARGE_BYTES, NOT_STILL, Ingest, StoredStamp, StoredStamps, Taken
from resources.data.storage.scanning import FIELDS, Folder, scan
from resources.data.trees.listing import TREE_SUFFIX, UNKNOWN, Stamps, Tree

READERS = 2
"""So many large files are read side by side."""
HASH_BYTES = 16
_UNREAD = "0" * 32
"""Stands for a file that could not be read, until the whole is refused for it."""


class Progress(Protocol):
    """Told how far long work is."""

    def __call__(self, files: int, size_bytes: int, to_come: int = 0) -> None:
        """``files`` were looked at since, and ``size_bytes`` of them read.

        ``to_come``: so many more are known now to have to be looked at.
        """


def quiet(files: int, size_bytes: int, to_come: int = 0) -> None:
    """Tell nobody."""


@dataclass(frozen=True)
class IndexRow:
    """What is remembered about one folder."""

    folder: bytes
    """Relative to the work tree, with a ``/`` at its end."""
    names: bytes
    """Of its files, with a zero byte between them."""
    stamps: bytes
    hashes: bytes
    """Sixteen bytes for each file."""


@dataclass(frozen=True)
class Reading:
    """What a work tree holds now."""

    tree: Tree
    changed_rows: tuple[IndexRow, ...]
    """What to remember from now on; rows of all other folders stay."""
    gone_folders: tuple[bytes, ...]


def read_work_tree(
    root: Path,
    index: Mapping[bytes, IndexRow],
    begin: Callable[[], Ingest],
    progress: Progress,
    damaged: Collection[str] = (),
) -> Reading:
    """Read what is new or changed in ``root`` into the store that ``begin`` opens, if there is anything.

    A file whose object is ``damaged`` in the store is read too, and brings it back where it is whole. Where
    it is not, and looks as it did, nobody wrote it: it is rotten as its object is, and counts as unchanged.

    Raises what :func:`scan` and :meth:`Ingest.take` raise. After an error the store holds what was read so
    far, under its right names, and no version names it.
    """
    reader = _Reader(root, begin, progress, frozenset(_hashes(damaged)))
    seen = set()
    paths: list[str] = []
    names: list[str] = []
    sizes = array("q")
    changed = []
    for folder in scan(root):
        key = os.fsencode(folder.path)
        seen.add(key)
        row, hashes = reader.read(folder, key, index.get(key))
        if row is not None:
            changed.append(row)
        paths += [folder.path + name for name in folder.names] if folder.path else folder.names
        names += hashes
        sizes += folder.stamps[::FIELDS]
    reader.finish()
    order = sorted(range(len(paths)), key=paths.__getitem__)
    tree = Tree(
        [paths[place] for place in order],
        [names[place] for place in order],
        array("q", [sizes[place] for place in order]),
    )
    return Reading(tree, tuple(changed), tuple(folder for folder in index if folder not in seen))


def stamps_for(tree: Tree, fresh: StoredStamps, before: "KnownStamps | None") -> Stamps:
    """What the objects of ``tree`` look like: as they were just written, else as they did ``before``."""
    inodes, mtimes_ns = array("q"), array("q")
    old = {} if before is None else before.places
    old_stamps = Stamps.unknown(0) if before is None else before.stamps
    for name in tree.names:
        stamp = fresh.get(name) if name in fresh else None
        place = old.get(name)
        if stamp is not None:
            inodes.append(stamp.inode)
            mtimes_ns.append(stamp.mtime_ns)
        elif place is not None:
            inodes.append(old_stamps.inodes[place])
            mtimes_ns.append(old_stamps.mtimes_ns[place])
        else:
            inodes.append(UNKNOWN)
            mtimes_ns.append(UNKNOWN)
    return Stamps(inodes, mtimes_ns)


class KnownStamps:
    """What the objects of a tree looked like when they were known to be whole."""

    def __init__(self, tree: Tree, stamps: Stamps) -> None:
        self.tree, self.stamps = tree, stamps

    def get(self, name: str) -> StoredStamp | None:
        """The stamp of one object, if it is known."""
        place = self.places.get(name)
        if place is None:
            return None
        inode, mtime_ns = self.stamps.inodes[place], self.stamps.mtimes_ns[place]
        return StoredStamp(self.tree.sizes[place], mtime_ns, inode)

    @cached_property
    def places(self) -> dict[str, int]:
        """Where each object's name stands in the tree."""
        return {name: place for place, name in enumerate(self.tree.names)}


class _Reader:
    def __init__(
        self, root: Path, begin: Callable[[], Ingest], progress: Progress, damaged: frozenset[bytes]
    ) -> None:
        self._root, self._begin, self._progress, self._damaged = root, begin, progress, damaged
        self._top = os.fspath(root)
        self._ingest: Ingest | None = None

    def read(self, folder: Folder, key: bytes, known: IndexRow | None) -> tuple[IndexRow | None, list[str]]:
        """The hashes of a folder's files, and the row to remember, if it is a new one."""
        names = os.fsencode("\0".join(folder.names))
        is_damaged = known is not None and self._names_damage(known)
        is_same = known is not None and known.stamps == folder.stamps.tobytes() and known.names == names
        if known is not None and is_same and not is_damaged:
            self._progress(len(folder.names), 0)
            hexed = known.hashes.hex()
            return None, [hexed[place : place + 32] for place in range(0, len(hexed), 32)]
        taken, unread = _remembered(folder, names, known)
        if is_damaged:
            unread = sorted([*unread, *self._whole_again(folder, taken)])
        stamps = array("q", folder.stamps)
        if unread:
            self._take(folder, unread, taken, stamps)
        self._progress(len(folder.names) - len(unread), 0)
        hashes = [one or _UNREAD for one in taken]
        return IndexRow(key, names, stamps.tobytes(), bytes.fromhex("".join(hashes))), hashes

    def finish(self) -> None:
        """Refuse the whole where a part could not be read."""
        if self._ingest is not None:
            self._ingest.refuse_unreadable(self._root)

    def _names_damage(self, known: IndexRow) -> bool:
        """Whether the object of a file that is remembered is damaged."""
        hashes = known.hashes
        return bool(self._damaged) and any(
            hashes[place : place + HASH_BYTES] in self._damaged for place in range(0, len(hashes), HASH_BYTES)
        )

    def _whole_again(self, folder: Folder, taken: Sequence[str | None]) -> Iterator[int]:
        """The places of files that nobody wrote, whose objects are damaged and that have the content."""
        for place, name in enumerate(taken):
            if name is not None and bytes.fromhex(name) in self._damaged:
                path = f"{self._top}/{folder.path}{folder.names[place]}"
                if _holds(path, name):
                    yield place

    def _take(self, folder: Folder, unread: list[int], taken: list[str | None], stamps: "array[int]") -> None:
        if self._ingest is None:
            self._ingest = self._begin()
        ingest = self._ingest
        directory = os.open(f"{self._top}/{folder.path}", os.O_RDONLY | os.O_DIRECTORY)

        def take(place: int) -> Taken | None:
            start = place * FIELDS
            seen = tuple(folder.stamps[start : start + FIELDS])
            return ingest.take(self._top, folder.path, folder.names[place], directory, seen)

        def note(place: int, found: Taken | None) -> None:
            start = place * FIELDS
            stamps[start : start + FIELDS] = array("q", NOT_STILL if found is None else found.stamp)
            taken[place] = None if found is None else found.name
            self._progress(1, folder.stamps[start])

        try:
            large = [place for place in unread if folder.stamps[place * FIELDS] > LARGE_BYTES]
            if len(large) > 1:
                with ThreadPoolExecutor(READERS) as readers:
                    for place, found in zip(large, readers.map(take, large), strict=True):
                        note(place, found)
                unread = [place for place in unread if folder.stamps[place * FIELDS] <= LARGE_BYTES]
            for place in unread:
                note(place, take(place))
        finally:
            os.close(directory)


def _remembered(folder: Folder, names: bytes, known: IndexRow | None) -> tuple[list[str | None], list[int]]:
    """The hashes that are remembered and hold, and the places of the files that have to be read."""
    if known is None:
        return [None] * len(folder.names), list(range(len(folder.names)))
    now, before = _each(folder.stamps.tobytes()), _each(known.stamps)
    hexed = known.hashes.hex()
    hashes: list[str | None] = [hexed[place : place + 32] for place in range(0, len(hexed), 32)]
    if known.names == names:
        unread = [place for place, (one, other) in enumerate(zip(now, before, strict=True)) if one != other]
        for place in unread:
            hashes[place] = None
        return hashes, unread
    by_name = dict(zip(os.fsdecode(known.names).split("\0"), zip(before, hashes, strict=True), strict=True))
    found = [by_name.get(name, (b"", None)) for name in folder.names]
    taken = [one[1] if one[0] == stamp else None for one, stamp in zip(found, now, strict=True)]
    return taken, [place for place, one in enumerate(taken) if one is None]


def _holds(path: str, name: str) -> bool:
    """Whether a file has the content that ``name`` names; not so where the disk cannot read it."""
    try:
        with open(path, "rb", opener=_without_waiting) as file:
            found = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False))
    except OSError:
        return False
    return found.hexdigest() == name


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)


def _hashes(names: Collection[str]) -> Iterator[bytes]:
    """Of files: no folder remembers lists of files."""
    return (bytes.fromhex(name) for name in names if not name.endswith(TREE_SUFFIX))


def _each(stamps: bytes) -> list[bytes]:
    return [stamp for (stamp,) in iter_unpack(f"{8 * FIELDS}s", stamps)]
