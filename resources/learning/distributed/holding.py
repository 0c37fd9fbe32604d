"""One start at a time in the folder of a training: two would write into each other's checkpoints."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from resources.errors import BadInput, Conflict

HELD = "starter.lock"
"""Locked as long as somebody has a training started; holds the number of that process."""


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Be the one process that starts and follows the training in ``folder``.

    Raises :class:`Conflict` where another one is, :class:`BadInput` where there can be no such folder. The
    system takes the lock from a process that was killed, and those that train inherit none.
    """
    descriptor = _opened(folder)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as problem:
            pid = os.pread(descriptor, 32, 0).decode(errors="replace").strip() or "unknown"
            raise Conflict(
                f"the training in {folder} is under way already, started by process {pid}",
                "Wait until it ends, stop it by SIGTERM to that process, or name another folder.",
            ) from problem
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)


def _opened(folder: Path) -> int:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return os.open(folder / HELD, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as problem:
        raise BadInput(
            f"folder {folder} cannot be written to: {problem.strerror}", "Name a folder that is yours."
        ) from problem
