import os
import time
from pathlib import Path

import pytest

from resources.data.making.sources import watched
from resources.data.making.sources.watched import WatchedFolder
from resources.errors import NotFound, Unavailable
from tests.resources.data.making.sources.taken import Taker, told
from tests.resources.data.plain_user import as_plain_user
from tests.resources.data.shapes import image

SOURCE = WatchedFolder("camera", "camera")
LONG_AGO_S = 1_600_000_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "camera/day").mkdir(parents=True)
    return tmp_path / "camera"


def put(path: Path, content: bytes, age_s: float = 60) -> None:
    path.write_bytes(content)
    os.utime(path, (time.time() - age_s,) * 2)


def test_files_that_are_still_are_taken_and_others_wait(
    taker: Taker, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watched, "_FolderReader", taker.counted(watched._FolderReader))
    put(folder / "a.png", image(1))
    put(folder / "day/b.png", image(2))
    put(folder / "fresh.png", image(3)[:20], age_s=1)
    for name in ("c.png.part", "d.png.tmp", ".e.png", "f.png~", "g.png.crdownload"):
        put(folder / name, image(4))
    first = taker.take(SOURCE)
    assert [file.name for file in first.files] == ["camera/a.png", "camera/day/b.png"]
    assert first.strays == ()
    put(folder / "fresh.png", image(3))
    assert [file.name for file in taker.take(SOURCE).files][-1] == "camera/fresh.png"
    assert taker.read == ["a.png", "day/b.png", "fresh.png"]


def test_links_pipes_and_other_files_are_not_taken(taker: Taker, folder: Path) -> None:
    put(folder.parent / "secret.png", image(1))
    (folder / "link.png").symlink_to(folder.parent / "secret.png")
    os.mkfifo(folder / "pipe.png")
    put(folder / "notes.txt", b"hello")
    put(folder / os.fsdecode(b"name-\xff.png"), image(2))
    taken = taker.take(SOURCE)
    assert taken.files == ()
    assert set(told(taken)) == {"camera/notes.txt", "camera/name-?.png"}


def test_a_file_that_changes_while_it_is_read_comes_with_the_next_look(
    taker: Taker, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(folder / "a.png", image(1))
    right = Path.read_bytes

    def meddle(self: Path) -> bytes:
        content = right(self)
        if self.name == "a.png":
            self.write_bytes(image(2))
        return content

    monkeypatch.setattr(Path, "read_bytes", meddle)
    assert told(taker.take(SOURCE)) == {"camera/a.png": "it changed while it was read"}
    monkeypatch.undo()
    os.utime(folder / "a.png", (LONG_AGO_S, LONG_AGO_S))
    [file] = taker.take(SOURCE).files
    assert taker.objects.read(file.stored.md5) == image(2)


def test_a_folder_that_is_not_there_is_told(taker: Taker) -> None:
    with pytest.raises(NotFound, match="camera of source camera is not there"):
        taker.take(SOURCE)


def test_a_folder_that_cannot_be_read_is_told_and_the_others_come(taker: Taker, folder: Path) -> None:
    put(folder / "day/a.png", image(1))
    put(folder / "b.png", image(2))
    (folder / ".aside").mkdir()

    def look() -> None:
        taken = taker.take(SOURCE)
        assert [file.name for file in taken.files] == ["camera/b.png"]
        assert told(taken) == {"camera/day": "what lies in the folder cannot be seen: Permission denied"}

    as_plain_user(taker.folder, look, locked={folder / "day": 0o000, folder / ".aside": 0o000})


def test_a_watched_folder_that_cannot_be_read_is_not_an_empty_one(taker: Taker, folder: Path) -> None:
    def look() -> None:
        with pytest.raises(Unavailable, match=r"camera cannot be read: Permission denied"):
            taker.take(SOURCE)

    as_plain_user(taker.folder, look, locked={folder: 0o000})
