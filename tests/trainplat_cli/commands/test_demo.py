import io
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner
from rich.console import Console
from rich.spinner import Spinner

from resources.clock import utc_now
from resources.home import Home
from resources.process import ProcessIdentity
from tests.trainplat_cli.demo.test_news import FIRST
from trainplat_cli.commands import demo as module
from trainplat_cli.commands import up
from trainplat_cli.commands.demo import ConsoleStage
from trainplat_cli.commands.up import supervisor_log
from trainplat_cli.demo.play import GaveUp
from trainplat_cli.main import main
from trainplat_cli.supervisor.model import PartName, PartState, PartStatus, StackPhase, StackStatus
from trainplat_cli.supervisor.prepare import mark_home, marker_file
from trainplat_cli.supervisor.record import only_supervisor, supervisor_of, write_status

real_stack = module.stack
STARTING_STACK = """
import sys, time
from pathlib import Path
from resources.home import Home
from trainplat_cli.supervisor.record import only_supervisor

with only_supervisor(Home(Path(sys.argv[1]))):
    print("locked", flush=True)
    time.sleep(600)
"""


class Played:
    """A play that takes no time."""

    over = False
    error: GaveUp | None = None
    runs = 0
    interrupted_by: signal.Signals | None = None

    def __init__(self, *_arguments: object) -> None:
        return

    def is_over(self) -> bool:
        return Played.over

    def decisions(self) -> list[Any]:
        return [FIRST]

    def run(self, _stop: threading.Event) -> bool:
        Played.runs += 1
        if Played.error is not None:
            raise Played.error
        if Played.interrupted_by is not None:
            os.kill(os.getpid(), Played.interrupted_by)
        return Played.interrupted_by is None


class KnowingStage(ConsoleStage):
    """A stage that remembers what it was told of a stack that ran already."""

    def __init__(self) -> None:
        super().__init__(Console(file=io.StringIO()))
        self.known: StackStatus | None = None

    def take_as_known(self, status: StackStatus | None) -> None:
        self.known = status


