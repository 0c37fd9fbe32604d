"""Which changes break those who read the files."""

import pytest

from resources.data.schemas.comparing import SchemaChange, What, compare
from resources.data.schemas.texts import changes
from tests.resources.data.schemas.trees import schema

TABLE = b"id,label,score\na,cat,1\nb,dog,2\n"
COCO = b'{"images": [], "annotations": [], "categories": [{"name": "cat"}]}'


def differences(before: dict[str, bytes], after: dict[str, bytes]) -> list[tuple[str, str, What, str]]:
    found = compare(schema(before), schema(after))
    return [(one.path, one.column, one.what, one.name) for one in found]


@pytest.mark.parametrize(
    ("after", "found"),
    [
        (b"id,label\na,cat\nb,dog\n", ("score", What.COLUMN_REMOVED, "")),
        (b"id,label,score\na,cat,1.5\nb,dog,2\n", ("score", What.TYPE_CHANGED, "integer → number")),
        (b"id,label,score\na,cat,1\nb,cat,2\n", ("label", What.CLASS_REMOVED, "dog")),
        (b"\xff", ("", What.FILE_UNREADABLE, "")),
        (b'id,"', ("", What.FILE_UNREADABLE, "")),
    ],
)
def test_what_breaks_readers_of_a_table(after: bytes, found: tuple[str, What, str]) -> None:
    assert differences({"t.csv": TABLE}, {"t.csv": after}) == [("t.csv", *found)]
    assert SchemaChange("t.csv", *found).breaks


@pytest.mark.parametrize(
    ("after", "found"),
    [
        (TABLE + b"c,cow,3\n", [("label", What.CLASS_ADDED, "cow")]),
        (b"id,label,score,by\na,cat,1,x\nb,dog,2,x\n", [("by", What.COLUMN_ADDED, "")]),
        (b"score,label,id\n1,cat,a\n2,dog,b\n", []),
        (b"id,label,score\na,cat,\nb,dog,\n", []),
        (b"id,label,score\n1,cat,1\n2,dog,2\n", [("id", What.TYPE_NARROWED, "text → integer")]),
    ],
)
def test_what_breaks_nobody(after: bytes, found: list[tuple[str, What, str]]) -> None:
    assert differences({"t.csv": TABLE}, {"t.csv": after}) == [("t.csv", *one) for one in found]
    assert not any(change.breaks for change in compare(schema({"t.csv": TABLE}), schema({"t.csv": after})))


def test_what_is_renamed_breaks() -> None:
    renamed = compare(schema({"t.csv": TABLE}), schema({"t.csv": TABLE.replace(b"dog", b"hound")}))
    assert [(one.what, one.name, one.breaks) for one in renamed] == [
        (What.CLASS_ADDED, "hound", False),
        (What.CLASS_REMOVED, "dog", True),
    ]
    moved = compare(schema({"t.csv": TABLE}), schema({"u.csv": TABLE}))
    assert [(one.path, one.what) for one in moved] == [
        ("t.csv", What.FILE_REMOVED),
        ("u.csv", What.FILE_ADDED),
    ]


def test_a_text_is_no_number_in_json() -> None:
    assert differences({"r.jsonl": b'{"x": "1"}'}, {"r.jsonl": b'{"x": 1}'}) == [
        ("r.jsonl", "x", What.TYPE_CHANGED, "text → integer")
    ]


def test_a_folder_a_category_and_a_format_that_go_break() -> None:
    before = {"cat/1.jpg": b"1", "dog/2.jpg": b"2", "cow/3.png": b"3", "c.json": COCO}
    after = {"cat/1.jpg": b"1", "dog/2.jpg": b"2", "c.json": COCO.replace(b'"cat"', b'"pig"')}
    assert [one for one in differences(before, after) if one[2] is not What.CLASS_ADDED] == [
        ("", "", What.CLASS_REMOVED, "cow"),
        ("", "", What.FORMAT_REMOVED, ".png"),
        ("c.json", "categories.name", What.CLASS_REMOVED, "cat"),
    ]


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        (("cat", "dog"), ("cat",), [(What.CLASS_REMOVED, "dog")]),
        (("cat",), ("cat", "dog"), [(What.CLASS_ADDED, "dog")]),
        (("cat", "dog"), (), [(What.CLASS_REMOVED, "cat"), (What.CLASS_REMOVED, "dog")]),
        ((), ("cat", "dog"), [(What.CLASS_ADDED, "cat"), (What.CLASS_ADDED, "dog")]),
        (("monday",), ("tuesday",), []),
        (("monday",), (), []),
        (("monday",), ("cat", "dog"), [(What.CLASS_ADDED, "cat"), (What.CLASS_ADDED, "dog")]),
        (("00", "01"), ("02", "03"), []),
    ],
)
def test_one_folder_alone_is_no_class_and_the_same_one_beside_others(
    before: tuple[str, ...], after: tuple[str, ...], found: list[tuple[What, str]]
) -> None:
    old, new = ({f"{name}/1.jpg": b"1" for name in names} | {"2.jpg": b"2"} for names in (before, after))
    assert [(one.what, one.name) for one in compare(schema(old), schema(new))] == found


