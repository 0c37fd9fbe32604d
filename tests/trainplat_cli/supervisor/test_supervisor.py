import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import psutil
import pytest

from resources.errors import Conflict
from resources.home import Addresses, Home
from resources.process import ProcessIdentity
from tests.servers.dagster_instances import copy_instance
from trainplat_cli.supervisor.marked import end_marked, marked_processes
from trainplat_cli.supervisor.model import PartName, PartState, StackPhase, StackStatus
from trainplat_cli.supervisor.record import only_supervisor, read_running, read_status, status_file
from trainplat_cli.supervisor.stopping import stop_stack
from trainplat_cli.supervisor.supervisor import Supervisor

_Found = TypeVar("_Found")

TIMEOUT_S = 60
PROCESSES = 5
"""Two parts with a child each, and the warden."""


class SmallStack:
    def __init__(self, home: Home, dagster_template: Path) -> None:
        self.home = home
        self.dagster_template = dagster_template
        self.supervisor: subprocess.Popen[bytes] | None = None

    def start(self, *settings: str, watched_at: int | None = None) -> StackStatus:
        if not self.home.dagster.exists():
            copy_instance(self.dagster_template, self.home.dagster)
        self.supervisor = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "tests.trainplat_cli.supervisor.small_stack",
                str(self.home.path),
                *settings,
            ],
            stderr=watched_at,
            start_new_session=True,
        )
        return self.wait_until(self.all_ready)

    def all_ready(self) -> StackStatus | None:
        status = read_running(self.home)
        ready = status is not None and status.phase is StackPhase.RUNNING
        ready = ready and all(part.state is PartState.READY for part in status.parts)  # type: ignore[union-attr]
        return status if ready and len(marked_processes(self.home.path)) == PROCESSES else None

    def kill(self) -> None:
        assert self.supervisor is not None
        self.supervisor.kill()
        self.supervisor.wait()

    def warden(self) -> ProcessIdentity:
        found = [
            process
            for process in marked_processes(self.home.path)
            if "trainplat_cli.supervisor.warden" in psutil.Process(process.pid).cmdline()
        ]
        assert len(found) == 1
        return found[0]

    def wait_until(self, look: Callable[[], _Found | None]) -> _Found:
        deadline = time.monotonic() + TIMEOUT_S
        while time.monotonic() < deadline:
            found = look()
            if found:
                return found
            time.sleep(0.05)
        left = [psutil.Process(process.pid).cmdline() for process in marked_processes(self.home.path)]
        raise AssertionError(f"waited for too long; status: {read_status(self.home)}; processes: {left}")


@pytest.fixture
def stack(trainplat_home: Path, dagster_template: Path) -> Iterator[SmallStack]:
    made = SmallStack(Home(trainplat_home), dagster_template)
    yield made
    if made.supervisor is not None and made.supervisor.poll() is None:
        made.kill()
    end_marked(trainplat_home, grace_s=0)


def test_a_stack_starts_says_where_it_is_and_leaves_nothing(stack: SmallStack) -> None:
    status = stack.start()
    for made in (stack.home.path, stack.home.run, stack.home.addresses_file, status.parts[0].log):
        assert made.stat().st_mode & 0o077 == 0, made
    assert stack.home.addresses() == Addresses(
        mlflow=status.part(PartName.MLFLOW).address, streamlit=status.part(PartName.STREAMLIT).address
    )
    assert stack.supervisor is not None
    stack.supervisor.send_signal(signal.SIGINT)
    assert stack.supervisor.wait(TIMEOUT_S) == 0
    assert marked_processes(stack.home.path) == []
    assert stack.home.addresses() == Addresses()
    assert read_status(stack.home) is None


def test_a_supervisor_that_was_started_deaf_to_interrupts_still_stops(stack: SmallStack) -> None:
    stack.start("deaf")
    assert stack.supervisor is not None
    stack.supervisor.send_signal(signal.SIGINT)
    assert stack.supervisor.wait(TIMEOUT_S) == 0
    assert marked_processes(stack.home.path) == []


@pytest.mark.parametrize("watched", [os.pipe, os.openpty], ids=["a pipe", "a terminal"])
def test_a_stack_that_nobody_watches_any_more_still_stops_in_order(
    stack: SmallStack, watched: Callable[[], tuple[int, int]]
) -> None:
    reader, writer = watched()
    stack.start("watched", watched_at=writer)
    os.close(writer)
    os.close(reader)
    assert stack.supervisor is not None
    stack.supervisor.send_signal(signal.SIGINT)
    assert stack.supervisor.wait(TIMEOUT_S) == 0
    assert (stack.home.run / "put-back").exists()
    assert marked_processes(stack.home.path) == []


