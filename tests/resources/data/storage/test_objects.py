import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.data.storage.drafts import mark_of
from resources.data.storage.objects import DamagedObject, ObjectStore, StoredObject
from resources.holder import Holder

PATHS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=8)
NAMES = st.integers(0, 2**128 - 1).map("{:032x}".format)


@pytest.fixture
def store(tmp_path: Path) -> ObjectStore:
    """An empty store."""
    return ObjectStore(tmp_path / "cache")


def test_content_is_kept_once_read_only_under_its_md5(store: ObjectStore) -> None:
    stored = store.put(b"hello")
    assert stored == StoredObject("5d41402abc4b2a76b9719d911017c592", 5)
    path = store.cache / "files/md5/5d/41402abc4b2a76b9719d911017c592"
    assert path == store.path(stored.md5)
    assert path.stat().st_mode & 0o777 == 0o444
    written = path.stat()
    assert store.put(b"hello") == stored
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (written.st_ino, written.st_mtime_ns)
    assert store.read(stored.md5) == b"hello"


def test_an_object_that_was_cut_short_is_written_again(store: ObjectStore) -> None:
    stored = store.put(b"hello")
    path = store.path(stored.md5)
    path.unlink()
    path.write_bytes(b"")
    assert not store.holds(stored)
    store.put(b"hello")
    assert store.read(stored.md5) == b"hello"


def test_an_object_is_compared_with_its_name_as_it_is_read(store: ObjectStore) -> None:
    stored = store.put(b"hello")
    path = store.path(stored.md5)
    path.unlink()
    path.write_bytes(b"jello")
    with pytest.raises(DamagedObject, match="does not hold what its name says") as refused:
        store.read(stored.md5)
    assert "dvc pull" in refused.value.next_step
    path.unlink()
    with pytest.raises(DamagedObject, match="is missing"):
        store.read(stored.md5)


@given(st.dictionaries(PATHS, NAMES, max_size=6))
def test_a_tree_is_listed_as_dvc_lists_it(files: dict[str, str]) -> None:
    from dvc_data.hashfile.hash_info import HashInfo
    from dvc_data.hashfile.tree import Tree

    ours = _Kept()
    theirs: Any = Tree()  # type: ignore[no-untyped-call]
    for path, md5 in files.items():
        theirs.add((path,), None, HashInfo("md5", md5))
    theirs.digest()
    stored = ours.put_tree(files)
    assert ours.content == theirs.as_bytes()
    assert stored.md5 == theirs.hash_info.value


def test_a_tree_is_read_back_as_it_was_stored(store: ObjectStore) -> None:
    files = {"images/b.png": "1" * 32, "a.csv": "2" * 32}
    tree = store.put_tree(files)
    assert tree.md5.endswith(".dir")
    assert store.read_tree(tree.md5) == files
    assert [entry["relpath"] for entry in json.loads(store.read(tree.md5))] == ["a.csv", "images/b.png"]


def test_drafts_of_the_dead_are_swept_and_those_of_the_living_stay(store: ObjectStore) -> None:
    drafts = store.cache / "drafts"
    drafts.mkdir(parents=True)
    me = Holder.current()
    here_before = Holder(me.host, me.pid, "before the last start:1")
    elsewhere, elsewhere_long_ago = Holder("other", 99999999, "x:1"), Holder("other", 99999999, "x:2")
    writers = [me, here_before, Holder(me.host, 99999999, "x:1"), elsewhere, elsewhere_long_ago]
    for writer in writers:
        (drafts / f"{mark_of(writer)}-1-abc").write_bytes(b"half")
    (drafts / "2026-11-27").mkdir()  # a space may be called so
    os.utime(drafts / f"{mark_of(elsewhere_long_ago)}-1-abc", (1, 1))
    (drafts / f"{mark_of(here_before)}-overlay-abc" / "merged").mkdir(parents=True)
    store.sweep_drafts()
    assert {draft.name for draft in drafts.iterdir()} == {
        "2026-11-27",
        *(f"{mark_of(writer)}-1-abc" for writer in (me, elsewhere)),
    }


def test_an_object_gets_a_second_name_without_a_copy(store: ObjectStore, tmp_path: Path) -> None:
    stored = store.put(b"hello")
    target = tmp_path / "hello.png"
    store.link(stored.md5, target)
    store.link(stored.md5, target)
    assert target.samefile(store.path(stored.md5))


def test_where_links_are_impossible_an_object_is_copied(
    store: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    stored = store.put(b"hello")
    monkeypatch.setattr(Path, "hardlink_to", refuse)
    store.link(stored.md5, tmp_path / "hello.png")
    assert (tmp_path / "hello.png").read_bytes() == b"hello"
    assert (tmp_path / "hello.png").stat().st_mode & 0o777 == 0o444


def test_few_files_and_many_can_be_synced(store: ObjectStore) -> None:
    names = [store.put(str(number).encode()).md5 for number in range(70)]
    store.sync(names[:3])
    store.sync(names)
    store.sync([])


def test_where_the_kernel_has_no_syncfs_everything_is_synced(
    store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [store.put(str(number).encode()).md5 for number in range(70)]
    synced = []
    monkeypatch.setattr("resources.data.storage.syncing._libc", object)
    monkeypatch.setattr("os.sync", lambda: synced.append(True))
    store.sync(names)
    assert synced == [True]


class _Kept(ObjectStore):
    """A store that keeps the last content in memory."""

    def __init__(self) -> None:
        super().__init__(Path("nowhere"))
        self.content = b""

    def put(self, content: bytes, *, suffix: str = "") -> StoredObject:
        self.content = content
        name = hashlib.md5(content, usedforsecurity=False).hexdigest()
        return StoredObject(name + suffix, len(content))