NOTE = b'{"id": 1, "label": "cat", "note": "late"}\n'
LINE = b'{"id": 1, "label": "cat", "size": 3}\n'
WORD = LINE.replace(b"3", b'"x"')
HEADER, ROW = b"id,label,size\n", b"a,cat,3\n"
MANY = 4 * 1024 * 1024 // len(ROW) + 1
"""So many lines that only the first of them are read."""
PARTLY_READ = {
    "a key that stood far down": (LINE + NOTE, LINE * MANY + NOTE, [("note", What.COLUMN_UNSEEN, "")]),
    "a key that stands far down": (LINE * MANY + NOTE, LINE + NOTE, []),
    "lines in another order": (LINE * MANY + NOTE, NOTE + LINE * MANY, []),
    "a type in what was read": (LINE * MANY, WORD * MANY, [("size", What.TYPE_SEEN, "integer → text")]),
    "a type that was nowhere": (LINE, WORD * MANY, [("size", What.TYPE_CHANGED, "integer → text")]),
    "a cell far down": (
        HEADER + b"a,cat,x\n",
        HEADER + ROW * MANY,
        [("size", What.TYPE_SEEN, "text → integer")],
    ),
    "fewer rows": (HEADER + ROW * MANY, HEADER + ROW, []),
    "a header": (
        HEADER.replace(b"size", b"other") + ROW,
        HEADER + ROW * MANY,
        [("other", What.COLUMN_REMOVED, ""), ("size", What.COLUMN_ADDED, "")],
    ),
    "one long line": (TABLE, b"x" * 1024 * 1024 + HEADER + ROW * MANY, [("", What.FILE_UNREAD, "")]),
}


@pytest.mark.parametrize("case", PARTLY_READ)
def test_of_a_file_of_which_the_beginning_was_read_the_rest_may_be_as_before(case: str) -> None:
    before, after, found = PARTLY_READ[case]
    path = "r.jsonl" if b"{" in before[:1] else "t.csv"
    assert differences({path: before}, {path: after}) == [(path, *one) for one in found]


def test_what_was_not_read_breaks_nobody() -> None:
    for what in (What.COLUMN_UNSEEN, What.TYPE_SEEN, What.FILE_UNREAD):
        assert not SchemaChange("r.jsonl", "note", what).breaks


def test_a_file_that_is_mended_breaks_nobody() -> None:
    assert differences({"t.csv": b"\xff"}, {"t.csv": TABLE}) == [("t.csv", "", What.FILE_READABLE, "")]
    assert differences({"t.csv": b"\xff"}, {"t.csv": b'"'}) == []


def test_so_many_files_that_nobody_looks_into_them_break_nobody() -> None:
    few = {f"labels/{place}.csv": TABLE for place in range(60)}
    many = {f"labels/{place}.csv": TABLE for place in range(1, 70)}
    assert differences(few, many) == []


def test_other_json_that_becomes_a_coco_file_comes_and_goes() -> None:
    assert differences({"c.json": b"{}"}, {"c.json": COCO}) == [("c.json", "", What.FILE_ADDED, "")]
    assert differences({"c.json": COCO}, {"c.json": b"{}"}) == [("c.json", "", What.FILE_REMOVED, "")]


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        ("{}", '{"classes": ["a"]}', [(What.DECLARED, False)]),
        ('{"classes": ["a"]}', '{"classes": ["b"]}', [(What.REDECLARED, True)]),
        ('{"classes": ["a"]}', "{}", [(What.REDECLARED, True)]),
        ("classes: a", "classes: a", []),
        ("{}", '{"read": 2, "files": {}, "formats": [".jpg"], "class_folders": [], "unread_from": {}}', []),
        (
            '{"read": 1}',
            '{"read": 2, "files": {}, "formats": [], "class_folders": [], "unread_from": {}}',
            [],
        ),
        (
            '{"read": 2}',
            '{"read": 2, "files": {}, "formats": [], "class_folders": [], "unread_from": {}}',
            [],
        ),
    ],
)
def test_declared_and_unknown_schemas(before: str, after: str, found: list[tuple[What, bool]]) -> None:
    assert [(one.what, one.breaks) for one in changes(before, after)] == found
