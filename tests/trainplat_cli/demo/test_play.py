import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from resources.clock import utc_now
from resources.errors import Unavailable
from resources.home import Home
from resources.process import ProcessIdentity
from resources.registry.model import Decision
from resources.terms import VersionKey
from tests.trainplat_cli.demo.test_news import FIRST, SECOND
from trainplat_cli.demo import play as module
from trainplat_cli.demo.model import ASK_JOB, ROUND_JOB, RunState, RunView
from trainplat_cli.demo.play import NEEDED_FOR_ROUND_0, GaveUp, Play, versions_of
from trainplat_cli.supervisor.model import PartName, PartState, PartStatus, StackPhase, StackStatus
from trainplat_cli.supervisor.record import status_file, write_status

V0, V1 = VersionKey("v1.0"), VersionKey("v1.1")


class Loop:
    """What the demo talks to, played: the page of Dagster, the registry and the annotator."""

    def __init__(self) -> None:
        self.decided: list[Decision] = []
        self.rows: list[RunView] = []
        self.open: list[VersionKey] = []
        self.answered: list[VersionKey] = []
        self.launched: list[VersionKey] = []
        self.down = False

    def decisions(self, _dataset: str) -> list[Decision]:
        return self.decided

    def runs(self) -> tuple[RunView, ...]:
        if self.down:
            raise Unavailable("Dagster does not answer", "See trainplat status.")
        return tuple(self.rows)

    def add_version(self, version: VersionKey) -> None:
        assert version == V0

    def launch_round(self, version: VersionKey) -> str:
        self.launched.append(version)
        return "new"

    def failure(self, run_id: str) -> str:
        return f"why {run_id} failed"

    def run_address(self, run_id: str) -> str:
        return f"http://d/runs/{run_id}"

    def close(self) -> None:
        self.rows = []

    def waiting(self, versions: Sequence[VersionKey]) -> list[Any]:
        return [type("Question", (), {"version": version}) for version in self.open if version in versions]

    def answer(self, questions: Sequence[Any]) -> int:
        self.answered += [question.version for question in questions]
        self.open = [version for version in self.open if version not in self.answered]
        return len(questions)


class Shown:
    def __init__(self) -> None:
        self.lines: list[str] = []
        self.now = ""

    def say(self, line: str) -> None:
        self.lines.append(line)

    def doing(self, line: str) -> None:
        self.now = line

    def stack(self, status: StackStatus) -> None:
        assert status.parts


Made = tuple[Play, Loop, Shown, list[float]]


@pytest.fixture
def home(trainplat_home: Path) -> Home:
    home = Home(trainplat_home)
    write_stack(home, PartState.READY)
    return home


@pytest.fixture
def made(home: Home, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], Made]:
    def make(rounds: int) -> Made:
        loop, shown, now_s = Loop(), Shown(), [0.0]
        monkeypatch.setattr(module, "RegistryService", lambda *_arguments: loop)
        monkeypatch.setattr(module, "Annotator", lambda *_arguments: loop)
        monkeypatch.setattr(module, "DagsterPage", lambda _address: loop)
        return Play(home, rounds, shown, stall_timeout_s=100, monotonic=lambda: now_s[0]), loop, shown, now_s

    return make


def write_stack(home: Home, state: PartState) -> None:
    parts = tuple(PartStatus(name, state, utc_now(), home.logs / "x.log", "http://d") for name in PartName)
    write_status(home, StackStatus(ProcessIdentity.current(), "one", StackPhase.RUNNING, utc_now(), parts))


def a_run(run_id: str, job: str, version: VersionKey, state: RunState) -> RunView:
    over = state in (RunState.DONE, RunState.FAILED, RunState.CANCELED)
    return RunView(run_id, job, version, state, 100.0, 110.0 if over else None)


def test_the_versions_of_a_demo_are_the_first_and_one_for_each_round() -> None:
    assert versions_of(0) == (V0,)
    assert versions_of(2) == (V0, V1, VersionKey("v1.2"))


def test_nothing_is_launched_before_the_parts_that_round_0_needs_are_ready(
    home: Home, made: Callable[[int], Made]
) -> None:
    play, loop, _shown, _now = made(1)
    write_stack(home, PartState.STARTING)
    assert not play.step()
    assert loop.launched == []
    assert PartName.LABEL_STUDIO not in NEEDED_FOR_ROUND_0


def test_round_0_is_launched_once_and_the_rest_is_left_to_the_sensors(made: Callable[[int], Made]) -> None:
    play, loop, shown, _now = made(1)
    assert not play.step()
    assert loop.launched == [V0]
    loop.rows = [a_run("a", ROUND_JOB, V0, RunState.RUNNING)]
    assert not play.step()
    loop.rows = [a_run("a", ROUND_JOB, V0, RunState.DONE)]
    loop.decided = [FIRST]
    assert not play.step()
    loop.open = [V0, V0]
    assert not play.step()
    assert loop.answered == [V0, V0]
    loop.rows += [a_run("b", ROUND_JOB, V1, RunState.RUNNING)]
    loop.decided = [FIRST, SECOND]
    assert not play.step(), "the run of the last round goes on"
    loop.rows[-1] = a_run("b", ROUND_JOB, V1, RunState.DONE)
    assert play.step()
    assert loop.launched == [V0]
    assert shown.lines[-1] == "round v1.1: done after 10.0 s"
    assert "2 questions of v1.0 answered in Label Studio in 0.0 s" in shown.lines


