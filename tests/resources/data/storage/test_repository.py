"""What lies in a home is a DVC repository: held against the ``dvc`` command itself."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from resources.data.service import DataService
from resources.data.storage import repository as module
from resources.data.storage.repository import DatasetRepository
from resources.errors import Conflict
from resources.home import Home
from resources.terms import FIRST_VERSION
from tests.resources.data.shapes import SHAPES, first_version, next_version


def dvc(folder: Path, *arguments: str) -> str:
    """Run ``dvc`` in ``folder``; it must succeed."""
    done = subprocess.run(
        [sys.executable, "-m", "dvc", *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below ``folder``."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


@pytest.fixture
def folder(data: DataService) -> Path:
    """A data set with two versions, as ``dvc`` sees it."""
    first_version(data)
    next_version(data)
    return data.dvc_folder(SHAPES.name)


def test_dvc_checks_a_version_out_and_finds_nothing_changed(data: DataService, folder: Path) -> None:
    dvc(folder, "checkout", "versions/v1.0.dvc", "versions/v1.1.dvc")
    assert "up to date" in dvc(folder, "status")
    for version in data.versions(SHAPES.name):
        found = contents(folder / "versions" / version.version)
        assert set(found) == {
            "pixels.npy",
            "samples.csv",
            "version.json",
            *(f"images/{one.path.name}" for one in data.samples(SHAPES.name, version.version)),
        }
        for one in data.samples(SHAPES.name, version.version):
            assert found[f"images/{one.path.name}"] == one.path.read_bytes()


def test_a_version_survives_the_way_over_a_remote(data: DataService, folder: Path, tmp_path: Path) -> None:
    dvc(folder, "remote", "add", "--local", "-d", "far", str(tmp_path / "remote"))
    dvc(folder, "push", "versions/v1.1.dvc")
    shutil.rmtree(data.home.data / ".cache")
    dvc(folder, "pull", "versions/v1.1.dvc")
    from resources.terms import VersionKey

    assert data.damage(SHAPES.name, VersionKey("v1.1")) == []
    assert len(contents(folder / "versions/v1.1")) == 27


@pytest.mark.slow
def test_dvc_writes_the_same_file_for_the_same_tree(folder: Path, tmp_path: Path) -> None:
    dvc(folder, "checkout", "versions/v1.0.dvc")
    fresh = tmp_path / "fresh"
    shutil.copytree(folder / "versions/v1.0", fresh / "v1.0")
    dvc(fresh, "init", "--no-scm")
    dvc(fresh, "add", "v1.0")
    assert (fresh / "v1.0.dvc").read_text() == (folder / "versions/v1.0.dvc").read_text()


def test_a_second_writer_is_told_that_there_is_a_first(
    trainplat_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOCK_TIMEOUT_S", 0.0)
    one, other = (DatasetRepository(Home(trainplat_home), SHAPES.name) for _ in range(2))
    with (
        one.locked(),
        pytest.raises(Conflict, match="another process has been writing data set shapes"),
        other.locked(),
    ):
        pass
    with other.locked():
        pass


def test_the_folder_is_prepared_once(trainplat_home: Path) -> None:
    repository = DatasetRepository(Home(trainplat_home), SHAPES.name)
    repository.prepare()
    config = repository.root / ".dvc/config"
    config.write_text(config.read_text() + "[remote]\n")
    repository.prepare()
    assert config.read_text().endswith("[remote]\n")
    assert repository.pointer(FIRST_VERSION).name == "v1.0.dvc"
