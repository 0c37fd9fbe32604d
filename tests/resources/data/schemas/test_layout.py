"""What paths tell: formats, class folders, and which annotation files are looked into."""

import pytest

from resources.data.merging.records.rules import FileKind
from resources.data.schemas.classes import class_folders
from resources.data.schemas.layout import layout_of


@pytest.mark.parametrize(
    ("paths", "classes"),
    [
        (["cat/1.jpg", "dog/2.jpg"], ("cat", "dog")),
        (["train/cat/1.jpg", "test/dog/sub/2.jpg"], ("cat", "dog")),
        (["0/1.png", "1/2.png", "cover.png"], ("0", "1")),
        (["cat/1.jpg", "notes/a.txt"], ()),
        (["images/1.jpg", "masks/1.png"], ()),
        (["images/train/1.jpg", "labels/train/1.txt"], ()),
        (["00/1.jpg", "a7/2.jpg"], ()),
        (["00/1.jpg", "a7/2.jpg", "cat/3.jpg"], ("00", "a7", "cat")),
        ([".hidden/1.jpg", "cat/2.jpg", "dog/3.JPG"], ("cat", "dog")),
        ([f"k{place}/1.jpg" for place in range(1001)], None),
    ],
)
def test_folders_of_pictures_are_classes(paths: list[str], classes: tuple[str, ...] | None) -> None:
    assert class_folders(layout_of(sorted(paths)).folders) == classes


@pytest.mark.parametrize(
    ("paths", "folders"),
    [(["cat/1.jpg", "2.jpg"], ("cat",)), (["cafe/1.jpg"], ("cafe",)), (["00/1.jpg", "01/2.jpg"], ())],
)
def test_one_folder_alone_is_kept_for_when_another_comes(paths: list[str], folders: tuple[str, ...]) -> None:
    assert layout_of(sorted(paths)).folders == folders


def test_formats_are_those_of_pictures_sounds_and_films() -> None:
    paths = sorted(["a.JPG", "b.jpeg", "x/c.wav", "d.txt", "jpg", "e.jpg/readme", "f.mp4"])
    assert layout_of(paths).formats == (".jpg", ".mp4", ".wav")


def test_annotation_files_are_known_by_their_names() -> None:
    paths = sorted(["a.csv", "b/c.tsv", "d.jsonl", "e.ndjson", "f.json", "g.txt", "h.CSV"])
    assert layout_of(paths).annotation_files == {
        "a.csv": FileKind.CSV,
        "b/c.tsv": FileKind.CSV,
        "d.jsonl": FileKind.JSONL,
        "e.ndjson": FileKind.JSONL,
        "f.json": FileKind.COCO,
    }


def test_a_file_for_each_sample_is_not_looked_into() -> None:
    each = [f"labels/{place}.json" for place in range(64)]
    layout = layout_of(sorted(["all.json", "labels/x.csv", *each]))
    assert layout.unread_from == {FileKind.COCO: 1}
    assert set(layout.annotation_files) == {"all.json", "labels/x.csv"}
    assert layout_of(sorted(each)).unread_from == {}
