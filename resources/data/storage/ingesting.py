"""Files of a work tree on their way into the store: each one read once, hashed, and kept under its hash."""

import errno
import hashlib
import os
import stat
import threading
from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from resources.data.storage.links import clone
from resources.data.storage.objects import ObjectStore
from resources.data.storage.scanning import stamp_of
from resources.data.storage.syncing import begin_to_write_out
from resources.errors import BadInput, Conflict, Denied
from resources.files import disk_problem
from resources.printable import printable

LARGE_BYTES = 1024 * 1024
"""Files above this are not held in memory as a whole, and several are read at once."""
CHUNK_BYTES = 256 * 1024
"""Of those this much at a time: it stays in the processor's cache between hashing and writing."""
WRITE_OUT_BYTES = 16 * 1024 * 1024
"""After so much of a copy the disk is told to begin, while the rest is still hashed."""
TRIES = 3
"""How often a file that changes while it is read is read again."""
STILL_FOR_NS = 2_000_000_000
"""A file that changed less than this before it was read may change again with the same time stamp."""
Stamp = tuple[int, int, int, int]
NOT_STILL: Stamp = (-1, -1, -1, -1)
"""The stamp of a file that has to be read again next time."""
SHOWN = 5


class Taking(StrEnum):
    """How a file's content gets into the store."""

    COPY = "copy"
    """A clone where the file system can, else a copy. The file stays its owner's."""
    LINK = "hardlink"
    """The file itself becomes the object and stays under its name, read-only."""


@dataclass(frozen=True)
class Taken:
    """A file that is in the store."""

    name: str
    """Of its object."""
    stamp: Stamp
    """Of the file when it was read; :data:`NOT_STILL` where it may still change unseen."""


class StoredStamp(NamedTuple):
    """What an object looks like."""

    size_bytes: int
    mtime_ns: int
    inode: int


class StoredStamps:
    """Stamps by the name of their object. A hundred thousand take 10 MB; as objects they would take 30."""

    def __init__(self) -> None:
        self._places: dict[str, int] = {}
        self._numbers = array("q")

    def __contains__(self, name: str) -> bool:
        return name in self._places

    def __setitem__(self, name: str, stamp: StoredStamp) -> None:
        self._places[name] = len(self._numbers)
        self._numbers.extend(stamp)

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def get(self, name: str) -> StoredStamp | None:
        """The stamp of one object, if it is known."""
        place = self._places.get(name)
        return None if place is None else StoredStamp(*self._numbers[place : place + 3])


