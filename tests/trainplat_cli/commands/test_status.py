import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from resources.clock import utc_now
from resources.home import Home
from resources.process import ProcessIdentity
from trainplat_cli.main import main
from trainplat_cli.supervisor.detail import Detail
from trainplat_cli.supervisor.marked import MARK_VARIABLE, mark_of
from trainplat_cli.supervisor.model import PartName, PartState, PartStatus, StackPhase, StackStatus
from trainplat_cli.supervisor.record import write_status

KILLED = Detail("killed by {signal}", {"signal": "SIGKILL"})


@pytest.fixture
def part(trainplat_home: Path) -> Iterator[ProcessIdentity]:
    process = subprocess.Popen(
        [sys.executable, "-c", "print('up', flush=True); import time; time.sleep(600)"],
        env={**os.environ, MARK_VARIABLE: mark_of(trainplat_home, "one")},
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdout is not None
    process.stdout.readline()
    identity = ProcessIdentity.of(process.pid)
    assert identity is not None
    yield identity
    process.kill()
    process.wait()
    process.stdout.close()


def write(home: Home, supervisor: ProcessIdentity, part: ProcessIdentity) -> None:
    began = utc_now() - timedelta(minutes=2)
    ready = PartStatus(
        PartName.MLFLOW, PartState.READY, began, home.logs / "mlflow.log", "http://127.0.0.1:5000", part, 3
    )
    ill = PartStatus(PartName.DAEMON, PartState.RESTARTING, began, home.logs / "daemon.log", detail=KILLED)
    write_status(home, StackStatus(supervisor, "one", StackPhase.RUNNING, began, (ready, ill)))


def test_nothing_runs_and_the_next_step_is_said(trainplat_home: Path) -> None:
    result = CliRunner().invoke(main, ["status"])
    assert result.exit_code == 0
    assert result.stdout == f"No stack runs for {trainplat_home}.\nStart it with `trainplat up`.\n"
    assert not trainplat_home.exists(), "looking makes nothing"


def test_nothing_runs_for_machines(trainplat_home: Path) -> None:
    document = json.loads(CliRunner().invoke(main, ["status", "--json"]).stdout)
    assert document == {"home": str(trainplat_home), "phase": "down", "left_over_pids": [], "parts": []}


def test_a_path_is_shown_as_it_is_whatever_signs_it_has(
    tmp_path: Path, part: ProcessIdentity, monkeypatch: pytest.MonkeyPatch
) -> None:
    strange = tmp_path / "x_[red]y[/] :sun:"
    monkeypatch.setenv("TRAINPLAT_HOME", str(strange))
    assert f"No stack runs for {strange}.\n" in CliRunner().invoke(main, ["status"]).stdout
    write(Home(strange), ProcessIdentity.current(), part)
    shown = CliRunner().invoke(main, ["status"], env={"COLUMNS": "200"}).stdout
    assert f"Home: {strange}\n" in shown
    assert f"({strange / 'logs' / 'daemon.log'})\n" in shown


def test_what_a_killed_stack_left_is_said(trainplat_home: Path, part: ProcessIdentity) -> None:
    write(Home(trainplat_home), ProcessIdentity(1, 1.0), part)
    result = CliRunner().invoke(main, ["status"])
    assert "1 process of a killed stack is left." in result.stdout
    document = json.loads(CliRunner().invoke(main, ["status", "--json"]).stdout)
    assert document["left_over_pids"] == [part.pid]


def test_each_part_has_a_line(trainplat_home: Path, part: ProcessIdentity) -> None:
    write(Home(trainplat_home), ProcessIdentity.current(), part)
    lines = CliRunner().invoke(main, ["status"], env={"COLUMNS": "200"}).stdout.splitlines()
    assert lines[0] == f"Home: {trainplat_home}"
    assert lines[1].split() == ["part", "state", "address", "pid", "up", "for", "restarts", "memory"]
    mlflow = lines[2].split()
    assert mlflow[:4] == ["mlflow", "ready", "http://127.0.0.1:5000", str(part.pid)]
    assert int(mlflow[-2]) > 1, "its memory in MiB"
    assert lines[3].split() == ["daemon", "restarting", "-", "-", "-", "0", "0", "MiB"]
    assert lines[4].startswith("Resident memory of the whole stack: ")
    assert lines[5] == f"daemon: killed by SIGKILL ({trainplat_home / 'logs' / 'daemon.log'})"


def test_machines_get_bytes_and_moments(trainplat_home: Path, part: ProcessIdentity) -> None:
    write(Home(trainplat_home), ProcessIdentity.current(), part)
    document = json.loads(CliRunner().invoke(main, ["status", "--json"]).stdout)
    assert document["phase"] == "running"
    assert document["supervisor_pid"] == os.getpid()
    mlflow, daemon = document["parts"]
    assert mlflow["restarts"] == 3
    assert mlflow["pid"] == part.pid
    assert daemon["pid"] is None
    assert document["memory_bytes"] == mlflow["memory_bytes"] + document["supervisor_memory_bytes"]


def test_people_read_the_states_in_their_language_and_machines_in_one(
    trainplat_home: Path, part: ProcessIdentity, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(Home(trainplat_home), ProcessIdentity.current(), part)
    monkeypatch.setenv("TRAINPLAT_LANG", "zh_CN")
    lines = CliRunner().invoke(main, ["status"], env={"COLUMNS": "200"}).stdout.splitlines()
    assert "就绪" in lines[2]
    assert "正在重启" in lines[3]
    assert "被 SIGKILL 终止" in lines[5]
    _mlflow, daemon = json.loads(CliRunner().invoke(main, ["status", "--json"]).stdout)["parts"]
    assert (daemon["state"], daemon["detail"]) == ("restarting", "killed by SIGKILL")
