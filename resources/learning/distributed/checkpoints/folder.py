"""The checkpoints in a folder: which there are, whether one is whole, which may go.

``step-00000120`` holds what torch.distributed.checkpoint wrote and a manifest of it. It has this name only
once all of it is on the disk. What ends in ``.part`` is not yet one, or no more; what ends in ``.damaged``
was passed over, and goes once its step, or a later one, has a whole one again.
"""

import hashlib
import json
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

from resources.errors import Unavailable
from resources.files import sync_file, write_atomically

MANIFEST = "manifest.json"
PART, DAMAGED = ".part", ".damaged"
_NAME = re.compile(r"step-(\d{8,})")
_DAMAGED_NAME = re.compile(rf"step-(\d{{8,}})\.[0-9a-f]+{re.escape(DAMAGED)}")


@dataclass(frozen=True)
class Checkpoint:
    """One that was written whole; a disk may have damaged it since."""

    step: int
    path: Path


class Checkpoints:
    """Those of one training."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, step: int) -> Path:
        """Where the one of so many steps is, or would be."""
        return self.folder / f"step-{step:08d}"

    def all(self) -> list[Checkpoint]:
        """Newest first."""
        return self._named(_NAME)

    def newest_whole(self) -> Checkpoint | None:
        """The newest whose files are what its manifest says. Reads them all; raises as :func:`is_whole`."""
        return next((one for one in self.all() if is_whole(one.path)), None)

    def take_up(self) -> tuple[Checkpoint | None, int]:
        """The newest whole one, and how many newer ones were damaged: those are checkpoints no more.

        Else they would be kept, as the newest, in place of whole ones that are written now. Raises
        :class:`Unavailable` where one cannot be read, before anything is changed.
        """
        found = self.newest_whole()
        damaged = [one for one in self.all() if found is None or one.step > found.step]
        for one in damaged:
            _let_go(one.path, DAMAGED)
        return found, len(damaged)

    def part(self, step: int) -> Path:
        """Where the one of so many steps is written."""
        return self.folder / f"step-{step:08d}{PART}"

    def begin(self, step: int) -> Path:
        """An empty folder to write one into; what a kill left of an earlier try is gone."""
        part = self.part(step)
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        return part

    def finish(self, part: Path) -> int:
        """Give it its name, on the disk; its size in bytes. One of the same step is replaced."""
        manifest, size_bytes = {}, 0
        for file in sorted(part.iterdir()):
            sync_file(file)
            manifest[file.name] = {"bytes": file.stat().st_size, "sha256": _sha256(file)}
            size_bytes += file.stat().st_size
            _uncache(file)
        write_atomically(part / MANIFEST, json.dumps(manifest, sort_keys=True))
        sync_file(part)
        named = part.with_name(part.name.removesuffix(PART))
        # Two names are not exchanged at once; a kill in between leaves the checkpoints before this one.
        replaced = _let_go(named) if named.exists() else None
        part.rename(named)
        sync_file(self.folder)
        if replaced is not None:
            shutil.rmtree(replaced, ignore_errors=True)
        return size_bytes

    def keep(self, count: int) -> None:
        """Let all go but the newest ``count``, and what kills left behind. None may be on its way then."""
        whole = self.all()
        for one in whole[count:]:
            _let_go(one.path)
        replaced = [one for one in self._named(_DAMAGED_NAME) if whole and one.step <= whole[0].step]
        for left in (*self.folder.glob(f"*{PART}"), *(one.path for one in replaced)):
            shutil.rmtree(left, ignore_errors=True)

    def _named(self, name: re.Pattern[str]) -> list[Checkpoint]:
        if not self.folder.is_dir():
            return []
        named = ((name.fullmatch(one.name), one) for one in self.folder.iterdir())
        found = [Checkpoint(int(match[1]), one) for match, one in named if match]
        return sorted(found, key=lambda one: one.step, reverse=True)


def is_whole(path: Path) -> bool:
    """Whether each file of a checkpoint is what its manifest says: there, of its size, with its hash.

    Raises :class:`Unavailable` where that cannot be read: a disk or server that fails for a while damages
    nothing.
    """
    try:
        told: dict[str, dict[str, object]] = json.loads((path / MANIFEST).read_text())
        return bool(told) and all(_is_as_told(path / name, one) for name, one in told.items())
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return False
    except (ValueError, KeyError, TypeError, AttributeError):
        return False
    except OSError as problem:
        raise Unavailable(
            f"the checkpoint {path} cannot be read: {problem.strerror or problem}",
            "Start the training again once it can be. Where it never will be, move that folder away: the "
            "checkpoint before it is gone on from then.",
        ) from problem


def _is_as_told(file: Path, told: Mapping[str, object]) -> bool:
    return (file.stat().st_size, _sha256(file)) == (told["bytes"], told["sha256"])


def _let_go(path: Path, end: str = PART) -> Path:
    """Take its name away at once: half of one that is being deleted is never taken for whole."""
    gone = path.with_name(f"{path.name}.{token_hex(4)}{end}")
    return path.rename(gone)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _uncache(path: Path) -> None:
    """Give back the memory that keeps what lies on the disk: it is read again only after a kill."""
    if hasattr(os, "posix_fadvise"):
        with path.open("rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
