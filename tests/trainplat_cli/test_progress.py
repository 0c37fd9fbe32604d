import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from rich.console import Console
from rich.spinner import Spinner

from resources.process import ProcessIdentity
from trainplat_cli.progress import Progress
from trainplat_cli.supervisor.detail import Detail
from trainplat_cli.supervisor.model import PartName, PartState, PartStatus, StackPhase, StackStatus

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
ME = ProcessIdentity.current()


def a_part(tmp_path: Path, state: PartState, **more: object) -> PartStatus:
    log = tmp_path / "mlflow.log"
    part = PartStatus(PartName.MLFLOW, state, BEGAN + timedelta(seconds=8.2), log, "http://127.0.0.1:5000")
    return replace(part, **more)  # type: ignore[arg-type]


def a_stack(phase: StackPhase, *parts: PartStatus) -> StackStatus:
    return StackStatus(ME, "one", phase, BEGAN, parts)


@pytest.fixture
def console() -> Console:
    return Console(file=io.StringIO(), highlight=False, soft_wrap=True)


def printed(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_each_part_gets_a_line_with_its_time_and_address_once(console: Console, tmp_path: Path) -> None:
    progress = Progress(console)
    progress.show(a_stack(StackPhase.STARTING, a_part(tmp_path, PartState.STARTING)))
    ready = a_stack(StackPhase.STARTING, a_part(tmp_path, PartState.READY))
    progress.show(ready)
    progress.show(ready)
    assert printed(console) == "✓ mlflow        ready after 8.2 s        http://127.0.0.1:5000\n"


def test_a_part_that_died_shows_the_end_of_its_log(console: Console, tmp_path: Path) -> None:
    folder = tmp_path / "x_[red]y[/]"
    folder.mkdir(parents=True)
    (folder / "mlflow.log").write_text("line\nModuleNotFoundError: [no] module\n")
    died = a_part(folder, PartState.RESTARTING, restarts=1, detail=Detail("ended with exit code 1"))
    Progress(console).show(a_stack(StackPhase.RUNNING, died))
    assert "ended with exit code 1" in printed(console)
    assert "ModuleNotFoundError: [no] module" in printed(console)
    assert f"its log: {folder / 'mlflow.log'}" in printed(console)


def test_a_second_death_is_told_too(console: Console, tmp_path: Path) -> None:
    progress = Progress(console)
    for restarts in (1, 2):
        died = a_part(tmp_path, PartState.RESTARTING, restarts=restarts, detail=Detail(f"death {restarts}"))
        progress.show(a_stack(StackPhase.RUNNING, died))
    assert "death 1" in printed(console)
    assert "death 2" in printed(console)


def test_silence_phases_and_the_end_are_told(console: Console, tmp_path: Path) -> None:
    progress = Progress(console)
    progress.show(a_stack(StackPhase.RUNNING, a_part(tmp_path, PartState.READY)))
    progress.show(
        a_stack(StackPhase.RUNNING, a_part(tmp_path, PartState.NOT_ANSWERING, detail=Detail("busy")))
    )
    progress.show(a_stack(StackPhase.STOPPING, a_part(tmp_path, PartState.STOPPED)))
    lines = printed(console).splitlines()
    assert lines[1].startswith("All parts are ready after")
    assert lines[2].split() == ["!", "mlflow", "does", "not", "answer", "busy"]
    assert lines[3].split() == ["·", "mlflow", "stopped"]
    assert lines[4].startswith("Stopping:")


def test_what_became_of_a_part_is_told_in_the_language_of_the_reader(
    console: Console, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAINPLAT_LANG", "zh_CN")
    ended = Detail("ended with exit code {code}", {"code": 3})
    Progress(console).show(a_stack(StackPhase.RUNNING, a_part(tmp_path, PartState.RESTARTING, detail=ended)))
    assert "已结束，退出码为 3" in printed(console)


def test_the_live_line_says_what_is_waited_for(console: Console, tmp_path: Path) -> None:
    progress = Progress(console)
    assert progress.__rich__() == ""
    progress.show(a_stack(StackPhase.STARTING, a_part(tmp_path, PartState.STARTING)))
    waiting = progress.__rich__()
    assert isinstance(waiting, Spinner)
    assert "Waiting for: mlflow" in str(waiting.text)
    progress.show(a_stack(StackPhase.RUNNING, a_part(tmp_path, PartState.READY)))
    assert progress.__rich__() == ""
    progress.show(a_stack(StackPhase.STOPPING, a_part(tmp_path, PartState.READY, process=ME)))
    stopping = progress.__rich__()
    assert isinstance(stopping, Spinner)
    assert "Stopping: mlflow" in str(stopping.text)


def test_the_live_line_is_for_terminals(tmp_path: Path) -> None:
    for terminal in (True, False):
        environment = {"TERM": "xterm"}  # CI may call its terminal dumb
        console = Console(file=io.StringIO(), force_terminal=terminal, width=200, _environ=environment)
        with Progress(console).live() as progress:
            progress.show(a_stack(StackPhase.STARTING, a_part(tmp_path, PartState.STARTING)))
        assert ("Waiting for" in printed(console)) is terminal


def test_what_a_running_stack_had_behind_it_is_no_news(console: Console, tmp_path: Path) -> None:
    progress = Progress(console)
    running = a_stack(StackPhase.RUNNING, a_part(tmp_path, PartState.READY))
    progress.take_as_known(running)
    progress.show(running)
    assert printed(console) == ""
    progress.show(a_stack(StackPhase.STOPPING, a_part(tmp_path, PartState.STOPPED)))
    assert printed(console).splitlines()[0].split() == ["·", "mlflow", "stopped"]
