"""From the store to a work tree: objects are looked at before they are given, and nothing is half-done."""

import errno
import hashlib
import os
import shutil
import time
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from secrets import token_hex

from resources.data.storage.ingesting import NOT_STILL
from resources.data.storage.links import clone
from resources.data.storage.objects import ObjectStore
from resources.data.storage.scanning import stamp_of
from resources.data.storage.syncing import sync_file_system
from resources.data.storage.worktree import IndexRow, Progress
from resources.data.trees.listing import UNKNOWN, Stamps, Tree
from resources.errors import BadInput, Conflict, Denied
from resources.files import disk_problem
from resources.printable import printable

CHUNK_BYTES = 1024 * 1024
TICK_S = 0.012
"""The kernel stamps files by a clock that moves 100 times a second or more often."""
_NAME_BYTES = 200
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL
_NO_NAMES = frozenset({"", ".", ".."})
PARTIAL = ".giving-"
"""Stands in the name of a work tree that is not whole yet."""


class Giving(StrEnum):
    """How a file gets its object's content."""

    CLONE = "reflink"
    """It shares the object's blocks until either is written: the file system must be able to."""
    LINK = "hardlink"
    """It is the object. Only for those who cannot write the object."""
    COPY = "copy"


@dataclass(frozen=True)
class Owner:
    """Whose a work tree is to be, as the operating system numbers users and groups."""

    uid: int
    gid: int


@dataclass
class Given:
    """What was given out."""

    rows: list[IndexRow] = field(default_factory=list)
    """What the work tree looks like, for those who read it later."""
    damaged: list[str] = field(default_factory=list)
    """Objects that are missing, or not what their names say."""
    looked_at: int = 0
    """Objects that had to be read, because they did not look as they did when they were known to be whole."""


def give(
    store: ObjectStore,
    tree: Tree,
    stamps: Stamps,
    target: Path,
    giving: Giving,
    *,
    progress: Progress,
    owner: Owner | None = None,
    writer_uid: int | None = None,
    make_root: Callable[[Path], None] = Path.mkdir,
    whole: Callable[[Given], None] | None = None,
    mark: str = "",
) -> Given:
    """Make ``target`` a work tree of ``tree``: all of it, or nothing under that name.

    ``stamps`` are renewed in place for objects that had to be read. Where objects are damaged nothing is
    made, and they are told. Objects that ``writer_uid`` owns are copied and never linked: whoever owns a file
    may write it. ``make_root`` makes the empty folder; ``whole`` is told when all is there and
    only the name is missing; ``mark`` tells the draft from others. Raises Conflict for a target that holds
    something, BadInput for paths that lead out of it and, as Denied, for a place where no folder can be made,
    and :class:`Unavailable` when the disk is full.
    """
    draft = draft_of(target, mark or token_hex(8))
    giver = _Giver(store, giving, owner, writer_uid, progress)
    try:
        refuse_taken(target)
        target.parent.mkdir(parents=True, exist_ok=True)
        make_root(draft)
    except OSError as problem:
        raise _no_place(problem, target) from problem
    try:
        giver.fill(draft, tree, stamps)
        if giver.given.damaged:
            shutil.rmtree(draft)
            return giver.given
        if giver.has_copied:
            # Else a power cut may leave empty files in a folder that is known to hold the version. Links and
            # clones are kept in order by the file system's own journal.
            sync_file_system(draft)
        time.sleep(TICK_S)  # whoever writes from now on leaves another time stamp
        if whole is not None:
            whole(giver.given)
        if target.exists():
            target.rmdir()
        draft.rename(target)
    except FileExistsError as problem:
        shutil.rmtree(draft, ignore_errors=True)
        raise _leads_out(os.fsdecode(problem.filename or draft)) from problem
    except OSError as problem:
        shutil.rmtree(draft, ignore_errors=True)
        refuse_taken(target)  # it may have been filled meanwhile
        raise disk_problem(problem, target) from problem
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    return giver.given


