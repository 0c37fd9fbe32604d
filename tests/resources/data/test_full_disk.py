"""A disk that is really full: a file system of 1 MB, filled to the last block."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from resources.data.service import DataService
from resources.errors import Unavailable
from resources.home import Home
from resources.terms import FIRST_VERSION, VersionKey
from tests.resources.data.shapes import ACTOR, SHAPES, answers, first_version, service, write_source

pytestmark = pytest.mark.needs("root")

V1 = VersionKey("v1.1")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """The root of a file system of 1 MB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "trainplat-test", str(disk)], check=True)
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


def fill(disk: Path) -> Path:
    """Take every free block."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * 4096)
        except OSError:
            return ballast


def test_a_full_disk_is_told_and_the_version_is_made_once_there_is_room(
    small_disk: Path, trainplat_home: Path
) -> None:
    trainplat_home.mkdir()
    (trainplat_home / "data").symlink_to(small_disk)
    data = service(trainplat_home)
    first_version(data)
    before = data.version(SHAPES.name, FIRST_VERSION)
    data.plan_next(SHAPES, answers(data, FIRST_VERSION, 3), ACTOR)
    ballast = fill(small_disk)
    with pytest.raises(Unavailable, match="is full") as told:
        data.make(SHAPES, V1, ACTOR)
    assert "Free some space there" in told.value.next_step
    assert data.damage(SHAPES.name, FIRST_VERSION) == []
    ballast.unlink()
    data.make(SHAPES, V1, ACTOR)
    assert data.version(SHAPES.name, FIRST_VERSION) == before
    assert data.damage(SHAPES.name, V1) == []


def test_a_disk_that_fills_up_at_any_stage_is_told_there(small_disk: Path, trainplat_home: Path) -> None:
    trainplat_home.mkdir()
    (trainplat_home / "data").symlink_to(small_disk)
    data = service(trainplat_home)
    write_source(data.source_folder(SHAPES.name), range(24))
    data.plan_first(SHAPES, ACTOR)
    told = 0
    for stage in (
        lambda: data.collect(SHAPES, FIRST_VERSION),
        lambda: data.validate(SHAPES, FIRST_VERSION),
        lambda: data.transform(SHAPES, FIRST_VERSION),
        lambda: data.split(SHAPES, FIRST_VERSION),
        lambda: data.seal(SHAPES, FIRST_VERSION, ACTOR),
        lambda: data.freeze_snapshot(SHAPES, FIRST_VERSION, ACTOR),
    ):
        ballast = fill(small_disk)
        with pytest.raises(Unavailable, match="is full"):
            stage()
        told += 1
        ballast.unlink()
        stage()
    assert told == 6
    assert data.damage(SHAPES.name, FIRST_VERSION) == []


def test_a_database_without_room_is_told_too(small_disk: Path, tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    data = DataService(home, Home(small_disk).database())
    data.versions(SHAPES.name)
    ballast = fill(small_disk)
    with pytest.raises(Unavailable, match="nothing changed in the database, its disk is full") as told:
        data.plan_first(SHAPES, ACTOR)
    assert "Free some space" in told.value.next_step
    ballast.unlink()
    assert data.plan_first(SHAPES, ACTOR).version == FIRST_VERSION
