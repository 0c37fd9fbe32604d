"""Tests run as root, whom no mode keeps out: this half of them runs as a user like any other."""

import os
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.children import fork, leave

PLAIN_UID = 65534
"""A user who owns nothing."""


def as_plain_user(
    owned: Path | None, work: Callable[[], object], *, locked: Mapping[Path, int] | None = None
) -> None:
    """Run ``work`` in a process of a plain user who owns all below ``owned``; its assertions count.

    ``locked`` are modes to set before, and to take back after.
    """
    for place in () if owned is None else (owned, *owned.rglob("*")):
        os.chown(place, PLAIN_UID, PLAIN_UID, follow_symlinks=False)
    for place in () if owned is None else owned.parents:
        if place.stat().st_mode & 0o011 != 0o011:
            place.chmod(place.stat().st_mode | 0o011)
    before = {place: place.stat().st_mode for place in locked or {}}
    for place, mode in (locked or {}).items():
        place.chmod(mode)
    told, tells = os.pipe()
    child = fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(PLAIN_UID)
            os.setuid(PLAIN_UID)
            work()
        except BaseException:  # noqa: BLE001 - whatever it is, the parent tells it
            os.write(tells, traceback.format_exc().encode())
            leave(1)
        leave(0)
    os.close(tells)
    with os.fdopen(told) as pipe:
        problem = pipe.read()
    _, status = os.waitpid(child, 0)
    for place, mode in before.items():
        place.chmod(mode & 0o7777)
    assert status == 0, problem
