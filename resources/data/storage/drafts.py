"""Names of drafts: each tells who writes it, so that what the dead left is told from the rest."""

import ctypes
import os
import re
import shutil
import time
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path

from resources.holder import Holder

ELSEWHERE_FOR_S = 24 * 3600.0
"""For so long a writer on another machine, whom nobody here can see, counts as living."""
_DETACH = 2
"""MNT_DETACH of umount2(2)."""
_MARKED = re.compile(r"(\d+)\.([0-9a-f]{8})\.([0-9a-f]{8})-")
_own: tuple[int, str] = (0, "")


def own_mark() -> str:
    """How the names of this process's drafts begin."""
    global _own  # noqa: PLW0603 - reading /proc for each of a hundred thousand drafts takes long
    if _own[0] != os.getpid():
        _own = os.getpid(), mark_of(Holder.current())
    return _own[1]


def mark_of(holder: Holder) -> str:
    """How the names of a process's drafts begin: its number, its machine, its start."""
    return f"{holder.pid}.{_short(holder.host)}.{_short(holder.started)}"


def sweep_drafts(folder: Path) -> None:
    """Remove the drafts whose writer runs no more; those of other machines once they are a day old.

    Whatever else lies in the folder stays, whatever it is called: it may be one of a user's.
    """
    for draft in folder.glob("*-*-*"):
        with suppress(OSError):  # another user's, or somebody else was faster
            if not _is_left(draft):
                continue
            if draft.is_dir():
                _remove_folder(draft)
            else:
                draft.unlink()


def _is_left(draft: Path) -> bool:
    named = _MARKED.match(draft.name)
    if named is None:
        return False
    pid, host, started = named.groups()
    living = Holder.of(int(pid))
    if host != _short(Holder.current().host):
        return time.time() - draft.stat().st_mtime > ELSEWHERE_FOR_S
    return living is None or started != _short(living.started)


def _remove_folder(draft: Path) -> None:
    """Remove a folder in which overlays were tried: one may be mounted still."""
    for mounted in filter(Path.is_mount, draft.iterdir()):
        ctypes.CDLL(None).umount2(os.fsencode(mounted), _DETACH)
    shutil.rmtree(draft)


def _short(text: str) -> str:
    return blake2b(text.encode(), digest_size=4).hexdigest()
