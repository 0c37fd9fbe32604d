import os
from collections.abc import Callable
from pathlib import Path

import pytest

from resources.data.making.inventory import Inventory, take_inventory
from resources.data.storage.objects import ObjectStore
from resources.errors import Unavailable
from tests.resources.data.plain_user import as_plain_user
from tests.resources.data.shapes import image, write_source

LONG_AGO = 1_600_000_000


@pytest.fixture
def take(tmp_path: Path) -> Callable[[], Inventory]:
    """Takes the inventory of ``tmp_path / "source"``."""
    (tmp_path / "source").mkdir()
    store = ObjectStore(tmp_path / "cache")
    return lambda: take_inventory(tmp_path / "source", store, tmp_path / "index.json")


def test_every_image_is_found_wherever_it_lies_and_hidden_files_are_not(
    tmp_path: Path, take: Callable[[], Inventory]
) -> None:
    write_source(tmp_path / "source", range(3))
    write_source(tmp_path / "source/more/of/them", range(3, 5))
    (tmp_path / "source/more/of/them/labels.csv").unlink()
    write_source(tmp_path / "source/.hidden", [9])
    (tmp_path / "source/.draft.png").write_bytes(b"")
    assert [file.name for file in take().files] == [
        "shape-000.png",
        "shape-001.png",
        "shape-002.png",
        "more/of/them/shape-003.png",
        "more/of/them/shape-004.png",
    ]


def test_a_file_that_did_not_change_is_not_read_again(tmp_path: Path, take: Callable[[], Inventory]) -> None:
    write_source(tmp_path / "source", range(2))
    first = take()
    path = tmp_path / "source/shape-000.png"
    os.utime(path, (LONG_AGO, LONG_AGO))
    assert take() == first
    index = (tmp_path / "index.json").read_text()
    assert take() == first
    assert (tmp_path / "index.json").read_text() == index


def test_a_file_that_changed_within_a_moment_is_seen_even_when_size_and_time_are_the_same(
    tmp_path: Path, take: Callable[[], Inventory]
) -> None:
    write_source(tmp_path / "source", [0])
    path = tmp_path / "source/shape-000.png"
    before = take().files[0]
    stamp = path.stat().st_mtime_ns
    path.write_bytes(image(2))
    os.utime(path, ns=(stamp, stamp))
    assert take().files[0].id != before.id


def test_content_that_went_missing_from_the_store_is_taken_up_again(
    tmp_path: Path, take: Callable[[], Inventory], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_source(tmp_path / "source", [0])
    monkeypatch.setattr("time.time_ns", lambda: 10**20)  # so late that every file has long been still
    found = take().files[0]
    store = ObjectStore(tmp_path / "cache")
    store.path(found.stored.md5).unlink()
    assert take().files[0] == found
    assert store.holds(found.stored)
    assert take().files[0] == found


@pytest.mark.parametrize("index", ["", "[1]", '{"shape-000.png": [1]}', "{"])
def test_a_damaged_index_only_costs_time(tmp_path: Path, take: Callable[[], Inventory], index: str) -> None:
    write_source(tmp_path / "source", range(2))
    (tmp_path / "index.json").write_text(index)
    assert len(take().files) == 2


def test_what_is_no_image_or_cannot_be_read_is_named(tmp_path: Path, take: Callable[[], Inventory]) -> None:
    write_source(tmp_path / "source", [0])
    (tmp_path / "source/notes.txt").write_text("hello")
    (tmp_path / "source/gone.png").symlink_to("nowhere.png")
    inventory = take()
    assert [file.name for file in inventory.files] == ["shape-000.png"]
    problems = {stray.file: stray.problem for stray in inventory.strays}
    assert "does not end like an image's" in problems["notes.txt"]
    assert problems["gone.png"] == "it cannot be read: No such file or directory"


def test_a_source_that_cannot_be_read_is_not_an_empty_one(
    tmp_path: Path, take: Callable[[], Inventory]
) -> None:
    assert take().files == (), "nobody has made it yet"
    write_source(tmp_path / "source", range(2))

    def look() -> None:
        with pytest.raises(Unavailable, match="source cannot be read: Permission denied"):
            take()

    as_plain_user(tmp_path, look, locked={tmp_path / "source": 0o000})


def test_a_folder_that_cannot_be_read_is_told(tmp_path: Path, take: Callable[[], Inventory]) -> None:
    write_source(tmp_path / "source", range(2))
    write_source(tmp_path / "source/more", [2])

    def look() -> None:
        taken = take()
        assert [file.name for file in taken.files] == ["shape-000.png", "shape-001.png"]
        [stray] = taken.strays
        assert (stray.file, stray.problem) == (
            "more",
            "what lies in the folder cannot be seen: Permission denied",
        )

    as_plain_user(tmp_path, look, locked={tmp_path / "source/more": 0o000})