@dataclass
class Ingest:
    """One writer's way into a store; not for use by several threads at once."""

    store: ObjectStore
    taking: Taking
    now_ns: Callable[[], int]
    """The clock by which the file system stamps files."""
    trusted: Callable[[str], StoredStamp | None]
    """What an object looked like when it was known to be whole."""
    stored: StoredStamps = field(default_factory=StoredStamps)
    """Every object that this writer put in or found there."""
    new_bytes: int = 0
    unreadable: list[str] = field(default_factory=list)
    _ready: set[str] = field(default_factory=set)
    _count: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, root: str, folder: str, name: str, directory: int, seen: Sequence[int]) -> Taken | None:
        """Put one file into the store; ``seen`` is its stamp from the scan, ``directory`` its open folder.

        None, and a note in :attr:`unreadable`, for one that cannot be read. Raises Conflict for one that
        changes all the time, and :class:`Unavailable` when the disk is full.
        """
        expected: Stamp = (seen[0], seen[1], seen[2], seen[3])
        for number in range(TRIES):
            try:
                source = _open_file(name, directory)
            except FileNotFoundError:
                raise self._changing(root, folder, name, "vanished") from None
            except PermissionError as problem:
                self._note_unreadable(folder, name, problem)
                return None
            try:
                # One that was a file when it was looked at may be a pipe now, or a link that leads anywhere.
                if source is None or (number and stat.S_ISLNK(_look(name, directory).st_mode)):
                    raise self._changing(root, folder, name, "changed")
                taken, expected = self._take(name, directory, source, expected)
            except FileNotFoundError as problem:
                if problem.filename != name:
                    raise  # of the store
                raise self._changing(root, folder, name, "vanished") from None
            except OSError as problem:
                if problem.errno != errno.EIO or source is None or _can_be_read(source):
                    raise disk_problem(problem, self.store.cache / name) from problem
                self._note_unreadable(folder, name, problem)
                return None
            finally:
                if source is not None:
                    os.close(source)
            if taken is not None:
                return taken
        raise self._changing(root, folder, name, "changed")

    def refuse_unreadable(self, root: Path) -> None:
        """Raise Denied, which names the files that could not be read, if there were any."""
        if not self.unreadable:
            return
        shown = "; ".join(self.unreadable[:SHOWN])
        more = f"; and {len(self.unreadable) - SHOWN} more" if len(self.unreadable) > SHOWN else ""
        raise Denied(
            f"{len(self.unreadable)} files of {root} cannot be read: {shown}{more}",
            "Make them readable for this user (chmod u+r), or remove them; nothing was committed.",
        )

    def _note_unreadable(self, folder: str, name: str, problem: OSError) -> None:
        self.unreadable.append(f"{printable(folder + name)}: {problem.strerror}")

    def _take(self, name: str, directory: int, source: int, seen: Stamp) -> tuple[Taken | None, Stamp]:
        """One try. Without an outcome the stamp to expect at the next one."""
        size = seen[0]
        if size > LARGE_BYTES:
            md5, draft, before = self._read_large(source)
        else:
            content = os.read(source, size + 1)
            if len(content) < size:
                content += _rest(source, size + 1 - len(content))
            before = stamp_of(os.fstat(source))
            if len(content) != size:
                return None, before
            md5, draft = hashlib.md5(content, usedforsecurity=False).hexdigest(), None
        if before != seen:
            self._drop(draft)
            return None, before
        still = self.now_ns() - max(before[1], before[2]) >= STILL_FOR_NS
        if self.taking is Taking.LINK:
            linked = self._link(name, directory, source, md5, before)
            if linked is None:
                return None, stamp_of(os.fstat(source))
            before = linked
        elif draft is not None:
            self._keep(draft, md5, size)
        elif md5 not in self.stored and not self._is_there(md5, content):
            self._write(content, source, md5, before if still else NOT_STILL)
        return Taken(md5, before if still else NOT_STILL), before

    def _write(self, content: bytes, source: int, md5: str, seen: Stamp) -> None:
        draft = self._draft()
        # 0444 at once: the object is never writable under any name; this descriptor writes all the same.
        target = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o444)
        try:
            try:
                if not self._clone_still(source, target, seen):
                    _write_all(target, content)
                status = os.fstat(target)
                if stat.S_IMODE(status.st_mode) != 0o444:  # the umask took something away
                    os.fchmod(target, 0o444)
            finally:
                os.close(target)
            os.rename(draft, self._place(md5))
        except BaseException:
            self._drop(draft)
            raise
        self.new_bytes += len(content)
        self.stored[md5] = StoredStamp(status.st_size, status.st_mtime_ns, status.st_ino)

    def _clone_still(self, source: int, target: int, seen: Stamp) -> bool:
        """Let the object share the file's blocks, if these surely are what was read.

        It may be written at any time, and only one that lay still for a while shows that by its stamp.
        """
        if seen == NOT_STILL or not self.store.clones or not clone(source, target):
            return False
        if stamp_of(os.fstat(source)) == seen:
            return True
        os.ftruncate(target, 0)
        return False

    def _read_large(self, source: int) -> tuple[str, str | None, Stamp]:
        """Hash a large file, copied on the way where it is to be: what is hashed is what is kept."""
        draft = None if self.taking is Taking.LINK else self._draft()
        target = -1 if draft is None else os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o444)
        try:
            if draft is not None and self.store.clones and clone(source, target):
                md5 = _hash_of(target, None)
            else:
                md5 = _hash_of(source, None if draft is None else target)
            return md5, draft, stamp_of(os.fstat(source))
        except BaseException:
            self._drop(draft)
            raise
        finally:
            if target >= 0:
                os.fchmod(target, 0o444)
                os.close(target)

    def _keep(self, draft: str, md5: str, size: int) -> None:
        if md5 in self.stored or self._is_there(md5, size):
            self._drop(draft)
            return
        status = os.stat(draft)
        os.rename(draft, self._place(md5))
        with self._lock:
            self.new_bytes += size
            self.stored[md5] = StoredStamp(status.st_size, status.st_mtime_ns, status.st_ino)

    def _link(self, name: str, directory: int, source: int, md5: str, seen: Stamp) -> Stamp | None:
        """Make the file the object, and tell its stamp after that.

        Read-only first: under its hash it is never writable. None where the file was written after it was
        read, or another one took its place: then no object was made of it.
        """
        if md5 in self.stored:
            return seen
        place = self._place(md5)
        try:
            os.fchmod(source, 0o444)
            os.link(name, place, src_dir_fd=directory)
        except FileExistsError:
            if self._is_there(md5, seen[0]):
                return stamp_of(os.fstat(source))
            draft = self._draft()
            os.link(name, draft, src_dir_fd=directory)
            os.rename(draft, place)
        except OSError as problem:
            told = self._refusal(name, problem)
            if told is None:
                raise
            raise told from problem
        status = os.fstat(source)
        is_other = status.st_nlink != 2 and not os.path.samestat(status, os.stat(place))
        if is_other or (status.st_size, status.st_mtime_ns) != seen[:2]:
            os.unlink(place)
            return None
        with self._lock:
            self.new_bytes += seen[0]
            self.stored[md5] = StoredStamp(seen[0], seen[1], seen[3])
        return stamp_of(status)

    def _refusal(self, name: str, problem: OSError) -> Exception | None:
        """Why a file cannot be handed over; None for what has to do with something else."""
        why = {
            errno.EXDEV: f"lies on another file system than the store in {self.store.cache}",
            errno.EPERM: "belongs to somebody else",
        }.get(problem.errno or 0)
        if why is None:
            return None
        return BadInput(
            f"{printable(name)} {why} and cannot be handed over to the store; nothing was committed",
            "Commit the folder without --link: then its files are copied.",
        )

    def _is_there(self, md5: str, content: bytes | int) -> bool:
        """Whether the store has the object, whole. ``content``, or its size, is what it has to be.

        A damaged one counts as missing: what is written then takes its place.
        """
        try:
            status = os.stat(self.store.place(md5))
        except FileNotFoundError:
            return False
        stamp = StoredStamp(status.st_size, status.st_mtime_ns, status.st_ino)
        if self.trusted(md5) != stamp:
            if status.st_size != (content if isinstance(content, int) else len(content)):
                return False
            with open(self.store.place(md5), "rb") as file:
                same = (
                    _hash_of(file.fileno(), None) == md5
                    if isinstance(content, int)
                    else file.read() == content
                )
            if not same:
                return False
        with self._lock:
            self.stored[md5] = stamp
        return True

    def _place(self, md5: str) -> str:
        fan = md5[:2]
        if fan not in self._ready:
            self.store.make_fan(fan)
            self._ready.add(fan)
        return self.store.place(md5)

    def _draft(self) -> str:
        with self._lock:
            self._count += 1
            return self.store.draft(self._count)

    def _drop(self, draft: str | None) -> None:
        if draft is not None:
            with suppress(FileNotFoundError):
                os.unlink(draft)

    def _changing(self, root: str, folder: str, name: str, how: str) -> Exception:
        kind = BadInput if how == "vanished" else Conflict
        return kind(
            f"{printable(f'{root}/{folder}{name}')} {how} while it was read; nothing was committed",
            "Let what writes there finish, then run the same thing again.",
        )


