"""Files on their way into the store, and what others do to them meanwhile."""

import errno
import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from resources.data.storage.ingesting import LARGE_BYTES, Ingest, StoredStamp, StoredStamps, Taking
from resources.data.storage.objects import ObjectStore
from resources.errors import BadInput, Conflict, Denied, Unavailable
from tests.resources.data.auditor import audit_objects
from tests.resources.data.folders import read, settle, write
from tests.resources.data.plain_user import as_plain_user
from tests.resources.data.storage.trees import Reader, as_it_is_read

LARGE = bytes(range(256)) * (LARGE_BYTES // 128)


@pytest.fixture
def store(tmp_path: Path) -> ObjectStore:
    return ObjectStore(tmp_path / "cache")


def md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


@pytest.mark.parametrize("taking", list(Taking))
def test_content_of_any_size_is_kept_read_only_under_its_hash(
    store: ObjectStore, tmp_path: Path, taking: Taking
) -> None:
    contents = {
        "empty": b"",
        "small": b"hello",
        "edge": LARGE[:LARGE_BYTES],
        "over": LARGE[: LARGE_BYTES + 1],
    }
    contents |= {"large": LARGE, "same": LARGE, "a/again": b"hello"}
    root = write(tmp_path / "tree", contents)
    assert Reader(store, taking).tree(root) == {path: md5(content) for path, content in contents.items()}
    assert audit_objects(store.cache) == set(map(md5, contents.values()))
    assert read(root) == contents
    assert list(store.cache.glob("drafts/*")) == []


def test_a_copy_leaves_the_file_to_its_owner_and_a_link_takes_it_over(
    store: ObjectStore, tmp_path: Path
) -> None:
    root = write(tmp_path / "tree", {"file": b"content"})
    Reader(store).read(root)
    assert (root / "file").stat().st_mode & 0o777 == 0o644
    (root / "file").write_bytes(b"other")
    assert store.read(md5(b"content")) == b"content"
    Reader(store, Taking.LINK).read(root)
    assert (root / "file").samefile(store.path(md5(b"other")))
    assert (root / "file").stat().st_mode & 0o777 == 0o444


def test_objects_are_read_only_under_any_umask(store: ObjectStore, tmp_path: Path) -> None:
    root = write(tmp_path / "tree", {"small": b"x", "large": LARGE})
    before = os.umask(0o077)
    try:
        Reader(store).read(root)
    finally:
        os.umask(before)
    assert audit_objects(store.cache) == {md5(b"x"), md5(LARGE)}


@pytest.mark.parametrize("content", [b"content", LARGE], ids=["small", "large"])
@pytest.mark.parametrize("taking", list(Taking))
@pytest.mark.parametrize("same_size", [True, False])
def test_a_damaged_object_is_replaced_by_the_next_file_that_holds_its_content(
    store: ObjectStore, tmp_path: Path, content: bytes, taking: Taking, same_size: bool
) -> None:
    root = write(tmp_path / "tree", {"file": content})
    Reader(store).read(root)
    place = store.path(md5(content))
    place.unlink()
    place.write_bytes(bytes(len(content)) if same_size else b"")
    Reader(store, taking).read(root)
    assert audit_objects(store.cache) == {md5(content)}


def test_a_trusted_object_is_not_read_again(store: ObjectStore, tmp_path: Path) -> None:
    root = write(tmp_path / "tree", {"file": b"content"})
    first = Reader(store)
    first.read(root)
    assert first.ingest is not None
    stamp = first.ingest.stored.get(md5(b"content"))
    assert stamp is not None
    place = store.path(md5(b"content"))
    place.chmod(0o000)
    second = Reader(store)
    second.trusted = {md5(b"content"): stamp}
    assert second.read(root).tree.names == [md5(b"content")]
    assert second.ingest is not None
    assert second.ingest.new_bytes == 0


@pytest.mark.parametrize("before", [b"before", LARGE], ids=["small", "large"])
@pytest.mark.parametrize(
    "after",
    [b"after!", b"longer than before", b"", LARGE[::-1]],
    ids=["same size", "longer", "empty", "large"],
)
@pytest.mark.parametrize("taking", list(Taking))
def test_a_file_written_while_it_is_read_is_kept_as_it_is_in_the_end(
    store: ObjectStore,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    before: bytes,
    after: bytes,
    taking: Taking,
) -> None:
    root = write(tmp_path / "tree", {"file": before})
    settle(root)
    with as_it_is_read(monkeypatch, "file", _once(lambda: (root / "file").write_bytes(after))):
        assert Reader(store, taking).tree(root) == {"file": md5(after)}
    assert md5(after) in audit_objects(store.cache)


@pytest.mark.parametrize("content", [b"before", LARGE], ids=["small", "large"])
def test_a_file_replaced_while_it_is_read_is_read_again(
    store: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    root = write(tmp_path / "tree", {"file": content})
    other = write(tmp_path, {"other": content[::-1]}) / "other"
    settle(tmp_path)
    with as_it_is_read(monkeypatch, "file", _once(lambda: other.replace(root / "file"))):
        found = Reader(store, Taking.LINK).tree(root)
    assert found["file"] in audit_objects(store.cache)


def test_a_file_that_changes_all_the_time_is_named(
    store: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = write(tmp_path / "tree", {"a/file": b"x"})

    def append() -> None:
        with (root / "a/file").open("ab") as file:
            file.write(b"more")

    with (
        as_it_is_read(monkeypatch, "file", append),
        pytest.raises(Conflict, match=r"tree/a/file changed while it was read; nothing was committed"),
    ):
        Reader(store).read(root)
    assert list(store.cache.glob("drafts/*")) == []


@pytest.mark.parametrize("content", [b"x", LARGE], ids=["small", "large"])
def test_a_file_that_vanishes_is_named(
    store: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    root = write(tmp_path / "tree", {"a": content, "b": content})
    with (
        as_it_is_read(monkeypatch, "a", (root / "b").unlink),
        pytest.raises(BadInput, match="tree/b vanished while it was read"),
    ):
        Reader(store).read(root)


def test_a_file_that_became_a_pipe_or_a_link_out_is_not_followed(
    store: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = write(tmp_path / "tree", {"a": b"1", "b": b"2", "z": b"3"})
    secret = write(tmp_path, {"secret": b"secret"}) / "secret"

    def become(make: Callable[[Path], object]) -> Callable[[], None]:
        def act() -> None:
            (root / "b").unlink()
            make(root / "b")

        return act

    for make in (os.mkfifo, lambda path: path.symlink_to(secret)):
        write(tmp_path / "tree", {"b": b"2"})
        with (
            as_it_is_read(monkeypatch, "a", _once(become(make))),
            pytest.raises(Conflict, match="tree/b changed while it was read"),
        ):
            Reader(store).read(root)
        (root / "b").unlink()
    assert md5(b"secret") not in audit_objects(store.cache)


def test_a_file_of_another_file_system_is_not_handed_over(
    store: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    root = write(tmp_path / "tree", {"file": b"x"})
    monkeypatch.setattr("os.link", refuse)
    with pytest.raises(BadInput, match="lies on another file system than the store") as refused:
        Reader(store, Taking.LINK).read(root)
    assert "without --link" in refused.value.next_step


@pytest.mark.needs("root")
def test_files_that_their_reader_may_not_read_are_all_named(store: ObjectStore, tmp_path: Path) -> None:
    root = write(tmp_path / "tree", {f"a/{number}": b"x" for number in range(7)} | {"fine": b"y"})

    def look() -> None:
        with pytest.raises(Denied, match=r"7 files of .* cannot be read: a/0: Permission denied; .* 2 more"):
            Reader(store).read(root)

    as_plain_user(tmp_path, look, locked={root / f"a/{number}": 0o000 for number in range(7)})


@pytest.mark.needs("root")
def test_a_store_that_its_writer_may_not_write_is_not_blamed_on_the_file(
    store: ObjectStore, tmp_path: Path
) -> None:
    root = write(tmp_path / "tree", {"file": b"x"})
    Reader(store).read(write(tmp_path / "other", {"file": b"y"}))

    def look() -> None:
        with pytest.raises(PermissionError, match="drafts"):
            Reader(store).read(root)

    as_plain_user(tmp_path, look, locked={store.cache / "drafts": 0o500})


@pytest.mark.needs("root")
def test_only_its_owner_hands_a_file_over(store: ObjectStore, tmp_path: Path) -> None:
    root = write(tmp_path / "tree", {"file": b"x"})

    def look() -> None:
        with pytest.raises(BadInput, match="belongs to somebody else"):
            Reader(store, Taking.LINK).read(root)

    def look_at_roots() -> None:
        os.chown(root / "file", 0, 0)
        as_plain_user(store.cache.parent / "owned", look)

    (tmp_path / "owned").mkdir()
    (tmp_path / "cache").mkdir()
    os.chown(tmp_path / "cache", 65534, 65534)
    look_at_roots()


@pytest.mark.parametrize("content", [b"x" * 100, LARGE], ids=["small", "large"])
def test_a_disk_that_fills_up_is_told_and_leaves_no_draft(
    store: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    def fail(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    root = write(tmp_path / "tree", {"file": content})
    with monkeypatch.context() as patched:
        patched.setattr("os.write", fail)
        with pytest.raises(Unavailable, match="is full"):
            Reader(store).read(root)
    assert list(store.cache.glob("drafts/*")) == []
    assert Reader(store).tree(root) == {"file": md5(content)}


def test_a_file_that_the_disk_cannot_read_is_named(
    store: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> bytes:
        raise OSError(errno.EIO, "Input/output error")

    root = write(tmp_path / "tree", {"a/file": b"x"})
    monkeypatch.setattr("os.read", fail)
    monkeypatch.setattr("os.pread", fail)
    with pytest.raises(Denied, match="a/file: Input/output error"):
        Reader(store).read(root)


def test_a_store_whose_disk_fails_is_not_told_as_the_users_file(
    store: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> int:
        raise OSError(errno.EIO, "Input/output error")

    root = write(tmp_path / "tree", {"a/file": b"x"})
    monkeypatch.setattr("os.write", fail)
    with pytest.raises(Unavailable, match=f"the disk that holds {store.cache} fails"):
        Reader(store).read(root)


def test_stamps_by_name_are_those_put_there_last() -> None:
    stamps = StoredStamps()
    stamps["a"] = StoredStamp(1, 2, 3)
    stamps["b"] = StoredStamp(4, 5, 6)
    stamps["a"] = StoredStamp(7, 8, 9)
    assert (list(stamps), len(stamps), "c" in stamps) == (["a", "b"], 2, False)
    assert (stamps.get("a"), stamps.get("b"), stamps.get("c")) == (
        StoredStamp(7, 8, 9),
        StoredStamp(4, 5, 6),
        None,
    )


def test_a_cloned_file_that_was_written_meanwhile_is_copied_as_it_was_read(
    store: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = write(tmp_path / "tree", {"file": b"as read"})
    settle(root)

    def write_and_clone(_source: int, target: int) -> bool:
        (root / "file").write_bytes(b"written")
        os.pwrite(target, b"written", 0)
        return True

    store.__dict__["clones"] = True
    monkeypatch.setattr("resources.data.storage.ingesting.clone", write_and_clone)
    ingest = Ingest(store, Taking.COPY, lambda: (root / "file").stat().st_ctime_ns + 10**10, _unknown)
    directory = os.open(root, os.O_RDONLY)
    status = (root / "file").stat()
    seen = (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
    taken = ingest.take(str(root), "", "file", directory, seen)
    os.close(directory)
    assert taken is not None
    assert taken.name == md5(b"as read")
    assert audit_objects(store.cache) == {md5(b"as read")}


def _once(work: Callable[[], object]) -> Callable[[], None]:
    left = [work]

    def act() -> None:
        if left:
            left.pop()()

    return act


def _unknown(name: str) -> StoredStamp | None:
    """No object is known to be whole."""
    return None
