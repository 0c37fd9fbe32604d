import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from resources.errors import Conflict
from resources.home import Addresses, Home
from resources.process import ProcessIdentity
from trainplat_cli.supervisor.detail import Detail
from trainplat_cli.supervisor.model import PartName, PartState, PartStatus, StackPhase, StackStatus
from trainplat_cli.supervisor.record import (
    forget,
    only_supervisor,
    read_running,
    read_status,
    status_file,
    supervisor_of,
    write_addresses,
    write_status,
)

ILL = Detail(
    "no answer for {seconds:.0f} s: {detail}",
    {"seconds": 12.25, "detail": Detail("HTTP {status} for {path}", {"status": 503, "path": "/"})},
)
NOW = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def a_status(supervisor: ProcessIdentity) -> StackStatus:
    ready = PartStatus(
        PartName.MLFLOW,
        PartState.READY,
        NOW,
        Path("/logs/mlflow.log"),
        "http://127.0.0.1:5000",
        ProcessIdentity(7, 1.5),
        2,
    )
    dead = PartStatus(PartName.DAEMON, PartState.RESTARTING, NOW, Path("/logs/daemon.log"), detail=ILL)
    return StackStatus(supervisor, "abc", StackPhase.STARTING, NOW, (ready, dead))


def test_a_status_is_read_as_it_was_written(home: Home) -> None:
    status = a_status(ProcessIdentity.current())
    write_status(home, status)
    assert read_status(home) == status == read_running(home)
    assert status.part(PartName.MLFLOW).restarts == 2
    with pytest.raises(KeyError):
        status.part(PartName.STREAMLIT)


def test_nothing_runs_when_the_supervisor_that_wrote_is_dead(home: Home) -> None:
    write_status(home, a_status(ProcessIdentity(ProcessIdentity.current().pid, 1.0)))
    assert read_status(home) is not None
    assert read_running(home) is None


def test_no_status_is_no_status(home: Home) -> None:
    assert read_status(home) is None
    home.run.mkdir(parents=True)
    status_file(home).write_text("{broken")
    assert read_status(home) is None


@pytest.mark.parametrize("form", ['{"phase": "running"}', "[]", "7"])
def test_a_status_in_another_versions_form_is_no_status(home: Home, form: str) -> None:
    write_status(home, a_status(ProcessIdentity.current()))
    written = status_file(home).read_text()
    status_file(home).write_text(written.replace('"detail": {', '"details": {'))
    assert read_status(home) is None
    status_file(home).write_text(form)
    assert read_status(home) is None


def test_addresses_are_there_while_the_stack_runs_only(home: Home) -> None:
    write_addresses(home, Addresses(mlflow="http://127.0.0.1:5000"))
    write_status(home, a_status(ProcessIdentity.current()))
    assert home.addresses() == Addresses(mlflow="http://127.0.0.1:5000")
    forget(home)
    assert home.addresses() == Addresses()
    assert read_status(home) is None
    forget(home)


def test_a_home_has_one_supervisor(home: Home) -> None:
    with only_supervisor(home):
        assert supervisor_of(home) == ProcessIdentity.current()
        with pytest.raises(Conflict, match="runs already, under process"), only_supervisor(home):
            pass
    assert supervisor_of(home) is None
    with only_supervisor(home):
        pass


def test_a_second_supervisor_is_refused_even_before_the_first_has_said_who_it_is(home: Home) -> None:
    with only_supervisor(home):
        (home.run / "supervisor.lock").write_text("")
        with pytest.raises(Conflict, match="under another process"), only_supervisor(home, patience_s=0):
            pass


def test_a_killed_supervisor_leaves_its_place_free(home: Home) -> None:
    code = (
        "import os, signal; from resources.home import Home;"
        "from trainplat_cli.supervisor.record import only_supervisor\n"
        "with only_supervisor(Home.from_environment()): os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", code], env={"TRAINPLAT_HOME": str(home.path)})
    left = json.loads((home.run / "supervisor.lock").read_text())
    assert ProcessIdentity(**left) != ProcessIdentity.current()
    assert supervisor_of(home) is None
    with only_supervisor(home):
        assert supervisor_of(home) == ProcessIdentity.current()