def test_a_status_that_could_not_be_written_is_written_later(trainplat_home: Path) -> None:
    home = Home(trainplat_home)
    told: list[StackStatus] = []
    supervisor = Supervisor(home, "one", report=told.append)
    status_file(home).mkdir(parents=True)  # the disk refuses
    supervisor._publish(StackPhase.RUNNING)
    supervisor._publish(StackPhase.RUNNING)
    status_file(home).rmdir()
    supervisor._publish(StackPhase.RUNNING)
    status = read_status(home)
    assert status is not None
    assert status.phase is StackPhase.RUNNING
    assert told == [status]


def test_a_second_signal_does_not_wait_for_what_will_not_end(stack: SmallStack) -> None:
    stack.start("stubborn")
    assert stack.supervisor is not None
    stack.supervisor.terminate()
    stack.wait_until(lambda: read_status(stack.home).phase is StackPhase.STOPPING)  # type: ignore[union-attr]
    stack.supervisor.terminate()
    assert stack.supervisor.wait(15) == 0
    assert marked_processes(stack.home.path) == []


def test_a_part_that_is_killed_comes_back_at_its_address(stack: SmallStack) -> None:
    before = stack.start().part(PartName.MLFLOW)
    assert before.process is not None
    os.kill(before.process.pid, signal.SIGKILL)

    def back() -> bool:
        now = stack.all_ready()
        return now is not None and now.part(PartName.MLFLOW).restarts == 1

    stack.wait_until(lambda: back() or None)
    status = read_running(stack.home)
    assert status is not None
    assert status.part(PartName.MLFLOW).address == before.address


def test_the_warden_ends_what_a_killed_supervisor_left(stack: SmallStack) -> None:
    stack.start()
    stack.kill()
    stack.wait_until(lambda: not marked_processes(stack.home.path) or None)
    assert read_running(stack.home) is None


def test_a_warden_that_is_killed_is_replaced(stack: SmallStack) -> None:
    stack.start()
    first = stack.warden()
    os.kill(first.pid, signal.SIGKILL)
    stack.wait_until(lambda: not first.is_alive() and stack.all_ready())
    assert stack.warden() != first


def test_the_next_start_ends_what_is_left_when_all_guards_were_killed(stack: SmallStack) -> None:
    stack.start()
    left = marked_processes(stack.home.path)
    os.kill(stack.supervisor.pid, signal.SIGSTOP)  # type: ignore[union-attr]
    os.kill(stack.warden().pid, signal.SIGKILL)
    stack.kill()
    assert len(marked_processes(stack.home.path)) == PROCESSES - 1
    stack.start()
    assert not any(process.is_alive() for process in left)


def test_down_ends_what_is_left_when_all_guards_were_killed(stack: SmallStack) -> None:
    stack.start()
    os.kill(stack.supervisor.pid, signal.SIGSTOP)  # type: ignore[union-attr]
    os.kill(stack.warden().pid, signal.SIGKILL)
    stack.kill()
    assert stop_stack(stack.home, lambda _status: None)
    assert marked_processes(stack.home.path) == []
    assert stack.home.addresses() == Addresses()
    assert not stop_stack(stack.home, lambda _status: None)


def test_down_stops_a_stack_that_another_terminal_started(stack: SmallStack) -> None:
    stack.start()
    seen: list[StackPhase] = []
    assert stop_stack(stack.home, lambda status: seen.append(status.phase))
    assert stack.supervisor is not None
    assert stack.supervisor.wait(TIMEOUT_S) == 0
    assert StackPhase.STOPPING in seen
    assert marked_processes(stack.home.path) == []


def test_down_kills_a_supervisor_that_does_not_stop(stack: SmallStack) -> None:
    stack.start()
    os.kill(stack.supervisor.pid, signal.SIGSTOP)  # type: ignore[union-attr]
    assert stop_stack(stack.home, lambda _status: None, timeout_s=0.2)
    assert stack.supervisor is not None
    assert stack.supervisor.wait(TIMEOUT_S) == -signal.SIGKILL
    assert marked_processes(stack.home.path) == []


def test_down_without_a_home_makes_none(stack: SmallStack) -> None:
    assert not stop_stack(stack.home, lambda _status: None)
    assert not stack.home.path.exists()


def test_a_second_supervisor_of_one_home_is_refused(stack: SmallStack) -> None:
    stack.start()
    with pytest.raises(Conflict, match="runs already"), only_supervisor(stack.home):
        pass


def test_a_process_that_hid_its_mark_is_ended_all_the_same(stack: SmallStack) -> None:
    from dataclasses import replace

    from trainplat_cli.supervisor.record import write_status
    from trainplat_cli.supervisor.run import clear_up

    hidden = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
    status = stack.start()
    stack.kill()
    stack.wait_until(lambda: not marked_processes(stack.home.path) or None)
    part = replace(status.parts[0], process=ProcessIdentity.of(hidden.pid))
    write_status(stack.home, replace(status, parts=(part,)))
    assert clear_up(stack.home) == 1
    assert hidden.wait(10) == -signal.SIGTERM
