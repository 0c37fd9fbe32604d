"""Ways to give content a second name: clones, hard links, copies; and which of them a place can."""

import errno
import fcntl
import os
from contextlib import suppress
from pathlib import Path
from secrets import token_hex

from resources.data.storage.drafts import own_mark

FICLONE = 0x40049409
"""``ioctl`` that lets a file share the blocks of another one until either is written: ioctl_ficlone(2)."""

_CANNOT = {errno.EOPNOTSUPP, errno.EXDEV, errno.ENOTTY, errno.EINVAL, errno.ENOSYS, errno.EPERM}


def clone(source: int, target: int) -> bool:
    """Let ``target`` share the blocks of ``source``, both open files; False where that cannot be."""
    try:
        fcntl.ioctl(target, FICLONE, source)
    except OSError as problem:
        if problem.errno in _CANNOT:
            return False
        raise
    return True


def can_clone(source: Path, target: Path) -> bool:
    """Whether files of one folder can be cloned into another one; tried with a file of no importance."""
    mark = token_hex(6)
    # Named as drafts are, so that what a kill leaves is swept away with them.
    first, second = source / f"{own_mark()}-clone-{mark}", target / f"{own_mark()}-cloned-{mark}"
    try:
        first.write_bytes(b"?")
        with first.open("rb") as read, second.open("wb") as written:
            return clone(read.fileno(), written.fileno())
    except OSError:
        return False
    finally:
        for file in (first, second):
            with suppress(OSError):
                os.unlink(file)
