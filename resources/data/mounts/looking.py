"""Looking at a provider: it answers, it can be written, so much is free. A look ends after some seconds."""

import os
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from secrets import token_hex

from resources.data.mounts.bucket import Bucket
from resources.data.mounts.choosing import Look
from resources.data.mounts.model import MODES, Grant, Kind, Mode, Mount, Provider
from resources.errors import TrainplatError

PATIENCE_S = 20.0
"""A file system of a server that is gone answers never."""
MIB = 1024 * 1024
BLOCK_BYTES = 512
"""Of which the kernel tells how many a file takes, whatever the blocks of its file system are."""


def look(
    provider: Provider, mount: Mount, work: Path, given: Sequence[Grant], patience_s: float = PATIENCE_S
) -> Look:
    """A provider as this mount point would find it, beside what the living have been ``given``.

    ``work`` is where working folders are made.
    """
    if mount.mode not in MODES[provider.kind] or mount.provider not in (None, provider.name):
        return Look(provider, None)  # it is not taken anyway, so nobody need wait for it
    found: list[Look] = []
    see = _in_words(provider, lambda: _look(provider, mount, work, given))
    thread = threading.Thread(target=lambda: found.append(see()), daemon=True)
    thread.start()
    thread.join(patience_s)
    return found[0] if found else Look(provider, None, f"it does not answer within {patience_s:g} s")


def _in_words(provider: Provider, act: Callable[[], Look]) -> Callable[[], Look]:
    def told() -> Look:
        try:
            return act()
        except TrainplatError as problem:
            return Look(provider, None, problem.problem)
        except OSError as problem:
            return Look(provider, None, f"{problem.filename or provider.at}: {problem.strerror}")

    return told


def _look(provider: Provider, mount: Mount, work: Path, given: Sequence[Grant]) -> Look:
    if provider.kind is Kind.S3:
        bucket = Bucket(provider, mount)
        bucket.answers(writes=mount.mode is not Mode.READ)
        work.mkdir(parents=True, exist_ok=True)
        return Look(provider, _room_mib(provider, mount, work, given))
    folder = Path(provider.at)
    if provider.kind is Kind.FOLDER:
        folder.mkdir(parents=True, exist_ok=True)
    if not folder.is_dir():
        return Look(provider, None, f"there is no folder {folder}")
    if provider.kind is Kind.NFS and folder.stat().st_dev == Path("/").stat().st_dev:
        return Look(provider, None, f"nothing is mounted at {folder}: it would fill the disk of this machine")
    if mount.mode is Mode.READ:
        place = folder / mount.at
        if not place.is_dir():
            return Look(provider, None, f"there is no folder {place}")
        os.scandir(place).close()
        return Look(provider, None)
    _write_a_little(folder)
    return Look(provider, _room_mib(provider, mount, folder, given))


def _write_a_little(folder: Path) -> None:
    path, content = folder / f".trainplat-check-{token_hex(6)}", token_hex(8)
    try:
        path.write_text(content)
        if path.read_text() != content:
            raise OSError(0, "it gives back other bytes than it was given", str(folder))
    finally:
        path.unlink(missing_ok=True)


def _room_mib(provider: Provider, mount: Mount, folder: Path, given: Sequence[Grant]) -> int:
    """What is free for a mount point: less what others were promised on this disk and have yet to write."""
    status = os.statvfs(folder)
    free = status.f_bavail * status.f_frsize // MIB
    beside = [one for one in given if _device(one.path) == _device(folder)]
    room = free - sum(one.size_mib for one in beside)
    if room < mount.size_mib:  # what they have written is not free any more: it is looked at where it counts
        room = free - sum(max(0, one.size_mib - _used_mib(one.path)) for one in beside)
        if mount.mode is Mode.KEEP and provider.kind is not Kind.S3:
            room += _used_mib(folder / mount.at)  # its size is with what it holds already
    if provider.size_mib is not None:
        promised = sum(one.size_mib for one in given if one.provider == provider.name)
        room = min(room, provider.size_mib - promised)
    return room


def _device(path: Path) -> int | None:
    """The disk of a folder, or of the one that it is to be made in."""
    try:
        return next(one for one in (path, *path.parents) if one.exists()).stat().st_dev
    except OSError:  # it may not be looked at, or goes just now
        return None


def _used_mib(folder: Path) -> int:
    """What the files below a folder take of its disk."""
    used = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with suppress(FileNotFoundError):  # it went meanwhile
                used += Path(place, name).lstat().st_blocks * BLOCK_BYTES
    return used // MIB
