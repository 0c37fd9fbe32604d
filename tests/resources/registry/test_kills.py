"""One registered version for each snapshot: whatever is killed, and whoever else registers."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.servers.mlflow import MlflowServer


def run(home: Path, mode: str, server: MlflowServer | None = None) -> list[dict[str, Any]]:
    """What ``kills`` reports."""
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    if server is not None:
        environment["TRAINPLAT_MLFLOW_URL"] = server.url
    done = subprocess.run(
        [sys.executable, "-m", "tests.resources.registry.kills", str(home), mode],
        env=environment,
        capture_output=True,
        text=True,
        timeout=1200,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def check_killed(reports: list[dict[str, Any]]) -> None:
    for report in reports:
        assert report["killed"], report
        assert report["versions"] == [report["again"]], report
        assert report["row"], report
        assert report["weights"], report
        assert report["runs"].count("FINISHED") == 1, report
        assert set(report["runs"]) <= {"FINISHED", "KILLED"}, report


def check_races(reports: list[dict[str, Any]]) -> None:
    assert [report["locked"] for report in reports] == [True, False]
    for report in reports:
        assert len(report["versions"]) == 1, report
        assert report["numbers"] == report["versions"] * 2, report
        assert report["runs"].count("FINISHED") == 1, report


@pytest.mark.real
@pytest.mark.slow
def test_a_kill_around_the_registration_leaves_one_version_on_a_server(
    trainplat_home: Path, mlflow_server: MlflowServer
) -> None:
    reports = run(trainplat_home, "few", mlflow_server)
    assert len(reports) == 4
    check_killed(reports)


@pytest.mark.slow
@pytest.mark.real
@pytest.mark.timeout(900)
def test_a_kill_at_any_call_or_request_leaves_one_version_on_a_server(
    trainplat_home: Path, mlflow_server: MlflowServer
) -> None:
    reports = run(trainplat_home, "all", mlflow_server)
    assert len(reports) > 25
    check_killed(reports)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_kill_at_any_call_leaves_one_version_in_the_home(trainplat_home: Path) -> None:
    reports = run(trainplat_home, "all")
    assert len(reports) > 14
    check_killed(reports)


@pytest.mark.slow
@pytest.mark.real
def test_two_processes_at_once_register_one_version_on_a_server(
    trainplat_home: Path, mlflow_server: MlflowServer
) -> None:
    check_races(run(trainplat_home, "race", mlflow_server))


@pytest.mark.slow
def test_two_processes_at_once_register_one_version_in_the_home(trainplat_home: Path) -> None:
    check_races(run(trainplat_home, "race"))