def draft_of(target: Path, mark: str) -> Path:
    """Where a work tree is made before it has its name. 255 bytes are the most that a name can have."""
    shortened = os.fsdecode(os.fsencode(target.name)[:_NAME_BYTES])
    return target.with_name(f".{shortened}{PARTIAL}{mark}")


def refuse_taken(target: Path) -> None:
    """Raise Conflict where something lies at ``target`` already; an empty folder is nothing."""
    if target.is_symlink() or (target.exists() and (not target.is_dir() or any(target.iterdir()))):
        raise Conflict(
            f"{target} exists and is not empty; nothing of it was changed",
            "Choose another place, or move what is there away.",
        )


class _Giver:
    def __init__(
        self,
        store: ObjectStore,
        giving: Giving,
        owner: Owner | None,
        writer_uid: int | None,
        progress: Progress,
    ) -> None:
        self._store, self._giving, self._owner, self._progress = store, giving, owner, progress
        self._writer_uid = writer_uid
        self.given = Given()
        self.has_copied = False
        """Whether some file has blocks of its own."""

    def fill(self, root: Path, tree: Tree, stamps: Stamps) -> None:
        """Make the folders and files of ``tree`` below ``root``."""
        self._progress(0, 0, len(tree))
        top = os.fspath(root)
        self._own(top)
        made = {""}
        give_all = self._link_all if self._giving is Giving.LINK else self._write_all
        for folder, places in _by_folder(tree.paths).items():
            self._make_folders(top, folder, made)
            if any(tree.paths[place][len(folder) :] in _NO_NAMES for place in places):
                raise _leads_out(f"{folder}..")
            directory = os.open(f"{top}/{folder}", os.O_RDONLY | os.O_DIRECTORY)
            try:
                numbers, made_of = give_all(directory, len(folder), tree, stamps, places)
            finally:
                os.close(directory)
            names = "\0".join([tree.paths[place][len(folder) :] for place in made_of])
            hashes = "".join([tree.names[place] for place in made_of])
            row = IndexRow(os.fsencode(folder), os.fsencode(names), numbers.tobytes(), bytes.fromhex(hashes))
            self.given.rows.append(row)
            self._progress(len(places), 0)

    def _make_folders(self, top: str, folder: str, made: set[str]) -> None:
        if folder in made:
            return
        parts = folder.rstrip("/").split("/")
        if folder.startswith("/") or ".." in parts or "." in parts or "" in parts:
            raise _leads_out(folder)
        path = ""
        for part in parts:
            path = f"{path}{part}/"
            if path not in made:
                os.mkdir(f"{top}/{path}")
                self._own(f"{top}/{path}")
                made.add(path)

    def _own(self, path: str) -> None:
        if self._owner is not None:
            os.chown(path, self._owner.uid, self._owner.gid)

    def _link_all(
        self, directory: int, skip: int, tree: Tree, stamps: Stamps, places: list[int]
    ) -> tuple["array[int]", list[int]]:
        """Link the files of one folder; what they look like, and the places of those that are whole.

        ``skip`` is how many characters of each path name the folder.
        """
        numbers, whole = array("q"), []
        for place in places:
            md5 = tree.names[place]
            source = self._store.place(md5)
            try:
                status = os.stat(source)
            except FileNotFoundError:
                self.given.damaged.append(md5)
                continue
            if not self._is_whole(status, None, md5, tree.sizes[place], stamps, place):
                continue
            if status.st_uid != self._writer_uid and _link(source, tree.paths[place][skip:], directory):
                numbers.extend((status.st_size, status.st_mtime_ns, 0, status.st_ino))
                whole.append(place)
            else:
                written, copied = self._write_all(directory, skip, tree, stamps, [place])
                numbers.extend(written)
                whole += copied
        return numbers, whole

    def _write_all(
        self, directory: int, skip: int, tree: Tree, stamps: Stamps, places: list[int]
    ) -> tuple["array[int]", list[int]]:
        """The same by clones or copies. Local names: this is done a hundred thousand times."""
        numbers, whole = array("q"), []
        place_of, is_whole, is_cloned = self._store.place, self._is_whole, self._giving is Giving.CLONE
        names, sizes, paths, owner = tree.names, tree.sizes, tree.paths, self._owner
        open_file, close, look, duplicate = os.open, os.close, os.fstat, clone
        for place in places:
            md5 = names[place]
            try:
                read = open_file(place_of(md5), os.O_RDONLY)
            except FileNotFoundError:
                self.given.damaged.append(md5)
                continue
            try:
                if not is_whole(look(read), read, md5, sizes[place], stamps, place):
                    continue
                written = open_file(paths[place][skip:], _NEW_FILE, 0o644, dir_fd=directory)
                try:
                    if not is_cloned or not duplicate(read, written):
                        _copy(read, written)
                        self.has_copied = True
                    if owner is not None:
                        os.fchown(written, owner.uid, owner.gid)
                    numbers.extend(_stamp(look(written)))
                finally:
                    close(written)
            finally:
                close(read)
            whole.append(place)
        return numbers, whole

    def _is_whole(
        self, status: os.stat_result, opened: int | None, md5: str, size: int, stamps: Stamps, place: int
    ) -> bool:
        """Whether an object is what its name says: it looks as it did then, or else it is read now."""
        if (
            status.st_ino == stamps.inodes[place]
            and status.st_mtime_ns == stamps.mtimes_ns[place]
            and status.st_size == size
        ):
            return True
        self.given.looked_at += 1
        if (size not in (UNKNOWN, status.st_size)) or _md5_of(self._store.place(md5), opened) != md5:
            self.given.damaged.append(md5)
            return False
        stamps.inodes[place], stamps.mtimes_ns[place] = status.st_ino, status.st_mtime_ns
        return True


