"""Tables as text: rows of cells, each with the text it was read from.

RFC 4180, with the separator given; a quote within a cell that does not begin with one is a letter like
others. The parser of Python's library keeps no texts, and takes what is broken for something.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from resources.data.merging.model import Side
from resources.data.merging.records.problem import not_by_record
from resources.texts import mark

SEPARATORS = (",", ";", "\t")


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell with the text it was read from, quotes and all. Equal when the values are."""

    value: str
    raw: str

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Cell) and self.value == other.value

    __hash__ = None  # type: ignore[assignment]


EMPTY = Cell("", "")


def cell_of(raw: str) -> Cell:
    """A cell as it stands in a file."""
    return Cell(raw[1:-1].replace('""', '"') if raw.startswith('"') else raw, raw)


def written_cell(value: str, separator: str) -> Cell:
    """A cell of a value, in quotes where it needs them."""
    needs_quotes = value[:1] in ('"', " ") or any(one in value for one in ("\n", "\r", separator))
    return Cell(value, '"' + value.replace('"', '""') + '"' if needs_quotes else value)


def rows_of(text: str, separator: str, side: Side) -> Iterator[tuple[int, list[str]]]:
    """The number of its first line and the texts of its cells, for each row that is not blank.

    Raises :class:`NotByRecord`, while it is read, where a quote is not closed or something follows a closed
    one.
    """
    at, line = 0, 1
    while at < len(text):
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        begun = line
        if text.find('"', at, end) < 0:
            raw = text[at:end]
            if end < len(text):
                raw = raw.removesuffix("\r")
            if "\r" in raw:
                raise not_by_record(side, mark("{side}, line {line}: a carriage return alone"), line=line)
            cells, at = raw.split(separator), end + 1
            line += 1
        else:
            cells, after = _quoted(text, at, separator, side, line)
            line += text.count("\n", at, after)
            at = after
        if cells != [""]:
            yield begun, cells


def _quoted(text: str, at: int, separator: str, side: Side, line: int) -> tuple[list[str], int]:
    """The cells of a row with quotes in it, and where the next row begins."""
    cells: list[str] = []
    pattern = _cell_pattern(separator)
    while True:
        found = pattern.match(text, at)
        if found is None:
            raise not_by_record(side, mark("{side}, line {line}: a cell with wrong quotes"), line=line)
        cells.append(found[1])
        at = found.end()
        if found[2] != separator:
            return cells, at


@cache
def _cell_pattern(separator: str) -> re.Pattern[str]:
    one = re.escape(separator)
    return re.compile(rf'("[^"]*(?:""[^"]*)*"|[^"{one}\r\n][^{one}\r\n]*|)({one}|\r?\n|\Z)')
