"""Processes that end by SIGKILL: before their n-th act on the disk, amid a write, or by the clock."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ACTS = frozenset(
    {"os.rename", "os.link", "os.mkdir", "os.remove", "os.rmdir", "os.chmod", "os.chown", "sqlite3.connect"}
)
"""Audit events of Python that change the disk; opening to write and the functions below count, too."""
WRAPPED = ("write", "fsync", "sendfile")
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT


class Acts:
    """Counts what a process does to the disk, and kills it at one of these acts."""

    def __init__(self, kill_at: int) -> None:
        self.kill_at, self.count = kill_at, 0
        self._lock = threading.Lock()

    def watch(self) -> None:
        """From now on."""
        sys.addaudithook(self._see)
        for name in WRAPPED:
            setattr(os, name, self._wrapped(getattr(os, name)))

    def _see(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event in ACTS or (event == "open" and (arguments[2] or 0) & WRITES):
            self._act()

    def _act(self) -> bool:
        with self._lock:
            self.count += 1
            if self.count != self.kill_at:
                return False
        os.kill(os.getpid(), signal.SIGKILL)
        return True

    def _wrapped(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            with self._lock:
                is_last = self.count + 1 == self.kill_at
            if is_last and real.__name__ == "write":
                real(arguments[0], bytes(arguments[1])[: len(arguments[1]) // 2])  # and no more of it
            self._act()
            return real(*arguments)

        return call


def run_until_killed(work: Callable[[], str], kill_at: int) -> tuple[str | None, int]:
    """Run ``work`` in a process that is killed at its act number ``kill_at``; 0: not at all.

    Returns what it told as done, None where it was killed first, and how many acts that took.
    """
    told, tells = os.pipe()
    child = os.fork()
    if child == 0:
        acts = Acts(kill_at)
        try:
            acts.watch()
            done = work()
            os.write(tells, f"{acts.count} {done}".encode())
        except BaseException as problem:  # noqa: BLE001 - whatever it is, the parent must hear of it
            os.write(2, repr(problem).encode())
            os._exit(1)
        os._exit(0)
    os.close(tells)
    with os.fdopen(told) as pipe:
        heard = pipe.read()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return None, kill_at
    assert os.WEXITSTATUS(status) == 0
    count, _, done = heard.partition(" ")
    return done, int(count)


def run_for(arguments: list[str], home: Path, seconds: float | None) -> bool:
    """Run a command of ``trainplat``, killed after so many seconds; whether it ended first, with success."""
    started = time.monotonic()
    running = subprocess.Popen(
        [sys.executable, "-m", "trainplat_cli.main", *arguments],
        env={**os.environ, "TRAINPLAT_HOME": str(home)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        _, told = running.communicate(
            timeout=None if seconds is None else max(0.0, started + seconds - time.monotonic())
        )
    except subprocess.TimeoutExpired:
        running.send_signal(signal.SIGKILL)
        _, told = running.communicate()
        return False
    assert running.returncode == 0, told
    return True


def points(draw: random.Random, acts: int, count: int) -> list[int]:
    """Different acts to be killed at, spread over all of them."""
    return sorted(draw.sample(range(1, acts + 1), min(count, acts)))
