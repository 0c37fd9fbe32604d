"""Writing files so that a kill at any moment leaves the old content or the new, never half of it."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex

from resources.errors import Unavailable

MIB = 1024 * 1024
LEAST_FREE_BYTES = 100 * MIB
"""With less room than this no run is begun that writes. A round of a small data set needs a tenth of it."""


def require_room(folder: Path) -> None:
    """Raise :class:`Unavailable` where the disk of ``folder`` is all but full."""
    free = shutil.disk_usage(next(place for place in (folder, *folder.parents) if place.exists())).free
    if free < LEAST_FREE_BYTES:
        raise Unavailable(
            f"the disk that holds {folder} has {free // MIB} MiB left; expected at least "
            f"{LEAST_FREE_BYTES // MIB} MiB",
            "Free some space there. It goes on by itself then.",
        )


def write_atomically(path: Path, content: bytes | str, *, mode: int = 0o644) -> None:
    """Write ``content`` to ``path``, all or nothing. Raises :class:`Unavailable` when the disk is full."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{token_hex(4)}.tmp")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as problem:
        draft.unlink(missing_ok=True)
        raise disk_problem(problem, path) from problem


def sync_file(path: Path) -> None:
    """Return when a file, or the names in a folder, will outlive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def disk_problem(problem: OSError, path: Path) -> Exception:
    """``problem`` in words for a person where it is the disk's that ``path`` was to be written to.

    That is a full disk, a quota, one that is read-only, or one that fails; else ``problem`` itself.
    """
    found = _DISK_PROBLEMS.get(problem.errno or 0)
    if found is None:
        return problem
    how, remedy = found
    return Unavailable(
        f"the disk that holds {path.parent} {how}: {path.name} was not written, the old content stands",
        remedy,
    )


@contextmanager
def told_of_disk(path: Path) -> Iterator[None]:
    """Raise what :func:`disk_problem` says of an OSError within the body."""
    try:
        yield
    except OSError as problem:
        raise disk_problem(problem, path) from problem


_FULL = ("is full", "Free some space there, then run the same thing again.")
_DISK_PROBLEMS = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EROFS: (
        "is read-only",
        "Mount it for writing (mount -o remount,rw), then run the same thing again. See dmesg for why.",
    ),
    errno.EIO: ("fails", "See dmesg and the disk's health (smartctl), then run the same thing again."),
}