def _no_place(problem: OSError, target: Path) -> Exception:
    told = disk_problem(problem, target)
    if told is not problem:
        return told
    kind = Denied if problem.errno in (errno.EACCES, errno.EPERM) else BadInput
    return kind(
        f"no folder can be made at {printable(str(target))}: {problem.strerror}",
        "Choose another place, one that this user can write.",
    )


def _leads_out(path: str) -> BadInput:
    return BadInput(
        f"the tree names a file {path!r}, which leads out of it or has the name of another one; "
        "nothing was given out",
        "The version was not made by trainplat or dvc. Do not use it.",
    )


def _by_folder(paths: Sequence[str]) -> dict[str, list[int]]:
    """The places of the files of each folder, in their order."""
    folders: dict[str, list[int]] = {}
    for place, path in enumerate(paths):
        folder = path[: path.rfind("/") + 1]
        try:
            folders[folder].append(place)
        except KeyError:
            folders[folder] = [place]
    return folders


def _stamp(status: os.stat_result) -> tuple[int, int, int, int]:
    """The stamp of a file just written; none where files are stamped in whole seconds."""
    return NOT_STILL if status.st_mtime_ns % 1_000_000_000 == 0 else stamp_of(status)


def _link(source: str, name: str, directory: int) -> bool:
    """Give an object one more name; False where it has as many as the file system lets it have."""
    try:
        os.link(source, name, dst_dir_fd=directory)
    except OSError as problem:
        if problem.errno != errno.EMLINK:  # 65,000 on ext4: a version may have as many empty files
            raise
        return False
    return True


def _copy(read: int, written: int) -> None:
    while os.sendfile(written, read, None, CHUNK_BYTES * 64):
        pass


def _md5_of(path: str, opened: int | None) -> str:
    """The hash of an object, which is left at its start where it is open."""
    descriptor = os.open(path, os.O_RDONLY) if opened is None else opened
    digest = hashlib.md5(usedforsecurity=False)
    try:
        while part := os.read(descriptor, CHUNK_BYTES):
            digest.update(part)
    finally:
        if opened is None:
            os.close(descriptor)
        else:
            os.lseek(opened, 0, os.SEEK_SET)
    return digest.hexdigest()
