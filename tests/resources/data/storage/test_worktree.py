"""What is read again and what is not: the index saves reading, and never hides a change."""

import os
import random
import shutil
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.data.storage.giving import Giving
from resources.data.storage.objects import ObjectStore
from tests.examples import drawing
from tests.resources.data.auditor import md5_of
from tests.resources.data.folders import read, settle, write
from tests.resources.data.storage.trees import Reader, given_out, opened

LATER_NS = 10_000_000_000


def later() -> int:
    """A clock by which every file has been still for long."""
    return time.time_ns() + LATER_NS


@pytest.fixture
def store(tmp_path: Path) -> ObjectStore:
    return ObjectStore(tmp_path / "cache")


def test_a_file_that_did_not_change_is_not_opened_again(
    store: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = write(tmp_path / "tree", {"a": b"1", "b/c": b"2", "b/d": b"3"})
    reader = Reader(store, now_ns=later)
    first = reader.read(root)
    with opened(monkeypatch) as names:
        assert reader.read(root).tree == first.tree
        assert names == []
        write(root, {"b/c": b"22"})
        assert reader.tree(root)["b/c"] == md5_of(b"22")
        assert names == ["c"]
    assert reader.read(root).changed_rows == ()


def test_new_removed_and_renamed_files_leave_the_others_unread(
    store: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = write(tmp_path / "tree", {"a": b"1", "b": b"2", "c": b"3", "gone/x": b"4"})
    reader = Reader(store, now_ns=later)
    reader.read(root)
    (root / "a").unlink()
    (root / "b").rename(root / "z")
    shutil.rmtree(root / "gone")
    write(root, {"new": b"5"})
    with opened(monkeypatch) as names:
        assert reader.tree(root) == {path: md5_of(content) for path, content in read(root).items()}
        assert sorted(names) == ["new", "z"]
    assert b"gone/" not in reader.index


def test_a_file_written_a_moment_ago_is_read_again(
    store: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Within one tick of the kernel's clock a file can change twice and bear one time stamp.
    root = write(tmp_path / "tree", {"young": b"1", "old": b"2"})
    settle(root)
    young = (root / "young").stat()
    os.utime(root / "young", ns=(young.st_atime_ns, time.time_ns()))
    reader = Reader(store, now_ns=lambda: (root / "young").stat().st_mtime_ns + 1_000_000_000)
    reader.read(root)
    with opened(monkeypatch) as names:
        reader.read(root)
        assert names == ["old", "young"]  # the settled one was touched just now, too


def test_what_was_given_out_is_not_read_when_it_is_committed(
    store: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = Reader(store).read(write(tmp_path / "tree", {"a": b"1", "b/c": b"2"})).tree
    for giving in (Giving.COPY, Giving.LINK):
        target = tmp_path / giving.value
        given = given_out(store, tree, target, giving)
        reader = Reader(store)
        reader.index = {row.folder: row for row in given.rows}
        with opened(monkeypatch) as names:
            assert reader.read(target).tree == tree
            assert names == []


def test_large_files_are_read_side_by_side(store: ObjectStore, tmp_path: Path) -> None:
    contents = {f"{number}": bytes([number]) * (1024 * 1024 + number) for number in range(1, 6)}
    root = write(tmp_path / "tree", contents)
    assert Reader(store).tree(root) == {path: md5_of(content) for path, content in contents.items()}


NAMES = ["a", "b", "c", "d/e", "d/f", "d", "a/b"]


class Editor:
    """Changes a folder in ways that programs and people do, tricks with time stamps among them."""

    def __init__(self, root: Path, draw: random.Random) -> None:
        self.root, self.draw = root, draw

    def act(self) -> None:
        """One change, or none where there is nothing to change."""
        files = sorted(path for path in self.root.rglob("*") if path.is_file())
        act = self.draw.choice(
            [self.write, self.write, self.rewrite, self.rename, self.swap, self.remove, self.link]
        )
        if files or act == self.write:
            act(files)

    def write(self, _files: list[Path]) -> None:
        """A file, where a folder may have been."""
        path = self.root / self.draw.choice(NAMES)
        for above in (path, *path.parents):
            if above == self.root:
                break
            if above.is_file():
                above.unlink()
        if path.is_dir():
            shutil.rmtree(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(self._content())

    def rewrite(self, files: list[Path]) -> None:
        """Another content of the same size, with the time stamp of before."""
        path = self.draw.choice(files)
        before, content = path.stat(), path.read_bytes()
        path.write_bytes(bytes(255 - byte for byte in content))
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

    def rename(self, files: list[Path]) -> None:
        """One file over another."""
        self.draw.choice(files).replace(self.draw.choice(files))

    def swap(self, files: list[Path]) -> None:
        """Two files change places."""
        one, other = self.draw.choice(files), self.draw.choice(files)
        one.rename(self.root / "aside")
        if other.exists():
            other.rename(one)
        (self.root / "aside").rename(other)

    def remove(self, files: list[Path]) -> None:
        """One file."""
        self.draw.choice(files).unlink()

    def link(self, files: list[Path]) -> None:
        """A second name for one file."""
        target = self.root / f"linked-{self.draw.randrange(3)}"
        target.unlink(missing_ok=True)
        source = self.draw.choice(files)
        if source.exists():
            os.link(source, target)

    def _content(self) -> bytes:
        return bytes([self.draw.randrange(3)]) * self.draw.randrange(4)


@given(seed=st.integers(0, 2**32), edits=st.integers(1, 12))
@drawing(2)
def test_the_index_hides_no_change(seed: int, edits: int) -> None:
    draw = random.Random(seed)
    with tempfile.TemporaryDirectory() as place:
        root = write(Path(place, "tree"), {"a": b"1", "d/e": b"2"})
        settle(root)
        reader = Reader(ObjectStore(Path(place, "cache")))
        editor = Editor(root, draw)
        for _ in range(edits):
            if draw.random() < 0.3:
                settle(root)
            editor.act()
            if draw.random() < 0.7:
                expected = {path: md5_of(content) for path, content in read(root).items()}
                assert reader.tree(root) == expected


@given(
    st.dictionaries(
        st.lists(st.binary(min_size=1, max_size=6), min_size=1, max_size=3).map(
            lambda parts: os.fsdecode(
                b"/".join(part.replace(b"/", b"_").replace(b"\0", b"0") for part in parts)
            )
        ),
        st.binary(max_size=40),
        min_size=1,
        max_size=8,
    ),
    st.sampled_from(Giving),
)
@drawing(2)
def test_what_is_committed_comes_back_byte_for_byte(files: dict[str, bytes], giving: Giving) -> None:
    with tempfile.TemporaryDirectory() as place:
        kept = {}
        root = Path(place, "tree")
        root.mkdir()
        for path, content in files.items():
            try:
                write(root, {path: content})
            except (FileExistsError, NotADirectoryError, IsADirectoryError):
                continue  # a file where another one has a folder, or "." and ".."
            kept[path] = content
        store = ObjectStore(Path(place, "cache"))
        reader = Reader(store)
        if not read(root):
            return
        tree = reader.read(root).tree
        assert given_out(store, tree, Path(place, "given"), giving).damaged == []
        assert read(Path(place, "given")) == read(root)
        assert reader.read(root).tree == tree
