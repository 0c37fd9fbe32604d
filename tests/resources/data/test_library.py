"""The versions of a data set from Python, as docs/data.md shows it, and by the resource."""

import re
from pathlib import Path

import pytest
from dagster import AssetExecutionContext, DagsterInstance, DataVersion, MaterializeResult, asset, materialize

from resources.data.collecting.dependents import Kind
from resources.data.collecting.service import CollectingService
from resources.data.library import DataSet
from resources.data.locks.errors import Locked
from resources.data.locks.service import LockService
from resources.data.versions.resource import VersionsResource
from resources.errors import NotFound
from resources.home import Home
from resources.terms import Actor

DOCS = Path(__file__).parents[3] / "docs" / "data.md"


def blocks() -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", DOCS.read_text(), re.MULTILINE | re.DOTALL)


@pytest.fixture
def pets(trainplat_home: Path, tmp_path: Path) -> DataSet:
    """A data set with one version, in a folder that is named as in the manual."""
    folder = tmp_path / "first"
    folder.mkdir()
    (folder / "labels.csv").write_text("id,label\na,cat\n")
    found = DataSet("pets")
    found.commit(folder, "first pictures")
    return found


def test_what_the_manual_shows_of_python_works(
    pets: DataSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shown = blocks()
    assert len(shown) == 2
    values: dict[str, object] = {}
    exec(shown[0], values)  # noqa: S102 - our own manual
    assert [one.key for one in pets.log()] == ["v1.1", "v1.0"]
    exec(shown[1], values)  # noqa: S102 - our own manual
    with DagsterInstance.ephemeral() as instance:
        done = materialize(
            [values["counted"]],  # type: ignore[list-item]
            instance=instance,
            resources={"pets": VersionsResource(dataset="pets")},
        )
    [event] = done.get_asset_materialization_events()
    assert event.materialization.metadata["rows"].value == 2
    assert LockService(pets.home.database()).locks() == []


def test_a_file_is_read_without_giving_the_version_out(pets: DataSet) -> None:
    assert pets.paths() == ["labels.csv"]
    assert pets.read("labels.csv") == b"id,label\na,cat\n"
    with pytest.raises(NotFound, match=r"pets v1\.0 has no file 'nothing'"):
        pets.read("nothing")
    assert pets.results() == []
    assert pets.show().key == "v1.0"


def test_two_writers_are_on_a_line_and_on_a_branch_and_merge(pets: DataSet, tmp_path: Path) -> None:
    bob = DataSet("pets", actor=Actor("user:bob"))
    with pets.writing() as mine:
        assert mine.branch is None
        with pytest.raises(Locked, match="locked by user:"), bob.writing(can_branch=False):
            pass
        bob.give("v1.0", tmp_path / "bob")
        (tmp_path / "bob" / "new.txt").write_text("bob")
        with bob.writing() as other:
            assert other.branch is not None
            committed = bob.commit(tmp_path / "bob", "more")
            assert committed.version.branch == other.branch.name
        pets.commit(_more(pets, tmp_path), "mine")
    tried = bob.merge(committed.version.branch)
    assert tried.version is not None
    assert [one.path for one in bob.diff("v1.0")] == ["mine.txt", "new.txt"]
    assert pets.branch().base == "v1.2"


def test_a_model_is_let_go(pets: DataSet) -> None:
    keeper = CollectingService(pets.home, pets.home.database())
    keeper.depend(pets.name, "v1.0", Kind.MODEL, "models:/pets/1", pets.actor)
    assert [one.name for one in pets.kept_for("v1.0")] == ["models:/pets/1"]
    pets.release("v1.0", "models:/pets/1")
    assert pets.kept_for("v1.0") == []
    with pytest.raises(NotFound):
        pets.release("v1.0", "models:/pets/1")


def _more(pets: DataSet, tmp_path: Path) -> Path:
    pets.give("v1.0", tmp_path / "mine")
    (tmp_path / "mine" / "mine.txt").write_text("mine")
    return tmp_path / "mine"


def test_an_asset_locks_gives_and_commits_as_its_run(pets: DataSet, tmp_path: Path) -> None:
    home = Home.from_environment()
    seen: list[str] = []

    @asset
    def cleaned(context: AssetExecutionContext, pets: VersionsResource) -> MaterializeResult[None]:
        with pets.write(context) as granted, pets.lock(context, "v1.0") as holding:
            seen.extend(one.owner for one in LockService(home.database()).locks("pets"))  # type: ignore[arg-type]
            assert (granted.branch, holding.lock.key, holding.lock.priority) == (None, "v1.0", 4)
            pets.give(context, "v1.0", tmp_path / "work")
            (tmp_path / "work" / "b.txt").write_text("b")
            made = pets.commit(context, tmp_path / "work", "cleaned")
        return MaterializeResult(data_version=DataVersion(made.version.tree_md5))

    with DagsterInstance.ephemeral() as instance:
        done = materialize(
            [cleaned],
            instance=instance,
            resources={"pets": VersionsResource(dataset="pets")},
            tags={"trainplat/priority": "4"},
        )
    assert done.success
    run = f"run:{done.run_id}"
    assert seen == [run, run]
    assert (pets.show().key, pets.show().author) == ("v1.1", run)
    assert LockService(home.database()).locks() == []
