"""Who works on a branch that is merged or given up meanwhile gets a new one, and loses nothing."""

from pathlib import Path

import pytest

from resources.data.merges.service import MergeService
from resources.data.storage.worktree import quiet
from resources.data.versions.committing import Wanted
from resources.data.versions.model import BranchState, Committed
from resources.data.versions.service import VersionService
from resources.database.engine import Database
from resources.errors import Conflict
from resources.home import Home
from resources.terms import Actor, DatasetName
from tests.resources.data.folders import write

ANN, PETS = Actor("user:ann"), DatasetName("pets")


@pytest.fixture
def versions(any_database: Database, trainplat_home: Path) -> VersionService:
    """Versions on each database."""
    return VersionService(Home(trainplat_home), any_database)


def commit(
    versions: VersionService, folder: Path, files: dict[str, bytes], branch: str | None = None
) -> Committed:
    return versions.commit(Wanted(PETS, write(folder, files), "", ANN, "ann", branch=branch), quiet)


@pytest.fixture
def branch(versions: VersionService, tmp_path: Path) -> str:
    """A branch with one version, and the folder ``work`` that is on it."""
    commit(versions, tmp_path / "source", {"one": b"one"})
    name = versions.branch(PETS, "v1.0", "ann", ANN).name
    versions.restore(PETS, name, tmp_path / "work")
    commit(versions, tmp_path / "work", {"two": b"two"})
    return name


def test_after_a_merge_the_next_commit_goes_to_a_new_branch_from_the_same_base(
    versions: VersionService, branch: str, tmp_path: Path
) -> None:
    MergeService(versions.home, versions.database).merge(PETS, branch, ANN)
    made = commit(versions, tmp_path / "work", {"three": b"three"})
    assert made.instead_of is not None
    assert (made.instead_of.name, made.instead_of.state) == (branch, BranchState.MERGED)
    assert made.version.branch not in (None, branch)
    assert made.version.parents == (f"{branch}@1",)
    assert made.overtaken_by is None
    again = commit(versions, tmp_path / "work", {"four": b"four"})
    assert (again.version.branch, again.instead_of) == (made.version.branch, None)
    assert again.version.key.endswith("@2")
    merged = MergeService(versions.home, versions.database).merge(PETS, str(made.version.branch), ANN)
    assert merged is not None
    assert sorted(versions.tree(versions.show(PETS, "latest")).paths) == ["four", "one", "three", "two"]


def test_so_it_does_after_a_branch_was_given_up(
    versions: VersionService, branch: str, tmp_path: Path
) -> None:
    versions.close_branch(PETS, branch, ANN)
    made = commit(versions, tmp_path / "work", {"three": b"three"})
    assert made.instead_of is not None
    assert made.instead_of.state is BranchState.CLOSED


def test_a_branch_that_is_named_has_to_be_open(versions: VersionService, branch: str, tmp_path: Path) -> None:
    versions.close_branch(PETS, branch, ANN)
    with pytest.raises(Conflict, match="is closed, not open"):
        commit(versions, tmp_path / "work", {"three": b"three"}, branch)
