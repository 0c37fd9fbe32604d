import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from rich.console import Console
from rich.spinner import Spinner

from resources.clock import utc_now
from resources.home import Home
from resources.process import ProcessIdentity
from tests.trainplat_cli.demo.test_news import FIRST
from trainplat_cli.commands import demo as module
from trainplat_cli.commands.demo import ConsoleStage
from trainplat_cli.demo.play import GaveUp
from trainplat_cli.main import main
from trainplat_cli.supervisor.model import PartName, PartState, PartStatus, StackPhase, StackStatus
from trainplat_cli.supervisor.prepare import mark_home, marker_file
from trainplat_cli.supervisor.record import only_supervisor, write_status


class Played:
    """A play that takes no time."""

    over = False
    error: GaveUp | None = None
    runs = 0

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
        return True


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
    Played.over, Played.error, Played.runs = False, None, 0
    return started


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
    assert not module._come_up(home, stage, stop)
    stop.set()
    assert not module._come_up(home, stage, stop)
