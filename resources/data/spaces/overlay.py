"""Overlays: a version below, what the user writes above, and one folder that shows both."""

import ctypes
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

from resources.data.storage.drafts import own_mark, sweep_drafts
from resources.errors import Conflict, TrainplatError, Unavailable

# The same on every machine but alpha: asm-generic/unistd.h, linux/mount.h; since Linux 5.2.
_MOVE_MOUNT, _FSOPEN, _FSCONFIG, _FSMOUNT = 429, 430, 431, 432
_CLOSE_ON_EXEC, _SET_STRING, _CREATE, _FROM_DESCRIPTOR, _AT_FDCWD = 1, 1, 6, 4, -100
_OPTIONS = {"index": b"off", "metacopy": b"off", "redirect_dir": b"on"}
"""Another lower folder of the same content may stand below later, and a folder can be renamed at once."""


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
    target.mkdir(parents=True, exist_ok=True)
    mounted = _mounted(layers)
    try:
        # It is there at once or not at all: until here nothing is mounted anywhere.
        _call("move_mount", _MOVE_MOUNT, mounted, b"", _AT_FDCWD, os.fsencode(target), _FROM_DESCRIPTOR)
    except OSError as problem:
        raise _refused(target, problem) from problem
    finally:
        os.close(mounted)


def can_mount(near: Path) -> bool:
    """Whether overlays whose upper layers lie in the folder ``near`` can be mounted; tried there.

    What is mounted for it stands at no place, and is gone with this process, however that ends.
    """
    if os.geteuid() != 0:
        return False
    near.mkdir(parents=True, exist_ok=True)
    sweep_drafts(near)  # what a trial left that was killed
    root = near / f"{own_mark()}-overlay-{token_hex(4)}"
    try:
        (root / "lower").mkdir(parents=True)
        os.close(_mounted(Layers(root / "lower", root / "upper", root / "work")))
    except (TrainplatError, OSError):
        return False
    finally:
        shutil.rmtree(root, ignore_errors=True)
    return True


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


def _mounted(layers: Layers) -> int:
    """An overlay that stands at no place yet, as a descriptor."""
    for folder in (layers.upper, layers.work):
        folder.mkdir(parents=True, exist_ok=True)
    paths = {"lowerdir": layers.lower, "upperdir": layers.upper, "workdir": layers.work}
    if any(sign in os.fspath(path) for path in paths.values() for sign in (":", "\\")):
        raise Unavailable(
            f"an overlay cannot be mounted below {layers.upper}: its path has a colon or a backslash",
            "Take a home without them, or a space of another kind: --kind copy.",
        )
    try:
        context = _call("fsopen", _FSOPEN, b"overlay", _CLOSE_ON_EXEC)
    except OSError as problem:
        raise _refused(layers.upper, problem) from problem
    try:
        options = {name: os.fsencode(path) for name, path in paths.items()} | _OPTIONS
        for name, value in options.items():
            _call("fsconfig", _FSCONFIG, context, _SET_STRING, name.encode(), value, 0)
        _call("fsconfig", _FSCONFIG, context, _CREATE, None, None, 0)
        return _call("fsmount", _FSMOUNT, context, _CLOSE_ON_EXEC, 0)
    except OSError as problem:
        raise _refused(layers.upper, problem) from problem
    finally:
        os.close(context)


def _call(name: str, number: int, *arguments: int | bytes | None) -> int:
    """One system call that the C library has no function for on every machine."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    given = [ctypes.c_long(one) if isinstance(one, int) else ctypes.c_char_p(one) for one in arguments]
    result = int(libc.syscall(ctypes.c_long(number), *given))
    if result < 0:
        raise OSError(ctypes.get_errno(), f"{name}: {os.strerror(ctypes.get_errno())}")
    return result


def _refused(where: Path, problem: OSError) -> Unavailable:
    return Unavailable(
        f"an overlay cannot be mounted for {where}: {problem.strerror}",
        "Take another kind of space: --kind copy.",
    )
