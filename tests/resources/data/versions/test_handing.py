"""Versions given out into folders: what the platform knows of a folder is what lies in it."""

from pathlib import Path

import pytest

from resources.data.versions import worktrees
from resources.database.engine import Database
from resources.errors import BadInput, Conflict
from resources.home import Home
from tests.resources.data.collecting.stores import DIGITS, Store


@pytest.fixture
def store(any_database: Database, tmp_path: Path) -> Store:
    """A store with v1.0 and v1.1."""
    made = Store(Home(tmp_path / "home"), any_database)
    made.commit(tmp_path / "folder", {"a": b"old"})
    made.commit(tmp_path / "folder", {"a": b"new"})
    return made


def test_of_two_who_fill_one_folder_at_once_the_second_is_refused(store: Store, tmp_path: Path) -> None:
    target, told = tmp_path / "given", list[str]()

    def give_another(_files: int, _size_bytes: int) -> None:
        with pytest.raises(Conflict, match=r"is giving a version out into .*given now") as refused:
            store.versions.restore(DIGITS, "v1.1", target)
        told.append(refused.value.next_step)

    store.versions.restore(DIGITS, "v1.0", target, give_another)
    assert told
    assert (target / "a").read_bytes() == b"old"
    with store.database.read_plainly() as rows:
        known = worktrees.work_tree(rows, target)
    assert known is not None
    assert known.base == "v1.0", "or committing it would undo what v1.1 did"
    store.versions.restore(DIGITS, "v1.1", tmp_path / "other")


@pytest.mark.parametrize("place", ["file/below", "n" * 256, "n" * 256 + "/below"], ids=range(3))
def test_where_no_folder_can_be_made_the_place_is_named(store: Store, tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("of somebody")
    with pytest.raises(BadInput, match=f"no folder can be made at .*{place}: ") as refused:
        store.versions.restore(DIGITS, "v1.0", tmp_path / place)
    assert "Choose another place" in refused.value.next_step
