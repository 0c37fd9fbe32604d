"""Stopping what this process launched. Stopping a whole stack from outside is in ``test_supervisor.py``."""

import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from resources.clock import utc_now
from resources.home import Home
from resources.process import ProcessIdentity
from trainplat_cli.supervisor.model import StackPhase, StackStatus
from trainplat_cli.supervisor.record import only_supervisor, write_status
from trainplat_cli.supervisor.stopping import stop_launched

TWO_SIGNALS = """
import signal, sys, threading
waits = threading.Semaphore(0)
signal.signal(signal.SIGTERM, lambda *_: waits.release())
print("ready", flush=True)
for _ in range(int(sys.argv[1])):
    waits.acquire()
"""

Launch = Callable[[int], "subprocess.Popen[bytes]"]


@pytest.fixture
def home(trainplat_home: Path) -> Home:
    return Home(trainplat_home)


@pytest.fixture
def launch() -> Iterator[Launch]:
    """Launches what ends, as a supervisor does, after so many SIGTERM."""
    launched: list[subprocess.Popen[bytes]] = []

    def launch(signals: int) -> "subprocess.Popen[bytes]":
        code = [sys.executable, "-c", TWO_SIGNALS, str(signals)]
        launched.append(subprocess.Popen(code, stdout=subprocess.PIPE))
        assert launched[-1].stdout is not None
        assert launched[-1].stdout.readline() == b"ready\n"
        return launched[-1]

    yield launch
    for process in launched:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def test_what_was_launched_is_asked_to_end_and_shows_how_it_does(home: Home, launch: Launch) -> None:
    supervisor = launch(1)
    identity = ProcessIdentity.of(supervisor.pid)
    assert identity is not None
    write_status(home, StackStatus(identity, "one", StackPhase.STOPPING, utc_now(), ()))
    seen: list[StackStatus] = []
    stop_launched(home, supervisor, seen.append, threading.Event())
    assert supervisor.returncode == 0
    assert {status.supervisor for status in seen} <= {identity}


def test_hurry_asks_a_second_time(home: Home, launch: Launch) -> None:
    supervisor, hurry = launch(2), threading.Event()
    hurry.set()
    stop_launched(home, supervisor, lambda _status: None, hurry)
    assert supervisor.returncode == 0


def test_what_does_not_end_in_time_is_killed(home: Home, launch: Launch) -> None:
    supervisor = launch(100)
    stop_launched(home, supervisor, lambda _status: None, threading.Event(), timeout_s=0.2)
    assert supervisor.returncode == -signal.SIGKILL


def test_the_stack_of_another_supervisor_is_neither_stopped_nor_shown(home: Home, launch: Launch) -> None:
    with only_supervisor(home):
        mine = ProcessIdentity.current()
        write_status(home, StackStatus(mine, "one", StackPhase.RUNNING, utc_now(), ()))
        supervisor, seen = launch(100), []  # type: ignore[var-annotated]
        stop_launched(home, supervisor, seen.append, threading.Event(), timeout_s=0.2)
        assert supervisor.returncode == -signal.SIGKILL
        assert seen == []
        assert home.run.exists()


def test_what_was_launched_is_waited_for_when_nobody_watches_any_more(home: Home, launch: Launch) -> None:
    supervisor = launch(1)
    identity = ProcessIdentity.of(supervisor.pid)
    assert identity is not None
    write_status(home, StackStatus(identity, "one", StackPhase.STOPPING, utc_now(), ()))

    def broken_pipe(_status: StackStatus) -> None:
        raise SystemExit(1)

    stop_launched(home, supervisor, broken_pipe, threading.Event())
    assert supervisor.returncode == 0
