"""ZIP and tar archives, read member by member; nothing is ever unpacked onto the disk.

So a name that leads out of the archive writes nowhere, a link points to nothing, and a bomb is cut off at a
limit.
"""

import bz2
import gzip
import lzma
import os
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from resources.data.making.sources.model import (
    MAX_FILE_BYTES,
    MIB,
    PICTURES,
    Entry,
    EntryProblem,
    Files,
    LabelsFrom,
    Reader,
    checked_name,
    folder_label,
    refused_name,
    too_large,
)
from resources.data.model import Quarantined
from resources.errors import BadInput, NotFound

MAX_MEMBERS = 5_000_000
MAX_TOTAL_BYTES = 1024 * 1024 * MIB
MAX_EXPANSION = 200
"""How many times its packed size a member may have, from a size on that could hurt."""
_SMALL_BYTES = 16 * MIB

_DAMAGED = (zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError)
_CHUNK_BYTES = 1024 * 1024


@dataclass(frozen=True)
class ArchiveSource:
    """A file that ends in .zip, .tar, .tar.gz, .tgz, .tar.bz2 or .tar.xz."""

    name: str
    path: str
    labels: LabelsFrom = LabelsFrom.NOTHING

    def __post_init__(self) -> None:
        """Refuse a name that cannot be."""
        checked_name(self.name)

    @contextmanager
    def opened(self, folder: Path, wanted: Files = PICTURES) -> Iterator[Reader]:
        """Open the archive. Raises BadInput for one that cannot be read, NotFound for a missing one."""
        path = folder / self.path
        try:
            if not path.exists():
                raise NotFound(
                    f"archive {path} of source {self.name} is not there",
                    "Put it there, or mend its path in the declaration of the data set.",
                )
            if zipfile.is_zipfile(path):
                with zipfile.ZipFile(path) as packed:
                    yield _ZipReader(packed, self.labels, wanted)
            else:
                with tarfile.open(path) as rolled:
                    status = path.stat()
                    stamp = f"{status.st_size}-{status.st_mtime_ns}"
                    yield _TarReader(rolled, self.labels, stamp, status.st_size, wanted)
        except (*_DAMAGED, OSError) as problem:
            if isinstance(problem, OSError) and problem.filename is None and problem.errno is not None:
                raise
            raise BadInput(
                f"archive {path} of source {self.name} cannot be read: {problem}",
                "Expected a whole .zip or .tar file; copy it again.",
            ) from problem


@dataclass
class _ZipReader:
    packed: zipfile.ZipFile
    labels: LabelsFrom
    wanted: Files
    parallel: int = 1

    def entries(self) -> Iterator[Entry | Quarantined]:
        members = self.packed.infolist()
        _refuse_too_many(len(members), sum(member.file_size for member in members))
        seen: set[str] = set()
        for member in members:
            if member.is_dir() or _is_beside(member.filename):
                continue
            mode = member.external_attr >> 16
            wrong = refused_name(member.filename, self.wanted)
            if wrong is None and mode and (mode & 0o170000) not in (0, 0o100000):
                wrong = _no_file(member.filename)
            if wrong is None and member.filename in seen:
                wrong = _twice(member.filename)
            seen.add(member.filename)
            yield wrong or Entry(member.filename, folder_label(member.filename, self.labels))

    def stamp(self, entry: Entry) -> str:
        member = self.packed.getinfo(entry.name)
        return f"{member.CRC:08x}-{member.file_size}"

    def read(self, entry: Entry) -> bytes:
        member = self.packed.getinfo(entry.name)
        if member.flag_bits & 1:
            raise EntryProblem("it is encrypted", "Make the archive again without a password.")
        if member.file_size > max(_SMALL_BYTES, MAX_EXPANSION * member.compress_size):
            raise EntryProblem(
                f"it would grow to {member.file_size // max(1, member.compress_size)} times its packed size; "
                f"expected at most {MAX_EXPANSION}",
                "Leave it out: no image is packed like this.",
            )
        try:
            with self.packed.open(member) as file:
                return _bounded(file)
        except (*_DAMAGED, RuntimeError) as problem:
            raise EntryProblem(f"it cannot be unpacked: {problem}", "Make the archive again.") from problem


