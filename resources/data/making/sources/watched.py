"""A folder that others write into while it is read: a file is taken when it has been still for a while."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from resources.data.making.folders import files_below
from resources.data.making.sources.model import (
    MAX_FILE_BYTES,
    PICTURES,
    Entry,
    EntryProblem,
    Files,
    Reader,
    checked_name,
    refused_name,
    too_large,
)
from resources.data.model import Quarantined
from resources.errors import NotFound

STILL_FOR_S = 10.0
HALF_WRITTEN = (".part", ".partial", ".tmp", ".temp", ".crdownload", ".download", ".filepart", "~")
"""How names end that programs give to what they have not written to the end; hidden files are such, too."""


@dataclass(frozen=True)
class WatchedFolder:
    """A folder of this machine, or one that is mounted. Its files stay where they are."""

    name: str
    path: str
    still_for_s: float = STILL_FOR_S
    """A file that changed less long ago may not be whole yet."""

    def __post_init__(self) -> None:
        """Refuse a name that cannot be."""
        checked_name(self.name)

    @contextmanager
    def opened(self, folder: Path, wanted: Files = PICTURES) -> Iterator[Reader]:
        """Look into it. Raises NotFound for a folder that is not there, as one whose disk is not mounted."""
        path = folder / self.path
        if not path.is_dir():
            raise NotFound(
                f"folder {path} of source {self.name} is not there",
                "Make it, mount its disk, or mend its path in the declaration of the data set.",
            )
        yield _FolderReader(path, self.still_for_s, wanted)


@dataclass
class _FolderReader:
    folder: Path
    still_for_s: float
    wanted: Files
    parallel: int = 1
    _known: dict[str, str] = field(default_factory=dict)

    def entries(self) -> Iterator[Entry | Quarantined]:
        unseen: list[Quarantined] = []
        paths = sorted(files_below(self.folder, unseen))
        yield from unseen
        for path in paths:
            name = path.relative_to(self.folder).as_posix()
            if any(part.startswith(".") for part in name.split("/")) or name.lower().endswith(HALF_WRITTEN):
                continue
            stamp = file_stamp(path)
            if stamp is None or self._may_be_written(path):
                continue
            if (wrong := refused_name(name, self.wanted)) is not None:
                yield wrong
                continue
            self._known[name] = stamp
            yield Entry(name)

    def stamp(self, entry: Entry) -> str:
        return self._known[entry.name]

    def read(self, entry: Entry) -> bytes:
        path = self.folder / entry.name
        try:
            if path.stat().st_size > MAX_FILE_BYTES:
                raise too_large(path.stat().st_size)
            content = path.read_bytes()
        except FileNotFoundError:
            raise EntryProblem("it went away", "Nothing: what is gone is not taken.") from None
        if file_stamp(path) != self._known[entry.name]:
            raise EntryProblem("it changed while it was read", "Nothing: it is read again later.")
        return content

    def _may_be_written(self, path: Path) -> bool:
        try:
            return time.time() - path.stat().st_mtime < self.still_for_s
        except FileNotFoundError:
            return True


def file_stamp(path: Path) -> str | None:
    """Changes with the content. None for what is no plain file, such as a link, and what just went away."""
    try:
        if path.is_symlink() or not path.is_file():
            return None
        status = path.stat()
    except OSError:
        return None
    return f"{status.st_size}-{status.st_mtime_ns}-{status.st_ino}"
