"""Looking at a provider: it answers, it can be written, so much is free. A look ends after some seconds."""

import os
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

from resources.data.mounts.bucket import Bucket
from resources.data.mounts.choosing import Look
from resources.data.mounts.model import MODES, Grant, Kind, Mode, Mount, Provider
from resources.errors import TrainplatError

PATIENCE_S = 20.0
"""A file system of a server that is gone answers never."""
DISKS_PATIENCE_S = 5.0
"""For the disks of what others have: nobody is given a part of one that does not answer."""
MIB = 1024 * 1024
BLOCK_BYTES = 512
"""Of which the kernel tells how many a file takes, whatever the blocks of its file system are."""


@dataclass(frozen=True)
class Beside:
    """What somebody has been given, and where."""

    grant: Grant
    disk: int | None
    """None: it may not be looked at, went just now, or does not answer."""


def on_disks(given: Sequence[Grant]) -> list[Beside]:
    """On which disk each thing lies that the living have; who does not answer is waited for once."""
    found = dict[str, int | None]()

    def find(grants: Sequence[Grant]) -> None:
        for one in grants:
            found[one.id] = _disk(one.path)

    names = {one.provider for one in given}
    by_provider = [[one for one in given if one.provider == name] for name in names]
    threads = [threading.Thread(target=find, args=(one,), daemon=True) for one in by_provider]
    until = time.monotonic() + DISKS_PATIENCE_S
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
    return [Beside(one, found.get(one.id)) for one in given]


def look(
    provider: Provider, mount: Mount, work: Path, given: Sequence[Beside], patience_s: float = PATIENCE_S
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


def _look(provider: Provider, mount: Mount, work: Path, given: Sequence[Beside]) -> Look:
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


def _room_mib(provider: Provider, mount: Mount, folder: Path, given: Sequence[Beside]) -> int:
    """What is free for a mount point: less what others were promised on this disk and have yet to write."""
    status = os.statvfs(folder)
    free = status.f_bavail * status.f_frsize // MIB
    disk = _disk(folder)
    here = [one.grant for one in given if one.disk is not None and one.disk == disk]
    room = free - sum(one.size_mib for one in here)
    if room < mount.size_mib:  # what they have written is not free any more: it is looked at where it counts
        room = free - sum(max(0, one.size_mib - _used_mib(one.path)) for one in here)
        if mount.mode is Mode.KEEP and provider.kind is not Kind.S3:
            room += _used_mib(folder / mount.at)  # its size is with what it holds already
    if provider.size_mib is not None:
        promised = sum(one.grant.size_mib for one in given if one.grant.provider == provider.name)
        room = min(room, provider.size_mib - promised)
    return room


def _disk(path: Path) -> int | None:
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
