"""Looking at a provider: it answers, it can be written, so much is free. A look ends after some seconds."""

import os
import threading
from collections.abc import Callable
from pathlib import Path
from secrets import token_hex

from resources.data.mounts.bucket import Bucket
from resources.data.mounts.choosing import Look
from resources.data.mounts.model import MODES, Kind, Mode, Mount, Provider
from resources.errors import TrainplatError

PATIENCE_S = 20.0
"""A file system of a server that is gone answers never."""
MIB = 1024 * 1024


def look(
    provider: Provider, mount: Mount, work: Path, promised_mib: int, patience_s: float = PATIENCE_S
) -> Look:
    """A provider as this mount point would find it. ``work`` is where working folders are made."""
    if mount.mode not in MODES[provider.kind] or mount.provider not in (None, provider.name):
        return Look(provider, None)  # it is not taken anyway, so nobody need wait for it
    found: list[Look] = []
    see = _in_words(provider, lambda: _look(provider, mount, work, promised_mib))
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


def _look(provider: Provider, mount: Mount, work: Path, promised_mib: int) -> Look:
    if provider.kind is Kind.S3:
        bucket = Bucket(provider, mount)
        bucket.answers(writes=mount.mode is not Mode.READ)
        work.mkdir(parents=True, exist_ok=True)
        return _with_room(provider, work, promised_mib)
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
    return _with_room(provider, folder, promised_mib)


def _write_a_little(folder: Path) -> None:
    path, content = folder / f".trainplat-check-{token_hex(6)}", token_hex(8)
    try:
        path.write_text(content)
        if path.read_text() != content:
            raise OSError(0, "it gives back other bytes than it was given", str(folder))
    finally:
        path.unlink(missing_ok=True)


def _with_room(provider: Provider, folder: Path, promised_mib: int) -> Look:
    status = os.statvfs(folder)
    free = status.f_bavail * status.f_frsize // MIB
    if provider.size_mib is not None:
        free = min(free, provider.size_mib - promised_mib)
    return Look(provider, free)
