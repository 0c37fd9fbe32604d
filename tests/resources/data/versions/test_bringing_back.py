"""What the store lost comes back with the next commit of a folder that has it, also of the very same one."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from resources.data.storage import ingesting
from resources.data.storage.giving import Giving
from resources.data.storage.ingesting import Taking
from resources.data.storage.listings import drop_listing
from resources.data.storage.worktree import quiet
from resources.data.versions import sweeps
from resources.data.versions.committing import Commit, Wanted
from resources.data.versions.errors import DamagedVersion
from resources.data.versions.handing import Hand, hand_out
from resources.database.engine import Database
from resources.home import Home
from tests.resources.data.auditor import md5_of
from tests.resources.data.collecting.stores import ANN, DIGITS, Store
from tests.resources.data.folders import write


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


def rot(path: Path) -> None:
    """Change one byte as a failing disk does: no stamp tells of it."""
    status = path.stat()
    content = bytearray(path.read_bytes())
    content[0] ^= 1
    path.chmod(0o644)
    path.write_bytes(content)
    path.chmod(status.st_mode)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def linked(store: Store, folder: Path, how: str) -> Path:
    """A folder at v1.0 whose files are the objects of it."""
    if how == "committed":
        write(folder, {"a": b"one", "b": b"two"})
        store.versions.commit(Wanted(DIGITS, folder, "", ANN, "ann", taking=Taking.LINK), quiet)
        return folder
    store.commit(folder.with_name("first"), {"a": b"one", "b": b"two"})
    version = store.versions.show(DIGITS, "v1.0")
    hand = Hand(folder, Giving.LINK)
    hand_out(store.database, store.keeper.objects, version, hand, datetime.now(UTC), quiet)
    return folder


@pytest.fixture
def empty(any_database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A store without versions."""
    monkeypatch.setattr(ingesting, "STILL_FOR_NS", 0)
    return Store(Home(tmp_path / "home"), any_database)


@pytest.mark.parametrize("how", ["given", "committed"])
def test_a_file_that_rotted_with_its_object_is_no_change_of_its_user(
    empty: Store, tmp_path: Path, how: str
) -> None:
    folder = linked(empty, tmp_path / "mine", how)
    rot(empty.keeper.objects.path(md5_of(b"one")))
    assert (folder / "a").read_bytes() == b"nne"
    assert empty.keeper.scrub(ANN).damaged == (md5_of(b"one"),)
    assert not empty.commit(folder).is_new
    made = empty.commit(folder, {"c": b"three"})
    assert (made.added, made.changed, made.removed) == (1, 0, 0)
    assert empty.versions.tree(made.version).files["a"] == md5_of(b"one")
    assert not empty.holds(b"nne"), "what is rotten is in no version and in no object"
    assert [one.name for one in empty.keeper.damage()] == [md5_of(b"one")]
    assert empty.commit(tmp_path / "sound", {"a": b"one", "b": b"two", "c": b"three"}).is_new is False
    assert empty.keeper.damage() == [], "whoever has the content brings it back"


def test_what_rotted_is_no_change_either_where_a_sweep_makes_a_commit_read_again(
    empty: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = linked(empty, tmp_path / "mine", "given")
    rot(empty.keeper.objects.path(md5_of(b"one")))
    empty.keeper.scrub(ANN)
    write_tree, tries = Commit._write_tree, list[int]()

    def sweep_once(self: Commit, *given: Any) -> None:
        write_tree(self, *given)
        if not tries:
            with empty.database.write_plainly() as rows:
                sweeps.count(rows)
            empty.keeper.objects.path(md5_of(b"three")).unlink()
        tries.append(1)

    monkeypatch.setattr(Commit, "_write_tree", sweep_once)
    made = empty.commit(folder, {"c": b"three"})
    assert len(tries) == 2
    assert (made.added, made.changed, made.removed) == (1, 0, 0)
    assert empty.holds(b"three")
    assert not empty.holds(b"nne")


def test_what_a_user_wrote_into_a_damaged_file_is_a_change(empty: Store, tmp_path: Path) -> None:
    folder = linked(empty, tmp_path / "mine", "given")
    rot(empty.keeper.objects.path(md5_of(b"one")))
    empty.keeper.scrub(ANN)
    (folder / "a").unlink()
    assert empty.commit(folder, {"a": b"new"}).changed == 1


def test_an_object_that_looks_as_ever_is_not_taken_for_mended(store: Store, tmp_path: Path) -> None:
    place = store.keeper.objects.path(md5_of(b"one"))
    store.commit(tmp_path / "work", {"c": b"three"})
    rot(place)
    store.keeper.verify(DIGITS, "v1.0", quiet, mend=True)  # what v1.1 knows of its objects stays
    assert not store.commit(tmp_path / "work").is_new
    assert place.read_bytes() == b"one"
    assert store.keeper.damage() == []


@pytest.mark.parametrize("is_listing_there", [False, True])
def test_a_list_of_files_that_a_commit_wrote_again_is_not_called_damaged_any_more(
    store: Store, tmp_path: Path, is_listing_there: bool
) -> None:
    tree = store.versions.show(DIGITS, "v1.0").tree_md5
    store.keeper.objects.path(tree).unlink()
    if not is_listing_there:
        drop_listing(store.keeper.objects, tree)
    store.keeper.scrub(ANN)
    assert [one.name for one in store.keeper.damage()] == [tree]
    assert not store.commit(tmp_path / "work").is_new
    assert store.keeper.damage() == []
    assert store.keeper.verify(None, None, quiet).damaged == ()
