"""JSON lines and COCO files: keys, types, classes, and what is neither."""

import json

import pytest

from resources.data.merging.records.rules import FileKind
from resources.data.schemas.contents import annotation_file
from resources.data.schemas.model import AnnotationFile, Column, Type, Unread


def lines(*records: object) -> AnnotationFile:
    return annotation_file(FileKind.JSONL, "\n".join(map(json.dumps, records)).encode())


def coco(document: object) -> AnnotationFile:
    return annotation_file(FileKind.COCO, json.dumps(document).encode())


def test_a_key_has_each_type_that_stands_behind_it() -> None:
    found = lines({"id": 1, "x": 1, "box": [1]}, {"id": 2, "x": 1.5, "note": None}, {"id": "3", "meta": {}})
    assert found.columns == {
        "id": Column((Type.INTEGER, Type.TEXT)),
        "x": Column((Type.NUMBER,)),
        "box": Column((Type.LIST,)),
        "note": Column(()),
        "meta": Column((Type.OBJECT,)),
    }


def test_labels_are_classes_alone_and_in_lists() -> None:
    found = lines({"label": "cat"}, {"label": ["dog", "cat"]}, {"label": 3}, {"label": None}, {})
    assert found.columns["label"].classes == ("3", "cat", "dog")
    assert lines({"label": {"name": "cat"}}).columns["label"].classes is None


def test_categories_are_classes() -> None:
    found = coco(
        {
            "images": [{"id": 1, "file_name": "a.png"}],
            "annotations": [{"id": 1, "bbox": [1, 2, 3, 4]}],
            "categories": [{"id": 1, "name": "dog"}, {"id": 2, "name": "cat"}],
        }
    )
    assert found.columns["categories.name"] == Column((Type.TEXT,), ("cat", "dog"))
    assert found.columns["annotations.bbox"] == Column((Type.LIST,))
    assert set(found.columns) >= {"images.file_name", "images.id", "categories.id"}


@pytest.mark.parametrize("document", [{}, [], 1, {"images": []}, {"images": {}, "annotations": []}])
def test_other_json_is_no_annotation_file(document: object) -> None:
    assert coco(document) == AnnotationFile(FileKind.WHOLE)


@pytest.mark.parametrize(
    ("kind", "content", "why"),
    [
        (FileKind.JSONL, b'{"a": 1}\n[1]\n', Unread.BROKEN),
        (FileKind.JSONL, b'{"a": 1}\n{"a"', Unread.BROKEN),
        (FileKind.JSONL, b"\xff", Unread.NOT_UTF8),
        (FileKind.JSONL, b"[" * 100_000, Unread.BROKEN),
        (FileKind.COCO, b'{"images": [1], "annotations": []}', Unread.BROKEN),
        (FileKind.COCO, b"", Unread.BROKEN),
    ],
)
def test_what_cannot_be_read_is_told(kind: FileKind, content: bytes, why: Unread) -> None:
    assert annotation_file(kind, content).unread is why


def test_of_a_large_file_the_last_line_is_left_out_where_it_is_cut() -> None:
    found = annotation_file(FileKind.JSONL, b'{"label": "a"}\n{"other', is_whole=False)
    assert (found.columns, found.is_whole) == ({"label": Column((Type.TEXT,))}, False)


@pytest.mark.parametrize("kind", [FileKind.JSONL, FileKind.CSV])
def test_a_line_longer_than_what_is_read_is_too_large(kind: FileKind) -> None:
    assert annotation_file(kind, b'{"label": "', is_whole=False).unread is Unread.TOO_LARGE