@pytest.fixture(autouse=True)
def played(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    started: list[str] = []

    @contextmanager
    def stack(*_arguments: object) -> Iterator[None]:
        started.append("up")
        yield
        started.append("down")

    monkeypatch.setattr(module, "Play", Played)
    monkeypatch.setattr(module, "stack", stack)
    Played.over, Played.error, Played.runs, Played.interrupted_by = False, None, 0, None
    return started


@pytest.fixture
def starting_stack(trainplat_home: Path) -> Iterator[ProcessIdentity]:
    """Another process that is the supervisor of the home, and has not written any status yet."""
    process = subprocess.Popen(
        [sys.executable, "-c", STARTING_STACK, str(trainplat_home)], stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"locked\n"
    supervisor = supervisor_of(Home(trainplat_home))
    assert supervisor is not None
    yield supervisor
    process.kill()
    process.wait()
    process.stdout.close()


@pytest.fixture
def label_studio(monkeypatch: pytest.MonkeyPatch) -> None:
    """A supervisor gets past the question whether Label Studio is installed."""
    monkeypatch.setenv("TRAINPLAT_LABEL_STUDIO_BIN", sys.executable)


def test_a_finished_home_shows_its_table_and_trains_nothing(played: list[str]) -> None:
    Played.over = True
    result = CliRunner().invoke(main, ["demo", "--once"])
    assert result.exit_code == 0
    assert "v1.0" in result.stdout
    assert "nothing is trained" in result.stderr
    assert (played, Played.runs) == ([], 0)


def test_once_stops_the_stack_after_the_last_round(played: list[str]) -> None:
    result = CliRunner().invoke(main, ["demo", "--once"])
    assert result.exit_code == 0
    assert "model 1 (v1.0)" in result.stdout
    assert (played, Played.runs) == (["up", "down"], 1)


def test_without_once_the_addresses_are_shown_until_the_stack_is_stopped(
    played: list[str], trainplat_home: Path
) -> None:
    result = CliRunner().invoke(main, ["demo"])
    assert result.exit_code == 0
    assert f"the password is in {trainplat_home / 'secrets.json'}" in result.stderr
    assert "stays up until Ctrl-C" in result.stderr


def test_a_demo_that_gave_up_says_why_and_stops_the_stack() -> None:
    Played.error = GaveUp("round v1.0 failed 2 times", "Mend it, then run the demo again.")
    result = CliRunner().invoke(main, ["demo", "--once"])
    assert result.exit_code == 1
    assert result.stderr.endswith(
        "Error: round v1.0 failed 2 times\nNext: Mend it, then run the demo again.\n"
    )


def test_fresh_removes_the_state_first(trainplat_home: Path) -> None:
    home = Home(trainplat_home)
    mark_home(home)
    (home.path / "trainplat.db").write_text("old")
    result = CliRunner().invoke(main, ["demo", "--once", "--fresh"])
    assert result.exit_code == 0
    assert f"The old state of {trainplat_home} is removed." in result.stderr
    assert marker_file(home).exists()
    assert not (home.path / "trainplat.db").exists()


def test_fresh_is_refused_while_the_stack_runs(trainplat_home: Path) -> None:
    home = Home(trainplat_home)
    mark_home(home)
    with only_supervisor(home):
        result = CliRunner().invoke(main, ["demo", "--fresh"])
    assert result.exit_code == 5
    assert "trainplat down" in result.stderr


def test_the_moving_line_says_what_goes_on(tmp_path: Path) -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=100, highlight=False)
    stage = ConsoleStage(console)
    part = PartStatus(PartName.MLFLOW, PartState.STARTING, utc_now(), tmp_path / "x.log")
    with stage.live():
        stage.stack(StackStatus(ProcessIdentity.current(), "one", StackPhase.STARTING, utc_now(), (part,)))
        line = stage.__rich__()
        assert isinstance(line, Spinner)
        assert "Waiting for: mlflow" in str(line.text)
        stage.doing("round v1.0: digits__model (3.0 s)")
        line = stage.__rich__()
        assert isinstance(line, Spinner)
        assert str(line.text) == "round v1.0: digits__model (3.0 s)"
        stage.say("[v1.0] done")
    assert isinstance(console.file, io.StringIO)
    assert "[v1.0] done" in console.file.getvalue()


def test_a_finished_home_waits_for_its_stack(trainplat_home: Path) -> None:
    home = Home(trainplat_home)
    stage = ConsoleStage(Console(file=io.StringIO()))
    stop = threading.Event()
    write_status(home, StackStatus(ProcessIdentity.current(), "one", StackPhase.RUNNING, utc_now(), ()))
    assert module._come_up(home, stage, stop)
    write_status(home, StackStatus(ProcessIdentity(1, 1.0), "one", StackPhase.RUNNING, utc_now(), ()))
    with pytest.raises(GaveUp, match="was stopped"):
        module._come_up(home, stage, stop)
    stop.set()
    assert not module._come_up(home, stage, stop)


@pytest.mark.parametrize(("caught", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_demo_that_is_interrupted_before_it_is_over_ends_as_the_signal_says(
    caught: signal.Signals, code: int, played: list[str]
) -> None:
    Played.interrupted_by = caught
    result = CliRunner().invoke(main, ["demo"])
    assert result.exit_code == code
    assert "interrupted" in result.stderr
    assert result.stdout == ""
    assert played == ["up", "down"]


def test_an_interrupt_while_a_played_demo_stays_up_is_no_failure(
    trainplat_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "show_addresses", lambda *_: os.kill(os.getpid(), signal.SIGINT))
    with only_supervisor(Home(trainplat_home)):
        result = CliRunner().invoke(main, ["demo"])
    assert result.exit_code == 0
    assert "model 1 (v1.0)" in result.stdout


@pytest.mark.usefixtures("label_studio")
@pytest.mark.timeout(60)
def test_a_demo_that_is_stopped_before_its_supervisor_has_begun_leaves_none(
    trainplat_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    launched: list[subprocess.Popen[bytes]] = []
    launch = up.launch
    monkeypatch.setattr(module, "launch", noting(launched, launch))
    stop = threading.Event()
    stop.set()
    with real_stack(Home(trainplat_home), ConsoleStage(Console(file=io.StringIO())), stop, threading.Event()):
        pass
    assert launched[0].returncode is not None
    assert supervisor_of(Home(trainplat_home)) is None


@pytest.mark.usefixtures("label_studio")
@pytest.mark.timeout(60)
def test_a_demo_that_comes_a_moment_too_late_does_not_stop_the_stack_of_the_first(
    trainplat_home: Path, starting_stack: ProcessIdentity, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Home(trainplat_home)
    supervisor_log(home).parent.mkdir()
    supervisor_log(home).write_text("what the first one said\n")
    monkeypatch.setattr(module, "supervisor_of", lambda _home: None)  # when it looked, nothing ran
    stage = ConsoleStage(Console(file=io.StringIO()))
    with (
        pytest.raises(click.exceptions.Exit) as refused,
        real_stack(home, stage, threading.Event(), threading.Event()),
    ):
        pass
    assert refused.value.exit_code == 5
    assert starting_stack.is_alive()
    log = supervisor_log(home).read_text()
    assert log.startswith("what the first one said\n")
    assert "runs already" in log


def test_a_demo_beside_a_stack_that_starts_waits_for_its_first_status(
    trainplat_home: Path, starting_stack: ProcessIdentity
) -> None:
    home, stage = Home(trainplat_home), KnowingStage()
    status = StackStatus(starting_stack, "one", StackPhase.STARTING, utc_now(), ())
    soon = threading.Timer(0.5, write_status, (home, status))
    soon.start()
    with real_stack(home, stage, threading.Event(), threading.Event()):
        assert stage.known == status
    soon.join()
    assert starting_stack.is_alive(), "it is left running"


def test_a_stack_that_ends_before_its_first_status_is_told_as_stopped(
    trainplat_home: Path, starting_stack: ProcessIdentity
) -> None:
    soon = threading.Timer(0.2, os.kill, (starting_stack.pid, signal.SIGKILL))
    soon.start()
    with (
        pytest.raises(GaveUp, match="was stopped"),
        real_stack(Home(trainplat_home), KnowingStage(), threading.Event(), threading.Event()),
    ):
        pass
    soon.join()


def noting(
    launched: list["subprocess.Popen[bytes]"], launch: Callable[..., "subprocess.Popen[bytes]"]
) -> Callable[..., "subprocess.Popen[bytes]"]:
    """``launch``, with what it starts kept."""

    def noted(home: Home, *, with_me: bool) -> "subprocess.Popen[bytes]":
        launched.append(launch(home, with_me=with_me))
        return launched[-1]

    return noted
