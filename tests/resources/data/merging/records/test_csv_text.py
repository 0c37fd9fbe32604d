"""Rows of cells with their texts, read as Python's own parser reads them."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.data.merging.model import Side
from resources.data.merging.records.csv_text import SEPARATORS, Cell, cell_of, rows_of, written_cell
from resources.data.merging.records.problem import NotByRecord
from tests.examples import drawing


def without_returns(text: str) -> str:
    """Python's writer does not quote a carriage return."""
    return text.replace("\r", "")


texts = st.text(alphabet='a,;\t" \r\né', max_size=6)
separators = st.sampled_from(SEPARATORS)


@given(
    st.lists(st.lists(texts.map(without_returns), min_size=2, max_size=3), max_size=4),
    separators,
    st.sampled_from(["\n", "\r\n"]),
)
@drawing(2)
def test_what_python_writes_is_read_with_its_texts(
    rows: list[list[str]], separator: str, newline: str
) -> None:
    file = io.StringIO(newline="")
    csv.writer(file, delimiter=separator, lineterminator=newline).writerows(rows)
    found = [cells for _, cells in rows_of(file.getvalue(), separator, Side.OURS)]
    assert [[cell_of(raw).value for raw in cells] for cells in found] == rows
    assert "".join(separator.join(cells) + newline for cells in found) == file.getvalue()


@given(st.lists(st.lists(texts, min_size=2, max_size=3), max_size=4), separators)
@drawing(2)
def test_what_is_written_python_reads(rows: list[list[str]], separator: str) -> None:
    lines = [separator.join(written_cell(value, separator).raw for value in row) for row in rows]
    text = "".join(f"{line}\n" for line in lines)
    assert list(csv.reader(io.StringIO(text, newline=""), delimiter=separator)) == rows
    assert [[cell_of(raw).value for raw in cells] for _, cells in rows_of(text, separator, Side.OURS)] == rows


@given(texts, separators)
@drawing(4)
def test_no_text_does_harm(text: str, separator: str) -> None:
    try:
        rows = [cells for _, cells in rows_of(text, separator, Side.OURS)]
    except NotByRecord:
        return
    again = "\n".join(separator.join(cells) for cells in rows)
    assert [cells for _, cells in rows_of(again, separator, Side.OURS)] == rows


def test_rows_are_known_by_the_line_they_begin_on() -> None:
    text = 'a,b\n\n"1\n2",x\r\n5" pipe,y'
    assert list(rows_of(text, ",", Side.OURS)) == [
        (1, ["a", "b"]),
        (3, ['"1\n2"', "x"]),
        (5, ['5" pipe', "y"]),
    ]


@pytest.mark.parametrize("text", ['"a', '"a"b', '"a" ,b', 'x,"a\nb\nc', 'a,"b"\rc'])
def test_wrong_quotes_are_told(text: str) -> None:
    with pytest.raises(NotByRecord, match="line 1: a cell with wrong quotes"):
        list(rows_of(text, ",", Side.OURS))


def test_a_cell_is_what_it_means() -> None:
    assert Cell("a", "a") == Cell("a", '"a"')
    assert Cell("a", "a") != Cell("b", "a")
