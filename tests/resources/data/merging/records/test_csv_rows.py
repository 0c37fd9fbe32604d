"""Tables: row by row, cell by cell, column by column, and nothing lost."""

import csv
import io
from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.data.merging.model import Choice, ConflictKind, Resolution
from resources.data.merging.records.csv_rows import merge_csv
from tests.examples import drawing
from tests.resources.data.merging.records.merging import (
    Merged,
    answered,
    check_laws,
    harmless,
    merged,
    why_not,
)

BASE = "id,label,score\na,cat,0.50\nb,dog,1\nc,fox,\n"


def table(ours: str, theirs: str, base: str | None = BASE, *answers: Resolution) -> Merged:
    return merged(merge_csv, (base, ours, theirs), answers)


# Drawn tables: few ids, few columns, so that edits of the two sides meet often.


@dataclass(frozen=True)
class Sheet:
    columns: tuple[str, ...]
    """Without the id, which stands first."""
    rows: tuple[tuple[str, tuple[str, ...]], ...]
    """Ids and cells as they are written."""

    def text(self, newline: str = "\n", end: bool = True) -> str:
        lines = [",".join(("id", *self.columns)), *(",".join((key, *cells)) for key, cells in self.rows)]
        return newline.join(lines) + (newline if end else "")

    @property
    def content(self) -> bytes:
        return self.text().encode()


ids = st.sampled_from(["a", "b", "c", "7", "10", "007", "é", '"x,y"'])
cells = st.sampled_from(
    ["", "", "cat", "dog", '"cat"', '"a,b"', '"""q"""', '5" pipe', '"two\nlines"', "1", "1.0", " "]
)
columns = st.lists(st.sampled_from(["label", "score", "note", '"a, b"']), max_size=3, unique=True).map(tuple)


@st.composite
def sheets(draw: st.DrawFn) -> Sheet:
    names = draw(columns)
    keys = draw(st.lists(ids, max_size=5, unique=True))
    return Sheet(names, tuple((key, tuple(draw(cells) for _ in names)) for key in keys))


@st.composite
def edited(draw: st.DrawFn, base: Sheet) -> Sheet:
    """A table as somebody leaves it: cells changed, rows and columns gone, added or moved."""
    rows = []
    for key, known in base.rows:
        row = known
        what = draw(st.sampled_from(["keep", "keep", "change", "change", "delete"]))
        if what == "change" and row:
            place = draw(st.integers(0, len(row) - 1))
            row = (*row[:place], draw(cells), *row[place + 1 :])
        if what != "delete":
            rows.append((key, row))
    for key in draw(st.lists(ids, max_size=2, unique=True)):
        if all(key != other for other, _ in (*base.rows, *rows)):
            rows.insert(draw(st.integers(0, len(rows))), (key, tuple(draw(cells) for _ in base.columns)))
    sheet = Sheet(base.columns, tuple(rows))
    for name in draw(columns):
        what = draw(st.sampled_from(["keep", "toggle"]))
        if what == "toggle" and name in sheet.columns:
            place = sheet.columns.index(name)
            sheet = Sheet(
                without(sheet.columns, place), tuple((key, without(row, place)) for key, row in sheet.rows)
            )
        elif what == "toggle":
            sheet = Sheet(
                (*sheet.columns, name), tuple((key, (*row, draw(cells))) for key, row in sheet.rows)
            )
    return (
        replace(sheet, rows=tuple(draw(st.permutations(sheet.rows))))
        if draw(st.integers(0, 4)) == 0
        else sheet
    )


def without(row: tuple[str, ...], place: int) -> tuple[str, ...]:
    return row[:place] + row[place + 1 :]


@st.composite
def three(draw: st.DrawFn) -> tuple[Sheet, Sheet, Sheet]:
    base = draw(sheets())
    return base, draw(edited(base)), draw(edited(base))


def parsed(content: bytes) -> dict[str, dict[str, str]]:
    """Rows by id, read by Python's own parser; an empty cell is as good as none."""
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    found: dict[str, dict[str, str]] = {}
    for cells in rows[1:]:
        row = dict(zip(rows[0], cells, strict=True))
        assert row["id"] not in found
        found[row["id"]] = {name: value for name, value in row.items() if value}
    return found


