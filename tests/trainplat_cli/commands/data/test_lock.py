"""``trainplat data lock`` and ``locks``."""

from pathlib import Path

import pytest

from resources.data.locks.service import Asked, LockService
from resources.home import Home
from resources.terms import Actor, DatasetName
from tests.trainplat_cli.commands.data.running import data, told

TRAINING = Asked(Actor("run:1234"), "ann", "training")


@pytest.fixture(autouse=True)
def demo(trainplat_home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    folder.mkdir()
    (folder / "a.txt").write_text("a")
    data("commit", "demo", folder)


def test_a_lock_is_taken_shown_and_given_back() -> None:
    assert data("locks").stdout == "No version is locked.\n"
    assert "demo v1.0 is locked until 20" in data("lock", "demo", "latest", "--for", "2h").stdout
    [lock] = told("locks", "demo")["locks"]
    assert (lock["version"], lock["kind"], lock["purpose"], lock["pid"]) == ("v1.0", "read", "by hand", None)
    assert "is not retired: it is locked by user:" in data("retire", "demo", "v1.0", code=5).stderr
    assert "demo v1.0 is not locked by you any more." in data("lock", "demo", "v1.0", "--release").stdout
    assert "holds no lock on demo v1.0" in data("lock", "demo", "v1.0", "--release", code=4).stderr
    assert told("locks") == {"locks": []}


def test_a_second_writer_is_told_of_his_branch_or_refused(trainplat_home: Path) -> None:
    locks = LockService(Home(trainplat_home).database())
    locks.write(DatasetName("demo"), "latest", TRAINING)
    shown = data("lock", "demo", "v1.0", "--write", "--purpose", "cats").stdout
    assert "You write on the branch demo_v1.0_" in shown
    assert "because of run:1234 (training) until process" in shown
    refused = data("lock", "demo", "v1.0", "--write", "--no-branch", code=5).stderr
    assert "it is locked by run:1234 (training)" in refused
    listed = data("locks").stdout
    assert "at the latest" in listed
    assert "cats: demo_v1.0_" in listed
    assert "--no-branch goes with --write" in data("lock", "demo", "v1.0", "--no-branch", code=2).stderr


def test_who_commits_beside_a_writer_is_told_of_his_branch(trainplat_home: Path, tmp_path: Path) -> None:
    LockService(Home(trainplat_home).database()).write(DatasetName("demo"), "latest", TRAINING)
    (tmp_path / "demo" / "b.txt").write_text("b")
    said = data("commit", "demo", tmp_path / "demo").stdout
    assert "The line is locked by run:1234 (training) until process" in said
    assert "Next: trainplat data merge demo demo_v1.0_" in said
