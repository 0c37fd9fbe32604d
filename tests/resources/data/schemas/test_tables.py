"""Tables: columns, types, classes, and what is no table."""

import pytest

from resources.data.merging.records.rules import FileKind
from resources.data.schemas.contents import annotation_file
from resources.data.schemas.model import Column, Type, Unread


def columns(text: str) -> dict[str, Column]:
    found = annotation_file(FileKind.CSV, text.encode())
    assert found.unread is None, found.unread
    return dict(found.columns)


@pytest.mark.parametrize(
    ("cells", "types"),
    [
        (["1", "-2"], (Type.INTEGER,)),
        (["1", "2.5", "1e-3"], (Type.NUMBER,)),
        (["1", "x"], (Type.TEXT,)),
        (["true", "False"], (Type.BOOLEAN,)),
        (["007", "010"], (Type.TEXT,)),
        (["", "3", "nan"], (Type.INTEGER,)),
        (["", "nan"], ()),
    ],
)
def test_a_column_has_the_type_that_all_its_cells_have(cells: list[str], types: tuple[Type, ...]) -> None:
    rows = "".join(f"r{place},{cell}\n" for place, cell in enumerate(cells))
    assert columns(f"id,value\n{rows}")["value"] == Column(types)


def test_labels_are_classes() -> None:
    found = columns('file,label\n1.png,cat\n2.png,"big, dog"\n3.png,cat\n4.png,\n')
    assert found == {
        "file": Column((Type.TEXT,)),
        "label": Column((Type.TEXT,), ("big, dog", "cat")),
    }


def test_many_labels_that_stand_there_once_are_no_classes() -> None:
    rows = "".join(f"{place},a picture of {place}\n" for place in range(30))
    assert columns(f"id,label\n{rows}")["label"].classes is None
    twice = "".join(f"{place},kind {place // 2}\n" for place in range(60))
    assert len(columns(f"id,label\n{twice}")["label"].classes or ()) == 30


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_the_separator_is_found(separator: str) -> None:
    text = "id,label\na,cat\n".replace(",", separator)
    assert list(columns(text)) == ["id", "label"]


def test_a_byte_order_mark_and_other_line_ends_are_form() -> None:
    assert columns("\ufeffid,label\r\na,cat\r\n") == columns("id,label\na,cat\n")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", Unread.NO_HEADER),
        (b"1.png,cat\n2.png,dog\n", Unread.NO_HEADER),
        (b"1,2\n3,4\n", Unread.NO_HEADER),
        (b"a,a\n1,2\n", Unread.NO_HEADER),
        (b"a,b\n1\n", Unread.BROKEN),
        (b'a,b\n1,"2\n', Unread.BROKEN),
        (b"a,b\n\xff,2\n", Unread.NOT_UTF8),
        (",".join(f"c{place}" for place in range(501)).encode(), Unread.TOO_LARGE),
    ],
)
def test_what_is_no_table_is_told(content: bytes, why: Unread) -> None:
    assert annotation_file(FileKind.CSV, content).unread is why


def test_of_a_large_table_the_beginning_tells_columns_and_no_classes() -> None:
    found = annotation_file(FileKind.CSV, b'id,label\na,cat\nb,"do\ng', is_whole=False)
    assert found.columns == {"id": Column((Type.TEXT,)), "label": Column((Type.TEXT,))}