def _open_file(name: str, directory: int) -> int | None:
    """A file to read; None for what is no regular one any more, which is not waited for."""
    source = os.open(name, os.O_RDONLY | os.O_NONBLOCK, dir_fd=directory)
    if stat.S_ISREG(os.fstat(source).st_mode):
        return source
    os.close(source)
    return None


def _can_be_read(source: int) -> bool:
    """Whether a file can be read to its end: of the store's disk and its own one has failed."""
    place = 0
    try:
        while count := len(os.pread(source, CHUNK_BYTES, place)):
            place += count
    except OSError:
        return False
    return True


def _look(name: str, directory: int) -> os.stat_result:
    return os.stat(name, dir_fd=directory, follow_symlinks=False)


def _rest(source: int, count: int) -> bytes:
    """What a read cut short left."""
    parts = []
    while count > 0 and (part := os.read(source, count)):
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def _write_all(target: int, content: bytes | memoryview) -> None:
    written = os.write(target, content)
    while written < len(content):
        written += os.write(target, memoryview(content)[written:])


def _hash_of(source: int, target: int | None) -> str:
    """The MD5 of a file, which is copied to ``target`` on the way."""
    digest = hashlib.md5(usedforsecurity=False)
    os.lseek(source, 0, os.SEEK_SET)
    buffer = bytearray(CHUNK_BYTES)
    view = memoryview(buffer)
    done = told = 0
    while count := os.readv(source, [buffer]):
        part = view[:count]
        digest.update(part)
        if target is None:
            continue
        _write_all(target, part)
        done += count
        if done - told >= WRITE_OUT_BYTES:
            begin_to_write_out(target, told, done - told)
            told = done
    return digest.hexdigest()
