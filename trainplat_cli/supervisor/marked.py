"""The processes of a stack, found by a mark in their environment, whoever their parents are.

A supervisor can be killed at any moment, and parts start processes of their own. Every process of a stack
inherits ``TRAINPLAT_SUPERVISED=<home>.<generation>``: the next supervisor of the home, or the warden of this
one, finds all of them by it and touches nothing else. Runs are started without it: they outlive the stack.
This module imports little, because the warden does nothing else all day.
"""

import hashlib
import os
import signal
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import psutil

from resources.process import ProcessIdentity

MARK_VARIABLE = "TRAINPLAT_SUPERVISED"
GRACE_S = 10.0
"""How long processes may take to end after they were asked to."""

ATTEMPTS = 5
"""How often it is looked for more. What outlives a SIGKILL hangs in the kernel, and is left to it."""


def mark_of(home: Path, generation: str) -> str:
    """The value of the mark for the processes of one supervisor."""
    return f"{_home_mark(home)}.{generation}"


def marked_processes(home: Path, generation: str | None = None) -> list[ProcessIdentity]:
    """The living processes of the stack of ``home``: of one generation, or of all.

    Without the process that asks and those that started it, which may be children of the stack themselves.
    """
    wanted = _home_mark(home) + "." + (generation or "")
    spared = {os.getpid(), *_ancestors()}
    found = []
    for process in psutil.process_iter():
        try:
            if process.pid in spared or process.status() == psutil.STATUS_ZOMBIE:
                continue
            mark = process.environ().get(MARK_VARIABLE, "")
            identity = ProcessIdentity.of(process.pid)
            if identity and (mark == wanted or (generation is None and mark.startswith(wanted))):
                found.append(identity)
        except (psutil.AccessDenied, psutil.NoSuchProcess, OSError):
            continue
    return found


def end_processes(processes: Iterable[ProcessIdentity], *, grace_s: float = GRACE_S) -> bool:
    """Ask each process to end, after ``grace_s`` kill it. Returns whether all of them are gone."""
    left = list(processes)
    for sent, wait_s in ((signal.SIGTERM, grace_s), (signal.SIGKILL, 5.0)):
        if sent is signal.SIGTERM and grace_s <= 0:
            continue
        for process in left:
            _send(process, sent)
        deadline = time.monotonic() + wait_s
        while left and time.monotonic() < deadline:
            time.sleep(0.05)
            left = [process for process in left if process.is_alive()]
        if not left:
            return True
    return False


def end_marked(home: Path, generation: str | None = None, *, grace_s: float = GRACE_S) -> int:
    """End every process of the stack of ``home``, also those that start meanwhile. Returns how many."""
    ended: set[ProcessIdentity] = set()
    for _attempt in range(ATTEMPTS):
        found = marked_processes(home, generation)
        if not found:
            break
        ended.update(found)
        end_processes(found, grace_s=grace_s)
        grace_s = min(grace_s, 1.0)
    return len(ended)


def _send(process: ProcessIdentity, sent: signal.Signals) -> None:
    if process.is_alive():
        try:
            os.kill(process.pid, sent)
        except (ProcessLookupError, PermissionError):
            return


def _ancestors() -> Iterator[int]:
    """The pids of who started this process, and so on up.

    An ancestor may end during the question, and psutil's own ``parents`` raises NoSuchProcess then: the
    warden asks in the very moment in which its parent dies.
    """
    pid = os.getppid()
    while pid > 0:
        yield pid
        try:
            pid = psutil.Process(pid).ppid()
        except psutil.NoSuchProcess:
            return


def _home_mark(home: Path) -> str:
    return hashlib.sha256(str(home.resolve()).encode()).hexdigest()[:16]
