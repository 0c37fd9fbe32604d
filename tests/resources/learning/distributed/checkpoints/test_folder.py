"""Checkpoints in a folder: whole or not there, whatever ends their writer, whatever a disk does to them."""

import errno
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from resources.errors import Unavailable
from resources.learning.distributed.checkpoints.folder import MANIFEST, Checkpoint, Checkpoints, is_whole


def write(checkpoints: Checkpoints, step: int, content: bytes = b"state") -> Path:
    part = checkpoints.begin(step)
    (part / "__0_0.distcp").write_bytes(content * (step + 1))
    (part / ".metadata").write_bytes(b"what is where")
    checkpoints.finish(part)
    return checkpoints.path(step)


def steps(checkpoints: Checkpoints) -> list[int]:
    return [one.step for one in checkpoints.all()]


def test_one_that_is_written_is_found_and_whole(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path / "checkpoints")
    assert checkpoints.take_up() == (None, 0)
    path = write(checkpoints, 3)
    assert is_whole(path)
    found = checkpoints.newest_whole()
    assert found is not None
    assert (found.step, found.path) == (3, path)


def test_one_that_is_not_finished_is_none(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path)
    (checkpoints.begin(3) / "__0_0.distcp").write_bytes(b"half")
    assert checkpoints.all() == []


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda path: (path / "__0_0.distcp").write_bytes(b"x" * 50), id="other bytes"),
        pytest.param(lambda path: os.truncate(path / "__0_0.distcp", 3), id="cut off"),
        pytest.param(lambda path: (path / ".metadata").unlink(), id="a file missing"),
        pytest.param(lambda path: (path / MANIFEST).unlink(), id="no manifest"),
        pytest.param(lambda path: (path / MANIFEST).write_text("{"), id="half a manifest"),
        pytest.param(lambda path: (path / MANIFEST).write_text("[]"), id="another manifest"),
        pytest.param(lambda path: (path / MANIFEST).write_text("{}"), id="an empty manifest"),
        pytest.param(lambda path: (path / MANIFEST).write_text('{"a": 3}'), id="a manifest of nonsense"),
    ],
)
def test_where_the_newest_is_damaged_the_one_before_is_taken_up(tmp_path: Path, damage: object) -> None:
    checkpoints = Checkpoints(tmp_path)
    write(checkpoints, 1)
    path = write(checkpoints, 2)
    assert callable(damage)
    damage(path)
    assert not is_whole(path)
    found, damaged = checkpoints.take_up()
    assert found is not None
    assert (found.step, damaged) == (1, 1)
    assert steps(checkpoints) == [1], "it would be kept in place of whole ones"


@pytest.mark.parametrize("number", [errno.ESTALE, errno.EIO, errno.EACCES, errno.ENFILE])
def test_what_cannot_be_read_for_a_while_is_damaged_by_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    checkpoints = Checkpoints(tmp_path)
    path = write(checkpoints, 1)
    read_text = Path.read_text

    def fail(file: Path, *arguments: str | None) -> str:
        if path in file.parents:
            raise OSError(number, os.strerror(number))
        return read_text(file, *arguments)

    with monkeypatch.context() as changed:
        changed.setattr(Path, "read_text", fail)
        for look in (checkpoints.take_up, checkpoints.newest_whole, lambda: is_whole(path)):
            with pytest.raises(Unavailable, match=f"step-00000001 cannot be read: {os.strerror(number)}"):
                look()
    assert checkpoints.take_up() == (Checkpoint(1, path), 0)


def test_what_was_passed_over_stays_until_its_step_is_whole_again(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path)
    write(checkpoints, 1)
    damaged = write(checkpoints, 3)
    os.truncate(damaged / "__0_0.distcp", 3)
    checkpoints.take_up()
    write(checkpoints, 2)
    checkpoints.keep(2)
    assert steps(checkpoints) == [2, 1]
    assert [one.is_dir() for one in tmp_path.glob("step-00000003.*")] == [True]
    write(checkpoints, 3)
    checkpoints.keep(1)
    assert [one.name for one in tmp_path.iterdir()] == ["step-00000003"]


def test_so_many_are_kept_and_nothing_that_kills_left_behind(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path)
    (checkpoints.begin(9) / "__0_0.distcp").write_bytes(b"half")
    for step in range(1, 6):
        write(checkpoints, step)
    checkpoints.keep(2)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["step-00000004", "step-00000005"]


def test_one_of_the_same_step_is_replaced(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path)
    write(checkpoints, 1, b"old")
    path = write(checkpoints, 1, b"new")
    assert (path / "__0_0.distcp").read_bytes() == b"newnew"
    assert [one.name for one in tmp_path.iterdir()] == [path.name]


WRITER = """
import os, sys
from pathlib import Path
from resources.learning.distributed.checkpoints.folder import Checkpoints

calls_left = int(sys.argv[2])

def kill(event, arguments):
    global calls_left
    if event in {"os.rename", "os.mkdir", "os.rmdir", "os.remove", "open", "shutil.rmtree"}:
        calls_left -= 1
        if calls_left < 0:
            os.kill(os.getpid(), 9)

checkpoints = Checkpoints(Path(sys.argv[1]))
sys.addaudithook(kill)
for step in (2, 3, 3, 4):
    part = checkpoints.begin(step)
    (part / "__0_0.distcp").write_bytes(b"state" * step)
    (part / ".metadata").write_bytes(b"what is where")
    checkpoints.finish(part)
    checkpoints.keep(2)
"""


def test_a_kill_at_any_point_of_writing_leaves_a_folder_that_can_be_used(tmp_path: Path, seed: int) -> None:
    killed = 0
    draw = random.Random(seed)
    for number, calls in enumerate(draw.sample(range(70), 12)):
        checkpoints = Checkpoints(tmp_path / str(number))
        write(checkpoints, 1)
        done = subprocess.run([sys.executable, "-c", WRITER, str(checkpoints.folder), str(calls)])
        killed += done.returncode == -signal.SIGKILL
        found, damaged = checkpoints.take_up()
        assert found is not None, f"killed at call {calls}"
        assert damaged == 0, f"killed at call {calls}"
        write(checkpoints, 5)
        checkpoints.keep(1)
        assert [one.name for one in checkpoints.folder.iterdir()] == ["step-00000005"]
    assert killed > 0
