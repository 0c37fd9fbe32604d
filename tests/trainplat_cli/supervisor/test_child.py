import os
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

import psutil
import pytest

from resources.process import group_members
from trainplat_cli.supervisor.child import Child, Patience
from trainplat_cli.supervisor.model import Answer, Part, PartName, PartState, PartStatus, ProbeResult

SLEEP = "import time; time.sleep(600)"
WITH_CHILD = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {SLEEP!r}])"
PATIENCE = Patience(
    asked_when_starting_s=1,
    asked_when_ready_s=10,
    asked_when_ill_s=2,
    start_s=100,
    refused_s=10,
    silent_s=50,
)
OK = ProbeResult(Answer.OK)
REFUSED = ProbeResult(Answer.REFUSED, "nobody listens")
SILENT = ProbeResult(Answer.SILENT, "busy")


class AtOnce(Executor):
    """Answers before it returns."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


class Stage:
    """A child with a clock that the test moves and a probe whose answer the test chooses."""

    def __init__(self, tmp_path: Path) -> None:
        self.tmp_path = tmp_path
        self.now_s = 1000.0
        self.answer = OK
        self.children: list[Child] = []

    def child(self, code: str = SLEEP, **settings: Any) -> Child:
        part = Part(
            PartName.MLFLOW,
            settings.pop("command", (sys.executable, "-c", code)),
            dict(os.environ),
            self.tmp_path,
            lambda: self.answer,
            **settings,
        )
        child = Child(
            part, self.tmp_path / "part.log", AtOnce(), patience=PATIENCE, monotonic=lambda: self.now_s
        )
        self.children.append(child)
        return child

    def after(self, seconds: float, child: Child) -> PartStatus:
        """The status after some time. A tick hears what was asked before, the next asks, and one hears it."""
        self.now_s += seconds
        for _tick in range(3):
            child.tick(lambda _name: True)
        return child.status

    def ready(self, code: str = SLEEP, **settings: Any) -> Child:
        child = self.child(code, **settings)
        self.after(0, child)
        assert self.after(2, child).state is PartState.READY
        return child


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    made = Stage(tmp_path)
    yield made
    for child in made.children:
        child.kill()


def pid_of(child: Child) -> int:
    assert child.status.process is not None
    return child.status.process.pid


def wait_for_end(pid: int) -> None:
    """Without waiting for it, which would take its exit code away from the child."""
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.02)


def test_a_part_is_starting_until_it_answers(stage: Stage) -> None:
    stage.answer = REFUSED
    child = stage.child()
    assert child.status.state is PartState.WAITING
    assert stage.after(0, child).state is PartState.STARTING
    assert stage.after(2, child).state is PartState.STARTING
    assert not child.was_ready
    stage.answer = OK
    assert stage.after(2, child).state is PartState.READY
    assert child.was_ready


def test_a_part_waits_for_the_one_that_it_needs(stage: Stage) -> None:
    child = stage.child(after=PartName.CODE_SERVER)
    child.tick(lambda _name: False)
    assert child.status.process is None
    child.tick(lambda name: name is PartName.CODE_SERVER)
    assert child.status.process is not None


def test_a_part_that_dies_is_started_again_after_a_pause(stage: Stage) -> None:
    child = stage.ready()
    first = pid_of(child)
    os.kill(first, 9)
    wait_for_end(first)
    status = stage.after(0, child)
    assert (status.state, status.restarts, str(status.detail)) == (
        PartState.RESTARTING,
        1,
        "killed by SIGKILL",
    )
    assert stage.after(0.4, child).state is PartState.RESTARTING
    stage.after(0.2, child)
    assert pid_of(child) != first
    assert stage.after(2, child).state is PartState.READY


def test_the_pauses_of_a_part_that_keeps_dying_grow(stage: Stage) -> None:
    child = stage.child("raise SystemExit(3)")
    pauses = []
    for _death in range(4):
        child.tick(lambda _name: True)
        wait_for_end(pid_of(child))
        assert stage.after(0, child).state is PartState.RESTARTING
        assert str(child.status.detail) == "ended with exit code 3"
        begun_s = stage.now_s
        while child.status.state is PartState.RESTARTING:
            stage.now_s += 0.25
            child.tick(lambda _name: True)
        pauses.append(stage.now_s - begun_s)
        wait_for_end(pid_of(child))
        stage.after(0, child)
        stage.now_s += 1000
    assert pauses == sorted(pauses)
    assert pauses[0] < pauses[-1]


def test_what_a_dead_part_left_in_its_group_is_ended(stage: Stage) -> None:
    child = stage.ready(WITH_CHILD)
    leader = pid_of(child)
    deadline = time.monotonic() + 20
    while len(group_members(leader)) < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    os.kill(leader, 9)
    wait_for_end(leader)
    stage.after(0, child)
    assert group_members(leader) == []


def test_a_program_that_is_missing_is_tried_again(stage: Stage) -> None:
    child = stage.child(command=(str(stage.tmp_path / "nothing"),))
    status = stage.after(0, child)
    assert status.state is PartState.RESTARTING
    assert "it cannot be started" in str(status.detail)


def test_a_part_that_stops_answering_is_said_to_and_may_recover(stage: Stage) -> None:
    child = stage.ready()
    stage.answer = SILENT
    assert stage.after(5, child).state is PartState.READY, "it is not asked all the time"
    status = stage.after(10, child)
    assert (status.state, str(status.detail)) == (PartState.NOT_ANSWERING, "busy")
    stage.answer = OK
    assert stage.after(5, child).state is PartState.READY
    assert child.status.restarts == 0


def test_a_part_that_refuses_for_long_is_started_again(stage: Stage) -> None:
    child = stage.ready()
    first = child.status.process
    assert first is not None
    stage.answer = REFUSED
    assert stage.after(11, child).state is PartState.NOT_ANSWERING
    assert stage.after(5, child).state is PartState.NOT_ANSWERING
    status = stage.after(6, child)
    assert status.state is PartState.RESTARTING
    assert "nobody listens" in str(status.detail)
    assert not first.is_alive()


def test_a_busy_part_gets_more_time_than_one_that_refuses(stage: Stage) -> None:
    child = stage.ready()
    stage.answer = SILENT
    stage.after(11, child)
    for _look in range(6):
        assert stage.after(6, child).state is PartState.NOT_ANSWERING
    assert stage.after(20, child).state is PartState.RESTARTING


def test_silence_in_between_forgives_a_refusal(stage: Stage) -> None:
    child = stage.ready()
    stage.answer = REFUSED
    stage.after(11, child)
    stage.answer = SILENT
    stage.after(5, child)
    stage.answer = REFUSED
    assert stage.after(8, child).state is PartState.NOT_ANSWERING
    assert stage.after(8, child).state is PartState.NOT_ANSWERING
    assert stage.after(8, child).state is PartState.RESTARTING


def test_a_part_that_is_never_ready_is_started_again(stage: Stage) -> None:
    stage.answer = REFUSED
    child = stage.child()
    stage.after(0, child)
    status = stage.after(101, child)
    assert (status.state, str(status.detail)) == (PartState.RESTARTING, "not ready after 100 s")


def test_a_part_that_is_not_asked_when_ready_stays_ready(stage: Stage) -> None:
    child = stage.ready(probed_when_ready=False)
    stage.answer = REFUSED
    assert stage.after(1000, child).state is PartState.READY


def test_an_answer_from_another_program_on_its_port_does_not_count(stage: Stage) -> None:
    child = stage.child(port=1)
    stage.after(0, child)
    status = stage.after(2, child)
    assert status.state is PartState.STARTING
    assert str(status.detail) == "port 1 is taken by another program"


def test_a_part_that_is_asked_to_end_ends_with_all_it_started(stage: Stage) -> None:
    child = stage.ready(WITH_CHILD)
    leader = pid_of(child)
    child.ask_to_end()
    deadline = time.monotonic() + 20
    while not child.has_ended() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert child.status.state is PartState.STOPPED
    assert group_members(leader) == []
    assert stage.after(100, child).state is PartState.STOPPED, "it is not started again"


def test_a_part_that_was_never_started_ends_at_once(stage: Stage) -> None:
    child = stage.child()
    child.ask_to_end()
    assert child.has_ended()
    assert child.status.state is PartState.STOPPED


def test_the_log_says_when_the_part_was_started_and_what_it_said(stage: Stage) -> None:
    child = stage.child("print('hello')")
    stage.after(0, child)
    deadline = time.monotonic() + 20
    while "hello" not in child.status.log.read_text() and time.monotonic() < deadline:
        time.sleep(0.02)
    header, said = child.status.log.read_text().splitlines()
    assert header.startswith("--- trainplat started this part at ")
    assert said == "hello"