@given(three())
def test_the_laws_hold_for_any_three_tables(drawn: tuple[Sheet, Sheet, Sheet]) -> None:
    check_laws(merge_csv, *(sheet.content for sheet in drawn))


@given(three(), st.sampled_from(["\n", "\r\n"]), st.booleans(), st.booleans())
@drawing(0.5)
def test_the_laws_hold_whatever_the_form(
    drawn: tuple[Sheet, Sheet, Sheet], newline: str, bom: bool, end: bool
) -> None:
    base, ours, theirs = drawn
    other = (("\ufeff" if bom else "") + ours.text(newline, end)).encode()
    check_laws(merge_csv, base.content, other, theirs.content)


@given(three())
def test_each_cell_that_a_side_changed_is_in_the_result_or_in_a_conflict(
    drawn: tuple[Sheet, Sheet, Sheet],
) -> None:
    contents = [sheet.content for sheet in drawn]
    base, ours, theirs = map(parsed, contents)
    after = merged(merge_csv, contents)
    result = parsed(after.content)
    records = {one.record for one in after.conflicts if one.field is None}
    fields = {(one.record, one.field) for one in after.conflicts}
    for key in {*base, *ours, *theirs}:
        if key in records:
            continue
        for side in (ours, theirs):
            if key in base and key not in side:
                assert key not in result
                continue
            for name in {*base.get(key, {}), *side.get(key, {})}:
                value = side.get(key, {}).get(name)
                if value == base.get(key, {}).get(name) or (key, name) in fields or (None, name) in fields:
                    continue
                assert result.get(key, {}).get(name) == value


@given(three())
def test_answered_by_one_side_each_cell_is_as_that_side_has_it(drawn: tuple[Sheet, Sheet, Sheet]) -> None:
    contents = [sheet.content for sheet in drawn]
    ours = parsed(contents[1])
    after = answered(merge_csv, contents, Choice.OURS)
    result = parsed(after.content)
    header = next(
        csv.reader(io.StringIO(after.text, newline=""))
    )  # a column may be gone, which nobody asked about
    for one in after.resolved:
        key, name = one.conflict.record, one.conflict.field
        if key is not None and name is None:
            wanted = {name: value for name, value in ours.get(key, {}).items() if name in header}
            assert result.get(key, {}) == wanted
        if key is not None and name is not None:
            assert result[key].get(name) == ours[key].get(name)


@given(three())
def test_different_rows_never_conflict(drawn: tuple[Sheet, Sheet, Sheet]) -> None:
    base, ours, theirs = (
        replace(sheet, columns=(), rows=tuple((key, ()) for key, _ in sheet.rows)) for sheet in drawn
    )
    values = {key: ("cat",) for key, _ in base.rows}
    mine = {key: ("dog",) for place, (key, _) in enumerate(ours.rows) if place % 2 or key not in values}
    others = {key: ("fox",) for key, _ in theirs.rows if key not in mine}
    sheets = [
        Sheet(("label",), tuple((key, changed.get(key) or values[key]) for key in {**values, **changed}))
        for changed in ({}, mine, others)
    ]
    after = merged(merge_csv, [sheet.content for sheet in sheets])
    assert not after.conflicts
    assert {key: row["label"] for key, row in parsed(after.content).items()} == {
        key.strip('"'): value for key, (value,) in {**values, **mine, **others}.items()
    }


@given(
    st.lists(
        st.binary(max_size=20) | st.sampled_from([b'"', b",", b"\n", b"\r", b"id,x", b"\xef\xbb\xbf"]),
        max_size=4,
    ),
    st.data(),
)
def test_no_bytes_whatsoever_do_harm(pieces: list[bytes], data: st.DataObject) -> None:
    whole = b'id,label\n1,"cat, or dog"\n2,\n'
    at = data.draw(st.integers(0, len(whole)))
    broken = whole[:at] + b"".join(pieces) + whole[at:]
    for contents in ((whole, broken, whole[:-1]), (broken, whole, b"id\n"), (None, broken, whole)):
        assert harmless(merge_csv, *contents)


