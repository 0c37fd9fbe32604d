"""The main line goes on from the newest version that can be used, and gives no key twice."""

from pathlib import Path

import pytest

from resources.data.interop.service import InteropService
from resources.data.merges.service import MergeService
from resources.data.storage.worktree import quiet
from resources.data.versions.committing import Wanted
from resources.database.engine import Database
from resources.errors import BadInput
from resources.home import Home
from resources.terms import DatasetName
from tests.resources.data.collecting.stores import ANN, DIGITS, Store


@pytest.fixture
def store(any_database: Database, tmp_path: Path) -> Store:
    """A store with v1.0, a branch from it with one version, and v1.1."""
    made = Store(Home(tmp_path / "home"), any_database)
    made.commit(tmp_path / "first", {"a": b"1"})
    made.versions.restore(DIGITS, "v1.0", tmp_path / "behind")
    made.versions.restore(DIGITS, "v1.0", tmp_path / "ahead")
    made.commit(tmp_path / "ahead", {"a": b"wrong"})
    made.commit(tmp_path / "behind", {"b": b"2"})
    return made


@pytest.mark.parametrize("how", ["retired", "erased"])
def test_behind_one_that_is_of_no_use_people_commit_and_merge_as_if_it_were_not(
    store: Store, how: str, tmp_path: Path
) -> None:
    if how == "retired":
        store.versions.retire(DIGITS, "v1.1", ANN)
    else:
        (tmp_path / "ahead/a").unlink()
        (tmp_path / "ahead").rmdir()
        store.keeper.erase(DIGITS, "v1.1", ANN)
    assert store.versions.show(DIGITS, "latest").key == "v1.0"
    made = store.commit(tmp_path / "first", {"c": b"3"}).version
    assert (made.key, made.parents) == ("v1.2", ("v1.0",))
    [branch] = store.versions.branches(DIGITS)
    merged = MergeService(store.home, store.database).merge(DIGITS, branch.name, ANN).version
    assert merged is not None
    assert (merged.key, merged.parents) == ("v1.3", ("v1.2", f"{branch.name}@1"))
    assert list(store.versions.tree(merged).paths) == ["a", "b", "c"]


def test_who_is_at_a_retired_version_goes_on_from_it(store: Store, tmp_path: Path) -> None:
    store.versions.retire(DIGITS, "v1.1", ANN)
    made = store.commit(tmp_path / "ahead", {"a": b"mended"}).version
    assert (made.key, made.parents) == ("v1.2", ("v1.1",))


def test_no_tag_is_called_as_the_newest_version_is(store: Store) -> None:
    with pytest.raises(BadInput, match="or is 'latest'"):
        store.versions.tag(DIGITS, "v1.0", "latest", ANN)


def test_people_make_no_version_where_results_of_trainings_are_kept(store: Store, tmp_path: Path) -> None:
    results = DatasetName("digits_results")
    with pytest.raises(BadInput, match="'digits_results' ends with '_results'"):
        store.versions.commit(Wanted(results, tmp_path / "first", "", ANN, "ann"))
    with pytest.raises(BadInput, match="'digits_results' ends with '_results'"):
        InteropService(store.home, store.database).take(results, tmp_path / "first", ANN, quiet)
    assert store.versions.datasets() == [DIGITS]


def test_a_message_with_a_nul_character_is_told_on_each_database(store: Store, tmp_path: Path) -> None:
    (tmp_path / "first/d").write_bytes(b"d")
    with pytest.raises(BadInput, match=r"the message 'a\\x00b' has a NUL character"):
        store.versions.commit(Wanted(DIGITS, tmp_path / "first", "a\0b", ANN, "ann"))
