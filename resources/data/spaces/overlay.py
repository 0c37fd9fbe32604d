"""Overlays: a version below, what the user writes above, and one folder that shows both."""

import ctypes
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from resources.errors import Conflict, Unavailable


@dataclass(frozen=True)
class Layers:
    """What an overlay is made of."""

    lower: Path
    """The version, which nobody writes."""
    upper: Path
    """What was written since."""
    work: Path
    """The kernel's own, on the file system of ``upper``."""

    def remove(self) -> None:
        """Take away what was written."""
        for folder in (self.upper, self.work):
            shutil.rmtree(folder, ignore_errors=True)


def mount(layers: Layers, target: Path) -> None:
    """Show the layers at ``target``. Raises :class:`Unavailable` where the kernel refuses."""
    for folder in (layers.upper, layers.work, target):
        folder.mkdir(parents=True, exist_ok=True)
    paths = (layers.lower, layers.upper, layers.work)
    if any(sign in os.fspath(path) for path in paths for sign in (",", ":", "\\")):
        raise Unavailable(
            f"an overlay cannot be mounted below {layers.upper}: its path has a comma, colon or backslash",
            "Take a home without them, or a space of another kind: --kind copy.",
        )
    options = f"lowerdir={paths[0]},upperdir={paths[1]},workdir={paths[2]}"
    libc = ctypes.CDLL(None, use_errno=True)
    failed = libc.mount(b"overlay", os.fsencode(target), b"overlay", ctypes.c_ulong(0), os.fsencode(options))
    if failed:
        reason = os.strerror(ctypes.get_errno())
        raise Unavailable(
            f"an overlay cannot be mounted at {target}: {reason}", "Take another kind of space: --kind copy."
        )


def unmount(target: Path) -> None:
    """Take an overlay away. Raises Conflict while somebody works in it."""
    if not target.is_mount():
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.umount2(os.fsencode(target), 0):
        reason = os.strerror(ctypes.get_errno())
        raise Conflict(
            f"{target} cannot be unmounted: {reason}",
            "Close the programs and shells that work there, then run the same thing again.",
        )
