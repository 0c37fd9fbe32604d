"""What the store lost comes back with the next commit of a folder that has it, also of the very same one."""

from pathlib import Path

import pytest

from resources.data.storage import ingesting
from resources.data.storage.listings import drop_listing
from resources.data.versions.errors import DamagedVersion
from resources.data.versions.service import quiet
from resources.database.engine import Database
from resources.home import Home
from tests.resources.data.auditor import md5_of
from tests.resources.data.collecting.stores import DIGITS, Store


@pytest.fixture
def store(any_database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A store with v1.0, and the folder ``work`` that is at it and has been still since."""
    monkeypatch.setattr(ingesting, "STILL_FOR_NS", 0)
    made = Store(Home(tmp_path / "home"), any_database)
    made.commit(tmp_path / "work", {"a": b"one", "b": b"two"})
    return made


def lose_list(store: Store) -> str:
    tree = store.versions.show(DIGITS, "v1.0").tree_md5
    drop_listing(store.keeper.objects, tree)
    store.keeper.objects.path(tree).unlink()
    return tree


def test_a_list_of_files_that_was_lost_is_written_again(store: Store, tmp_path: Path) -> None:
    tree = lose_list(store)
    assert not store.commit(tmp_path / "work").is_new
    assert store.keeper.objects.path(tree).exists()
    assert store.keeper.verify(None, None, quiet).damaged == ()


def test_a_lost_list_does_not_keep_the_next_version_from_being_made(store: Store, tmp_path: Path) -> None:
    lose_list(store)
    assert store.commit(tmp_path / "work", {"c": b"three"}).version.key == "v1.1"
    assert sorted(store.versions.tree(store.versions.show(DIGITS, "v1.1")).paths) == ["a", "b", "c"]


@pytest.mark.parametrize("found_by", ["gift", "scrub", "verify"])
@pytest.mark.parametrize("content", [None, b"oen"])
def test_an_object_that_is_known_to_be_damaged_is_read_from_the_folder_again(
    store: Store, tmp_path: Path, found_by: str, content: bytes | None
) -> None:
    place = store.keeper.objects.path(md5_of(b"one"))
    place.unlink()
    if content is not None:
        place.write_bytes(content)
    if found_by == "gift":
        with pytest.raises(DamagedVersion, match="committing a folder that still has the files"):
            store.versions.restore(DIGITS, "v1.0", tmp_path / "given")
    elif found_by == "scrub":
        store.keeper.scrub(store.versions.show(DIGITS, "v1.0").author)
    else:
        store.keeper.verify(None, None, quiet, mend=True)
    assert [one.name for one in store.keeper.damage()] == [md5_of(b"one")]
    assert not store.commit(tmp_path / "work").is_new
    assert store.keeper.damage() == []
    store.versions.restore(DIGITS, "v1.0", tmp_path / "given")
    assert (tmp_path / "given/a").read_bytes() == b"one"
