"""A table as a file for a spreadsheet."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.spreadsheet import as_csv

CELLS = st.text(st.characters(codec="utf-8"), max_size=8) | st.integers() | st.none()


@pytest.mark.parametrize("formula", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "＝1"])
def test_a_formula_is_a_text(formula: str) -> None:
    ((cell,),) = csv.reader(io.StringIO(as_csv([formula], []), newline=""))
    assert cell == "'" + formula.replace("\r", "\n")


@pytest.mark.parametrize("number", ["-0.25", "+1", "1e-3", "-inf", "a=b"])
def test_numbers_and_other_texts_stay_as_they_are(number: str) -> None:
    assert as_csv(["one"], [[number]]) == f"one\n{number}\n"


@given(st.lists(st.lists(CELLS, min_size=2, max_size=2), max_size=5))
def test_every_cell_is_read_back_in_its_place(rows: list[list[str | int | None]]) -> None:
    heads, *read = csv.reader(io.StringIO(as_csv(["数据", 'a "b"'], rows), newline=""))
    assert heads == ["数据", 'a "b"']
    assert [[_plain(cell) for cell in row] for row in read] == [
        [_plain(cell) for cell in row] for row in rows
    ]


def _plain(cell: str | int | None) -> str:
    text = "" if cell is None else str(cell)
    return text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("'")