def test_two_who_labelled_different_rows_never_conflict() -> None:
    after = table(BASE.replace("cat", "lynx"), BASE.replace("fox", "wolf"))
    assert after == Merged(BASE.replace("cat", "lynx").replace("fox", "wolf").encode(), ())


def test_different_cells_of_one_row_merge() -> None:
    after = table(BASE.replace("cat", "lynx"), BASE.replace("0.50", "0.5"))
    assert after == Merged(BASE.replace("cat", "lynx").replace("0.50", "0.5").encode(), ())


def test_the_same_cell_is_a_conflict_that_names_everything() -> None:
    after = table(BASE.replace("cat", '"a ""lynx"""'), BASE.replace("cat", "dog"))
    assert after.told == [
        'labels/file, record a, field label: both changed it. Ours: a "lynx". Theirs: dog. It was: cat.'
    ]
    assert after.text == BASE


def test_deleted_by_both_is_gone_and_deleted_against_changed_is_a_conflict() -> None:
    gone = BASE.replace("a,cat,0.50\n", "")
    assert table(gone, gone.replace("dog", "cow")).text == gone.replace("dog", "cow")
    after = table(gone, BASE.replace("cat", "lynx"))
    assert [(one.kind, one.record, one.theirs) for one in after.conflicts] == [
        (ConflictKind.DELETED_CHANGED, "a", '{"id": "a", "label": "lynx", "score": "0.50"}')
    ]
    assert after.text == BASE


def test_quotes_alone_are_no_change() -> None:
    quoted = BASE.replace("cat", '"cat"')
    assert table(quoted, BASE.replace("cat", "lynx")).text == BASE.replace("cat", "lynx")
    assert table(quoted, BASE.replace("a,cat,0.50\n", "")).text == BASE.replace("a,cat,0.50\n", "")


def test_a_column_that_one_side_added_merges_with_rows_that_the_other_added() -> None:
    after = table("id,label,score,who\na,cat,0.50,ann\nb,dog,1,\nc,fox,,ann\n", BASE + "d,owl,2\n")
    assert after == Merged(b"id,label,score,who\na,cat,0.50,ann\nb,dog,1,\nc,fox,,ann\nd,owl,2,\n", ())


def test_columns_that_both_added_stand_in_one_order() -> None:
    ours = "id,label,score,z\na,cat,0.50,1\nb,dog,1,\nc,fox,,\n"
    theirs = "id,label,score,m\na,cat,0.50,2\nb,dog,1,\nc,fox,,\n"
    after = table(ours, theirs)
    assert after.text == "id,label,score,m,z\na,cat,0.50,2,1\nb,dog,1,,\nc,fox,,,\n"


def test_the_same_new_column_filled_for_different_rows_never_conflicts() -> None:
    ours = "id,label,score,who\na,cat,0.50,ann\nb,dog,1,\nc,fox,,\n"
    theirs = "id,label,score,who\na,cat,0.50,\nb,dog,1,bob\nc,fox,,\n"
    after = table(ours, theirs)
    assert after == Merged(b"id,label,score,who\na,cat,0.50,ann\nb,dog,1,bob\nc,fox,,\n", ())
    after = table(ours, theirs.replace("0.50,", "0.50,eve"))
    assert [(one.kind, one.record, one.field) for one in after.conflicts] == [
        (ConflictKind.BOTH_ADDED, "a", "who")
    ]


def test_a_deleted_column_is_gone_unless_the_other_side_put_something_into_it() -> None:
    without_score = "id,label\na,cat\nb,dog\nc,fox\n"
    assert table(without_score, BASE.replace("cat", "lynx")).text == without_score.replace("cat", "lynx")
    after = table(without_score, BASE.replace("fox,", "fox,3") + "d,owl,4\n")
    (conflict,) = after.conflicts
    assert (conflict.record, conflict.field, conflict.kind) == (None, "score", ConflictKind.DELETED_CHANGED)
    assert (conflict.base, conflict.ours, conflict.theirs) == ('{"c": ""}', None, '{"c": "3", "d": "4"}')
    assert after.text == BASE + "d,owl,\n"
    theirs = BASE.replace("fox,", "fox,3") + "d,owl,4\n"
    for choice, text in (
        (Choice.OURS, without_score + "d,owl\n"),
        (Choice.THEIRS, theirs),
        (Choice.BASE, BASE + "d,owl,\n"),
    ):
        assert table(without_score, theirs, BASE, Resolution(choice, conflict.id)).text == text


