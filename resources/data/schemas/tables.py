"""The columns of a table, as a merge reads it: a header, then rows with as many cells."""

import re
from collections.abc import Collection

from resources.data.merging.model import Side
from resources.data.merging.records.csv_text import SEPARATORS, cell_of, rows_of
from resources.data.merging.records.problem import NotByRecord
from resources.data.merging.records.rules import ID_FIELDS, FileKind
from resources.data.schemas.classes import classes_of, names_classes
from resources.data.schemas.model import AnnotationFile, Column, Type, Unread

_MISSING = frozenset({"", "nan", "NaN"})
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)")
_NUMBER = re.compile(r"-?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_NUMBERED = re.compile(r"0[0-9]+")
"""What begins with a zero is a name: ``007``."""
_A_FILE = re.compile(r".*\.(?:png|jpe?g|bmp|gif|webp|tiff?|wav|mp3|flac|mp4)", re.IGNORECASE | re.DOTALL)


def table_columns(text: str, *, is_whole: bool) -> AnnotationFile:
    """What a table holds, or why it cannot be read; ``is_whole`` as in :func:`annotation_file`.

    Raises :class:`NotByRecord` for wrong quotes.
    """
    separator, header = _header(text)
    names = [cell_of(raw).value for raw in header]
    if not names or len(set(names)) < len(names) or any(map(_is_no_name, names)):
        return AnnotationFile(FileKind.CSV, unread=Unread.NO_HEADER)
    rows: list[list[str]] = []
    try:
        rows.extend(cells for _, cells in rows_of(text, separator, Side.OURS))
    except NotByRecord:
        if is_whole:
            raise  # else a cell in quotes goes on behind what was read
    if any(len(cells) != len(names) for cells in rows):
        return AnnotationFile(FileKind.CSV, unread=Unread.BROKEN)
    cells_below = zip(*rows[1:], strict=True) if rows[1:] else iter([()] * len(names))
    return AnnotationFile(
        FileKind.CSV,
        {name: _column(name, cells, is_whole) for name, cells in zip(names, cells_below, strict=True)},
    )


def _header(text: str) -> tuple[str, list[str]]:
    """The separator and the first row: with a column that names rows, else with the most columns."""
    found: dict[str, list[str]] = {}
    problem: NotByRecord | None = None
    for separator in SEPARATORS:
        try:
            found[separator] = next((cells for _, cells in rows_of(text, separator, Side.OURS)), [])
        except NotByRecord as error:
            problem = error
    if problem is not None and all(len(cells) < 2 for cells in found.values()):
        raise problem

    def worth(separator: str) -> tuple[bool, int]:
        names = {cell_of(raw).value for raw in found[separator]}
        return not names.isdisjoint(ID_FIELDS), len(found[separator])

    best = max(found, key=worth)
    return best, found[best]


def _is_no_name(cell: str) -> bool:
    return not cell.strip() or _NUMBER.fullmatch(cell) is not None or _A_FILE.fullmatch(cell) is not None


def _column(name: str, cells: Collection[str], is_whole: bool) -> Column:
    values = {cell_of(raw).value for raw in set(cells)} - _MISSING
    found = _type_of(values)
    may_be_classes = is_whole and names_classes(name) and found is not Type.NUMBER
    return Column(
        () if found is None else (found,), classes_of(values, len(cells)) if may_be_classes else None
    )


def _type_of(values: Collection[str]) -> Type | None:
    """The one type that all cells have; None where there are none."""
    if not values:
        return None
    if all(map(_INTEGER.fullmatch, values)):
        return Type.INTEGER
    if all(map(_NUMBER.fullmatch, values)) and not any(map(_NUMBERED.fullmatch, values)):
        return Type.NUMBER
    return Type.BOOLEAN if {value.lower() for value in values} <= {"true", "false"} else Type.TEXT
