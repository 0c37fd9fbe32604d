"""To the disk: what is to outlive a power cut, and what may as well be on its way there already."""

import ctypes
import os
from functools import cache
from pathlib import Path
from typing import Any

_WRITE = 2
"""``SYNC_FILE_RANGE_WRITE``: begin to write what is changed, and do not wait: sync_file_range(2)."""


def sync_file_system(folder: Path) -> None:
    """Return when all that was written to the file system of ``folder`` will outlive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        syncfs = getattr(_libc(), "syncfs", None)
        if syncfs is None:
            os.sync()
        elif syncfs(descriptor) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), str(folder))
    finally:
        os.close(descriptor)


def begin_to_write_out(descriptor: int, start: int, count: int) -> None:
    """Let the kernel begin to write a part of an open file to the disk, so that the sync waits less.

    A hint: where the system cannot do it, nothing happens.
    """
    start_writing = getattr(_libc(), "sync_file_range", None)
    if start_writing is not None:
        start_writing(descriptor, ctypes.c_int64(start), ctypes.c_int64(count), ctypes.c_uint(_WRITE))


@cache
def _libc() -> Any:
    return ctypes.CDLL(None, use_errno=True)