def test_other_separators_are_found_by_the_header() -> None:
    for separator in (";", "\t"):
        base = BASE.replace(",", separator)
        after = table(base.replace("cat", "a,b"), base.replace("fox", "wolf"), base)
        assert after.text == base.replace("cat", "a,b").replace("fox", "wolf")


def test_line_ends_a_bom_and_the_last_line_end_are_form_and_merge() -> None:
    windows = BASE.replace("\n", "\r\n")
    after = table("\ufeff" + windows, BASE.replace("cat", "lynx").removesuffix("\n"))
    assert after == Merged(("\ufeff" + windows.replace("cat", "lynx").removesuffix("\r\n")).encode(), ())


def test_a_table_that_both_added_merges_without_a_base() -> None:
    for base in (None, "", "\n"):
        assert table("id,x\n2,b\n", "id,x\n1,a\n", base) == Merged(b"id,x\n1,a\n2,b\n", ())


@pytest.mark.parametrize(
    ("ours", "why"),
    [
        ("id,label\n1\n", "ours, line 2: 1 cell(s) below 2 column(s)"),
        ("id,label\n1,a\n\n1,b\n", "ours, lines 2 and 4: id is 1 twice"),
        ("id,label\n,a\n", "ours, line 2: the row has no id"),
        ("id,id\n1,1\n", "ours: the column 'id' stands twice"),
        ('id,label\n1,"a\n', "ours, line 2: a cell with wrong quotes"),
        ('id,label\n1,"two\nlines"\n2,"a"b\n', "ours, line 4: a cell with wrong quotes"),
        ("id,label\n1,a\rb\n", "ours, line 2: a carriage return alone"),
        (b"id\n\xff\n", "ours: byte 4 is no UTF-8"),
        ("", "ours: it is empty"),
        (
            "name\n1\n",
            (
                "no column that all versions have names the rows; looked for sample_id, sample, id, "
                "file_name, file, image"
            ),
        ),
    ],
)
def test_what_cannot_be_told_apart_says_why(ours: str | bytes, why: str) -> None:
    assert why_not(merge_csv, "id,label\n1,c\n", ours, "id,label\n1,d\n") == why


def answers_to(value: str, choice: Choice = Choice.GIVEN) -> Merged:
    ours, theirs = BASE.replace("cat", "lynx"), BASE.replace("cat", "dog")
    (conflict,) = table(ours, theirs).conflicts
    return table(ours, theirs, BASE, Resolution(choice, conflict.id, value=value))


def test_a_given_cell_is_quoted_where_it_needs_to_be() -> None:
    assert answers_to("ounce").lines[1] == "a,ounce,0.50"
    assert answers_to('an "ounce", old').lines[1] == 'a,"an ""ounce"", old",0.50'
    assert "cannot be written" in answers_to("\ud800").unused[0].why


def test_a_given_row_is_an_object_of_texts_with_the_same_id() -> None:
    ours, theirs = BASE.replace("a,cat,0.50\n", ""), BASE.replace("cat", "dog")
    (conflict,) = table(ours, theirs).conflicts

    def given_row(value: str) -> Merged:
        return table(ours, theirs, BASE, Resolution(Choice.GIVEN, conflict.id, value=value))

    assert given_row('{"id": "a", "label": "x, y", "score": 0.10}').lines[1] == 'a,"x, y",0.10'
    assert given_row('{"id": "a"}').lines[1] == "a,,"
    for wrong in ('{"id": "z"}', '{"id": "a", "other": "1"}', '["a"]', '{"id": "a", "label": true}', "a,b"):
        assert given_row(wrong).conflicts == (conflict,)
        assert given_row(wrong).unused
