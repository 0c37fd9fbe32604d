import errno
from pathlib import Path

import pytest

from resources.data.making.sources.tables import ManifestSource
from resources.data.making.sources.taking import Journal, Known
from resources.data.storage.objects import ObjectStore, StoredObject
from resources.errors import Unavailable
from resources.terms import SampleId
from tests.resources.data.making.sources.taken import Taker, told
from tests.resources.data.shapes import image

ONE = Known("stamp", SampleId("ab" * 32), StoredObject("cd" * 16, 9))


def manifest(folder: Path, count: int) -> ManifestSource:
    for one in range(count):
        (folder / f"{one}.png").write_bytes(image(one))
    (folder / "list.csv").write_text("path,label\n" + "".join(f"{one}.png,\n" for one in range(count)))
    return ManifestSource("list", "list.csv")


def test_a_journal_that_was_cut_short_forgets_only_its_last_line(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.jsonl")
    with journal:
        journal.add("a.png", ONE)
        journal.add("b.png", ONE)
    journal.path.write_bytes(journal.path.read_bytes()[:-12])
    assert list(journal.read()) == ["a.png"]
    with journal:
        journal.add("c.png", ONE)
    assert journal.read() == {"a.png": ONE, "c.png": ONE}


def test_what_is_no_journal_is_read_as_nothing(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_bytes(b'\xff\xfe\n{"a": 1}\n[1]\n5\n')
    assert Journal(path).read() == {}


def test_content_that_went_missing_from_the_store_is_taken_again(taker: Taker, tmp_path: Path) -> None:
    source = manifest(tmp_path, 3)
    first = taker.take(source)
    taker.objects.path(first.files[1].stored.md5).unlink()
    assert taker.take(source) == first
    assert taker.objects.read(first.files[1].stored.md5) == image(1)


def test_what_a_source_offers_no_more_is_forgotten(taker: Taker, tmp_path: Path) -> None:
    taker.take(manifest(tmp_path, 3))
    assert len(taker.take(manifest(tmp_path, 2)).files) == 2
    assert len(Journal(tmp_path / ".source-list.jsonl").read()) == 2


def test_a_full_disk_stops_it_and_an_unreadable_file_does_not(
    taker: Taker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = manifest(tmp_path, 2)
    right = Path.read_bytes

    def denied(self: Path) -> bytes:
        if self.name == "0.png":
            raise PermissionError(errno.EACCES, "Permission denied")
        return right(self)

    monkeypatch.setattr(Path, "read_bytes", denied)
    assert told(taker.take(source)) == {"list/0.png": "it cannot be read: Permission denied"}
    monkeypatch.undo()

    def full(*_: object, **__: object) -> StoredObject:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(ObjectStore, "put", full)
    with pytest.raises(Unavailable, match="is full"):
        taker.take(source)