@dataclass
class _TarReader:
    rolled: tarfile.TarFile
    labels: LabelsFrom
    archive: str
    """Changes with the archive."""
    packed_bytes: int
    """The size of the archive."""
    wanted: Files
    parallel: int = 1
    _member: tarfile.TarInfo | None = None

    def entries(self) -> Iterator[Entry | Quarantined]:
        count = total_bytes = 0
        seen: set[str] = set()
        for member in self.rolled:
            count, total_bytes = count + 1, total_bytes + member.size
            _refuse_too_many(count, total_bytes)
            self._refuse_bomb(self.rolled.offset)  # so far the next step unpacks
            name = member.name.removeprefix("./")
            if member.isdir() or _is_beside(name):
                continue
            wrong = refused_name(name, self.wanted) or (None if member.isreg() else _no_file(name))
            if wrong is None and name in seen:
                wrong = _twice(name)
            seen.add(name)
            self._member = member
            yield wrong or Entry(name, folder_label(name, self.labels))
        if self._is_packed():
            self._read_to_its_end()

    def stamp(self, entry: Entry) -> str:
        member = self._its_turn(entry)
        return f"{self.archive}-{member.offset_data}-{member.size}"

    def read(self, entry: Entry) -> bytes:
        try:
            file = self.rolled.extractfile(self._its_turn(entry))
            return b"" if file is None else _bounded(file)
        except _DAMAGED as problem:
            raise EntryProblem(f"it cannot be unpacked: {problem}", "Make the archive again.") from problem

    def _is_packed(self) -> bool:
        return isinstance(self.rolled.fileobj, gzip.GzipFile | bz2.BZ2File | lzma.LZMAFile)

    def _read_to_its_end(self) -> None:
        """Only behind its end stands the sum that tells whether a packed archive is whole."""
        read_bytes = self.rolled.offset
        while self.rolled.fileobj is not None and (part := self.rolled.fileobj.read(_CHUNK_BYTES)):
            read_bytes += len(part)
            self._refuse_bomb(read_bytes)

    def _refuse_bomb(self, unpacked_bytes: int) -> None:
        """Raise BadInput where an archive grows to what no archive of images does."""
        limit = min(MAX_TOTAL_BYTES, max(_SMALL_BYTES, MAX_EXPANSION * self.packed_bytes))
        if unpacked_bytes > limit and self._is_packed():
            name = os.fsdecode(self.rolled.name or b"")
            raise BadInput(
                f"archive {name} of {self.packed_bytes:,} bytes grows to more than {limit / MIB:.0f} MiB; "
                f"expected at most {MAX_EXPANSION} times its size",
                "Look at what is in it: no images are packed like this.",
            )

    def _its_turn(self, entry: Entry) -> tarfile.TarInfo:
        if self._member is None or self._member.name.removeprefix("./") != entry.name:
            raise ValueError(f"{entry.name} is read out of its turn")
        return self._member


def _bounded(file: IO[bytes]) -> bytes:
    content = file.read(MAX_FILE_BYTES + 1)
    if len(content) > MAX_FILE_BYTES:
        raise too_large(len(content))
    return content


def _is_beside(name: str) -> bool:
    """What packers leave beside the files: hidden files, and the forks of macOS."""
    return any(
        part.startswith(".") and part not in (".", "..") for part in name.split("/")
    ) or name.startswith("__MACOSX/")


def _no_file(name: str) -> Quarantined:
    return Quarantined(
        name, "it is a link or a device, no file", "Make the archive again with the files themselves."
    )


def _twice(name: str) -> Quarantined:
    return Quarantined(
        name, "the archive holds this name twice", "Make the archive again with each name once."
    )


def _refuse_too_many(count: int, total_bytes: int) -> None:
    if count > MAX_MEMBERS or total_bytes > MAX_TOTAL_BYTES:
        raise BadInput(
            f"the archive claims {count} members of {total_bytes / MIB:.0f} MiB; expected at most "
            f"{MAX_MEMBERS} of {MAX_TOTAL_BYTES // MIB} MiB",
            "Split it into several archives.",
        )
