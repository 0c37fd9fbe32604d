"""A home with versions to export, and a place to import from."""

from pathlib import Path

import pytest

from resources.data.interop.service import InteropService
from resources.data.versions.committing import Wanted
from resources.data.versions.model import Version
from resources.data.versions.service import VersionService
from resources.home import Home
from resources.terms import Actor, DatasetName

SHAPES = DatasetName("shapes")
ACTOR = Actor("user:ada")
FILES = {"train/a.txt": b"round\n", "train/b.bin": bytes(range(256)) * 9000, "labels.csv": b"a,1\r\nb,2\r\n"}


def quiet(files: int, size_bytes: int, to_come: int = 0) -> None:
    """Tell nobody."""


def write(folder: Path, files: dict[str, bytes]) -> Path:
    """Write files below a folder."""
    for name, content in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return folder


@pytest.fixture
def versions(trainplat_home: Path) -> VersionService:
    """The versions of the test's home."""
    home = Home(trainplat_home)
    return VersionService(home, home.database())


@pytest.fixture
def interop(versions: VersionService) -> InteropService:
    """The exports and imports of the same home."""
    return InteropService(versions.home, versions.database)


@pytest.fixture
def committed(versions: VersionService, tmp_path: Path) -> Version:
    """A version of :data:`FILES`, whose folder is ``tmp_path / "work"``."""
    return commit(versions, write(tmp_path / "work", FILES))


def commit(versions: VersionService, folder: Path) -> Version:
    """Make a folder the next version."""
    return versions.commit(Wanted(SHAPES, folder, "shapes", ACTOR, "ada")).version
