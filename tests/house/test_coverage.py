"""Code that runs in a daemon or a run worker counts as covered, and a killed process spoils nothing."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.house.modules import CHECKOUT

PROGRAM = """
import os, signal, subprocess, sys
import covered

def start(name):
    call = f"import covered; covered.{name}(); print('done', flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", f"import sys; {call}"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd="/", text=True)
    assert process.stdout.readline() == "done\\n"
    return process

ended, terminated, killed = start("by_itself"), start("by_sigterm"), start("by_sigkill")
ended.communicate("")
terminated.terminate()
terminated.wait()
killed.kill()
killed.wait()
leave = "import os, covered; covered.by_exit(); os._exit(0)"
subprocess.run([sys.executable, "-c", leave], cwd="/", check=True)
become = "import os, covered; covered.by_exec(); os.execv('/bin/true', ['true'])"
subprocess.run([sys.executable, "-c", become], cwd="/", check=True)
"""

COVERED = """
def by_itself():
    return 1

def by_sigterm():
    return 2

def by_exit():
    return 3

def by_exec():
    return 4

def by_sigkill():
    return 5
"""


@pytest.fixture
def measured(tmp_path: Path) -> Path:
    """A folder in which a program has been measured as ``make test`` measures the tests."""
    settings = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["tool"]["coverage"]["run"]
    patches = ",".join(settings["patch"])
    (tmp_path / ".coveragerc").write_text(
        f"[run]\nparallel = true\nsigterm = {settings['sigterm']}\npatch = {patches}\nsource = {tmp_path}\n"
    )
    (tmp_path / "covered.py").write_text(COVERED)
    (tmp_path / "program.py").write_text(PROGRAM)
    coverage(tmp_path, "run", "program.py")
    return tmp_path


def coverage(folder: Path, *arguments: str) -> str:
    """Run the coverage command there, not measured itself."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    return subprocess.run(
        [sys.executable, "-m", "coverage", *arguments],
        cwd=folder,
        env={**environment, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def test_processes_that_end_in_any_way_but_a_kill_are_counted(measured: Path) -> None:
    coverage(measured, "combine")
    report = coverage(measured, "report", "--show-missing", "--include=covered.py")
    missing = [line.split()[-1] for line in report.splitlines() if line.startswith("covered.py")]
    assert missing == [str(COVERED.splitlines().index("    return 5") + 1)]


def test_what_a_killed_process_left_half_written_does_not_stop_the_report(measured: Path) -> None:
    (measured / ".coverage.host.1.x").write_bytes(b"SQLite format 3\0half a file")
    coverage(measured, "combine")
    assert "covered.py" in coverage(measured, "report")
