"""Set-up: when it is due, and what it says when it cannot go on."""

import os
import random
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import setup
from scripts.checkout import CommandFailed, Environment, run
from tests.house.modules import CHECKOUT


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    """An environment that was set up, as far as set-up can tell."""
    made = Environment("made", tmp_path / "env", tmp_path / "lock.txt")
    made.lock.write_text("# lock\nrich==15.0.0\n")
    made.python.parent.mkdir(parents=True)
    made.python.symlink_to(sys.executable)
    (made.folder / setup.STAMP).write_text(setup.fingerprint(made))
    return made


def test_an_environment_that_fits_its_lock_is_left_alone(environment: Environment) -> None:
    assert setup.is_ready(environment)


def test_a_changed_lock_makes_set_up_due(environment: Environment) -> None:
    environment.lock.write_text("# lock\nrich==15.0.1\n")
    assert not setup.is_ready(environment)


def test_a_set_up_that_was_killed_makes_set_up_due(environment: Environment) -> None:
    (environment.folder / setup.UNFINISHED).touch()
    assert not setup.is_ready(environment)


def test_an_environment_that_was_moved_makes_set_up_due(environment: Environment, tmp_path: Path) -> None:
    moved = Environment("moved", tmp_path / "elsewhere", environment.lock)
    environment.folder.rename(moved.folder)
    assert not setup.is_ready(moved)


def test_an_interpreter_that_is_gone_makes_set_up_due(environment: Environment) -> None:
    environment.python.unlink()
    assert not setup.is_ready(environment)


def test_a_command_that_fails_is_told_and_its_chatter_is_not(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(CommandFailed, match="status 3"):
        run([sys.executable, "-c", "print(' + one'); print('two'); raise SystemExit(3)"], hidden=(" + ",))
    assert capfd.readouterr().out == "      two\n"


def test_set_up_with_nothing_to_do_says_nothing(
    environment: Environment, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(setup, "PLATFORM", environment)
    monkeypatch.setattr(setup, "LABEL_STUDIO", environment)
    (environment.folder / setup.STAMP).write_text(setup.fingerprint(environment))
    setup.main()
    assert capsys.readouterr().out == ""


def test_another_python_is_told_what_to_do() -> None:
    pretended = "import sys; sys.version_info = (3, 9, 2); import scripts.setup"
    told = subprocess.run([sys.executable, "-c", pretended], cwd=CHECKOUT, capture_output=True, text=True)
    assert told.returncode == 2
    assert "trainplat needs Python 3.11" in told.stderr
    assert "is version 3.9" in told.stderr
    assert "Next: install it" in told.stderr


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_set_up_killed_at_any_moment_is_mended_by_the_next(tmp_path: Path, seed: int) -> None:
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", str(CHECKOUT), str(clone)], check=True)
    shutil.copytree(CHECKOUT / "scripts", clone / "scripts", dirs_exist_ok=True)
    command = ["make", "setup", f"PYTHON={sys.executable}"]
    chance = random.Random(seed)
    for _ in range(2):
        killed = subprocess.Popen(command, cwd=clone, stdout=subprocess.DEVNULL, start_new_session=True)
        try:
            killed.wait(chance.uniform(2, 40))
        except subprocess.TimeoutExpired:
            os.killpg(killed.pid, signal.SIGKILL)
            killed.wait()
    subprocess.run(command, cwd=clone, check=True)
    works = "import dagster, mlflow, torch, trainplat_cli; print(torch.version.cuda)"
    subprocess.run([str(clone / ".venv/bin/python"), "-c", works], cwd=tmp_path, check=True)
    assert subprocess.run(command, cwd=clone, capture_output=True, text=True, check=True).stdout == ""