def test_a_single_question_is_told_as_one(made: Callable[[int], Made]) -> None:
    play, loop, shown, _now = made(1)
    loop.decided, loop.open = [FIRST], [V0]
    play.step()
    assert shown.now == "answering 1 question in Label Studio"
    assert "1 question of v1.0 answered in Label Studio in 0.0 s" in shown.lines


def test_the_questions_after_the_last_round_are_left_to_people(made: Callable[[int], Made]) -> None:
    play, loop, _shown, _now = made(1)
    loop.decided = [FIRST]
    loop.open = [V1]
    assert not play.step()
    assert loop.answered == []


def test_a_cancelled_round_0_is_launched_again(made: Callable[[int], Made]) -> None:
    play, loop, _shown, _now = made(1)
    loop.rows = [a_run("a", ROUND_JOB, V0, RunState.CANCELED)]
    play.step()
    assert loop.launched == [V0]


def test_a_failed_run_shows_its_error_and_a_second_one_ends_the_demo(made: Callable[[int], Made]) -> None:
    play, loop, shown, _now = made(1)
    loop.decided = [FIRST]
    play.step()
    loop.rows = [a_run("a", ASK_JOB, V0, RunState.FAILED)]
    play.step()
    play.step()
    assert shown.lines.count("questions of v1.0 failed: why a failed") == 1
    assert shown.lines[-1] == "the sensors try it again by themselves"
    loop.rows += [a_run("b", ASK_JOB, V0, RunState.FAILED)]
    with pytest.raises(
        GaveUp, match=r"questions of v1\.0 failed 2 times; the last time: why b failed"
    ) as end:
        play.step()
    assert "http://d/runs/b" in end.value.next_step


def test_what_failed_before_the_demo_was_started_again_does_not_count(made: Callable[[int], Made]) -> None:
    play, loop, shown, _now = made(1)
    loop.decided = [FIRST]
    loop.rows = [a_run("a", ASK_JOB, V0, RunState.FAILED), a_run("b", ASK_JOB, V0, RunState.FAILED)]
    play.step()
    assert not any("failed" in line for line in shown.lines)
    loop.rows += [a_run("c", ASK_JOB, V0, RunState.FAILED)]
    play.step()
    assert "questions of v1.0 failed: why c failed" in shown.lines


def test_a_failure_that_was_followed_by_a_success_is_forgiven(made: Callable[[int], Made]) -> None:
    play, loop, _shown, _now = made(1)
    loop.decided = [FIRST]
    play.step()
    failed = [a_run(name, ASK_JOB, V0, RunState.FAILED) for name in "ab"]
    loop.rows = [*failed, a_run("c", ASK_JOB, V0, RunState.DONE)]
    assert not play.step()


def test_a_part_that_is_down_for_a_while_is_waited_for(made: Callable[[int], Made]) -> None:
    play, loop, shown, now_s = made(1)
    loop.down = True
    assert not play.step()
    assert shown.now == "Dagster does not answer"
    now_s[0] = 99.0
    assert not play.step()
    now_s[0] = 101.0
    with pytest.raises(GaveUp, match="nothing has happened for 1 min 40 s: Dagster does not answer"):
        play.step()


def test_a_loop_that_stands_still_is_said_to(made: Callable[[int], Made]) -> None:
    play, loop, _shown, now_s = made(1)
    loop.decided = [FIRST]
    play.step()
    now_s[0] = 101.0
    with pytest.raises(GaveUp, match="the sensors look for what to do next") as end:
        play.step()
    assert "trainplat doctor" in end.value.next_step


def test_a_stack_that_was_stopped_ends_the_demo(home: Home, made: Callable[[int], Made]) -> None:
    play, _loop, _shown, _now = made(1)
    status_file(home).unlink()
    with pytest.raises(GaveUp, match="was stopped"):
        play.step()


def test_a_finished_home_is_over_and_a_larger_demo_is_not(made: Callable[[int], Made]) -> None:
    play, loop, _shown, _now = made(1)
    loop.decided = [FIRST, SECOND, replace(SECOND, version=VersionKey("v1.2"))]
    assert play.is_over()
    assert [decision.version for decision in play.decisions()] == [V0, V1]
    assert not made(3)[0].is_over()


def test_a_demo_runs_until_it_is_over_or_told_to_stop(
    made: Callable[[int], Made], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOOK_PAUSE_S", 0.0)
    play, loop, _shown, _now = made(0)
    loop.decided = [FIRST]
    assert play.run(threading.Event())
    stop = threading.Event()
    stop.set()
    assert not made(1)[0].run(stop)
