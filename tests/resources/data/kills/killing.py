"""Processes that end by SIGKILL: before their n-th act on the disk, amid a write, or by the clock."""

import builtins
import faulthandler
import io
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tests.children import leave

ACTS = frozenset(
    {"os.rename", "os.link", "os.mkdir", "os.remove", "os.rmdir", "os.chmod", "os.chown", "sqlite3.connect"}
)
"""Audit events of Python that change the disk; opening to write and the functions below count, too."""
REQUEST = "request"
"""How audit events begin that a kind raises for what it asks of a server."""
WRAPPED = ("write", "fsync", "sendfile")
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT
RESOURCES = str(Path(__file__).parents[4] / "resources")
HUNG_AFTER_S = 100
"""A child that is not over by then tells where it stands, and fails the test."""


class Acts:
    """Counts what a process does to the disk, and does ``at`` before one of these acts."""

    def __init__(self, at: int, then: Callable[[], None]) -> None:
        self.at, self.then = at, then
        self.sites: list[str] = []
        """For each act what it is, and where it stands in our code."""
        self._lock = threading.Lock()

    def watch(self) -> None:
        """From now on, in this process, which has to end by itself: nothing takes this back."""
        sys.addaudithook(self._see)
        for name in WRAPPED:
            setattr(os, name, self._wrapped(getattr(os, name)))
        # Between opening and writing a file is empty: audit events come before both.
        io.open = builtins.open = self._opening(io.open)

    def _see(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event in ACTS or event.startswith(REQUEST) or (event == "open" and (arguments[2] or 0) & WRITES):
            self._act(event)

    def _act(self, what: str) -> None:
        with self._lock:
            self.sites.append(f"{what} {_site()}")
            if len(self.sites) != self.at:
                return
        self.then()

    def _wrapped(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            with self._lock:
                is_last = len(self.sites) + 1 == self.at
            if is_last and self.then is kill and real.__name__ == "write":
                real(arguments[0], bytes(arguments[1])[: len(arguments[1]) // 2])  # and no more of it
            self._act(real.__name__)
            return real(*arguments)

        return call

    def _opening(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(file: Any, mode: str = "r", *arguments: Any, **settings: Any) -> Any:
            opened = real(file, mode, *arguments, **settings)
            if set(mode) & set("wax+"):
                self._act("opened")
            return opened

        return call


def kill() -> None:
    """End this process as ``kill -9`` does."""
    os.kill(os.getpid(), signal.SIGKILL)


def acts_of(work: Callable[[], str]) -> tuple[str, list[str]]:
    """Run ``work`` in a process of its own: what it told as done, and each of its acts."""
    done, sites = _run(work, 0)
    assert done is not None
    return done, sites


def run_until_killed(work: Callable[[], str], kill_at: int) -> str | None:
    """Run ``work`` in a process that is killed at its act number ``kill_at``.

    Returns what it told as done, None where it was killed first.
    """
    return _run(work, kill_at)[0]


def _run(work: Callable[[], str], kill_at: int) -> tuple[str | None, list[str]]:
    told, tells = os.pipe()
    child = os.fork()
    if child == 0:
        faulthandler.dump_traceback_later(HUNG_AFTER_S, exit=True)
        acts = Acts(kill_at, kill)
        try:
            acts.watch()
            done = work()
            acts.at = 0
            with io.FileIO(tells, "w") as pipe:
                pipe.write(json.dumps([done, acts.sites]).encode())
        except BaseException as problem:  # noqa: BLE001 - whatever it is, the parent must hear of it
            sys.stderr.write(repr(problem))
            leave(1)
        leave(0)
    os.close(tells)
    with os.fdopen(told) as pipe:
        heard = pipe.read()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return None, []
    assert os.WEXITSTATUS(status) == 0
    done, sites = json.loads(heard)
    return done, sites


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


def points(draw: random.Random, sites: Sequence[str], count: int, at: str = "") -> list[int]:
    """Different acts to be killed at, counted from 1: of each place in our code one, then any.

    Only those that begin with ``at``, of which there must be some.
    """
    numbers = [number for number, site in enumerate(sites) if site.startswith(at)]
    assert numbers, f"none of {len(sites)} acts begins with {at!r}: nothing would be killed"
    draw.shuffle(numbers)
    first_of_its_place = {sites[number]: number for number in reversed(numbers)}
    chosen = [number for number in numbers if first_of_its_place[sites[number]] == number]
    chosen += [number for number in numbers if first_of_its_place[sites[number]] != number]
    return sorted(number + 1 for number in chosen[:count])


def _site() -> str:
    frame: Any = sys._getframe(2)
    while frame is not None:
        code = frame.f_code
        if code.co_filename.startswith((RESOURCES, "<")) and not code.co_filename.startswith("<frozen"):
            return f"{code.co_filename.removeprefix(RESOURCES)}:{frame.f_lineno}"
        frame = frame.f_back
    return "elsewhere"
