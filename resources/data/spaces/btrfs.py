"""Subvolumes and snapshots of btrfs, through its ioctls: linux/btrfs.h."""

import fcntl
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from resources.errors import Unavailable

_CREATE, _SNAPSHOT, _DESTROY = 0x5000940E, 0x50009401, 0x5000940F
_ARGUMENTS = struct.Struct("q4088s")
_LONGEST = 4087
_SUBVOLUME_INODE = 256


def is_btrfs(folder: Path) -> bool:
    """Whether a folder lies on btrfs."""
    return _type_of(folder.resolve()) == "btrfs"


def is_subvolume(folder: Path) -> bool:
    """Whether a folder is the root of a subvolume."""
    return folder.is_dir() and folder.stat().st_ino == _SUBVOLUME_INODE and is_btrfs(folder)


def create(target: Path) -> None:
    """Make an empty subvolume. Raises :class:`Unavailable` where the file system refuses."""
    with _opened(target.parent) as parent:
        _do(_CREATE, parent, -1, target)


def snapshot(source: Path, target: Path) -> None:
    """Make ``target`` a snapshot of a subvolume that can be written. It takes no time and no space."""
    with _opened(source) as origin, _opened(target.parent) as parent:
        _do(_SNAPSHOT, parent, origin, target)


def destroy(target: Path) -> None:
    """Take a subvolume away with all that it holds."""
    with _opened(target.parent) as parent:
        _do(_DESTROY, parent, -1, target)


def _do(what: int, parent: int, origin: int, target: Path) -> None:
    name = os.fsencode(target.name)
    if len(name) > _LONGEST:
        raise Unavailable(f"the name {target.name[:40]}… is too long for a subvolume", "Take a shorter one.")
    try:
        # Python takes only what can be written for arguments of more than 1,024 bytes.
        fcntl.ioctl(parent, what, bytearray(_ARGUMENTS.pack(max(origin, 0), name)))
    except OSError as problem:
        raise Unavailable(
            f"btrfs refuses {target}: {problem.strerror}", "Take another kind of space: --kind reflink."
        ) from problem


@contextmanager
def _opened(folder: Path) -> Iterator[int]:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _type_of(folder: Path) -> str:
    """The type of the file system that a folder lies on, as the kernel lists its mounts."""
    best, found = "", ""
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        fields, _, rest = line.partition(" - ")
        point = fields.split()[4].encode().decode("unicode_escape")
        if folder.is_relative_to(point) and len(point) >= len(best):
            best, found = point, rest.split()[0]
    return found
