"""A table with a header, as it is read for a merge: which separator, which column names its rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from resources.data.merging.model import Side, Versions
from resources.data.merging.records.csv_text import SEPARATORS, cell_of, rows_of
from resources.data.merging.records.keys import shown_text
from resources.data.merging.records.problem import NotByRecord, not_by_record
from resources.data.merging.records.text_form import Form, decoded
from resources.texts import filled, mark


@dataclass(frozen=True)
class Table:
    """One version of a table."""

    form: Form | None
    """None: there is no such version."""
    header: Mapping[str, str]
    """Column names as they are written, by what they are; in their order."""
    rows: Mapping[str, tuple[str, ...]]
    """Cells as they are written, by the id of the row."""


NO_TABLE = Table(None, {}, {})


@dataclass(frozen=True)
class Tables:
    """All three versions, and what they have in common."""

    versions: Versions[Table]
    separator: str
    id_column: str


@dataclass(frozen=True)
class _Text:
    side: Side
    text: str
    form: Form


def read_tables(contents: Versions[bytes | None], id_columns: Sequence[str]) -> Tables:
    """Read all three. A base of None, or one that is empty, has no columns and no rows.

    Raises :class:`NotByRecord` where they are no tables with an id column in common.
    """
    texts = [
        _Text(side, *decoded(content, side))
        for content, side in zip(contents, Side, strict=True)
        if content is not None and not (side is Side.BASE and not content.strip())
    ]
    separator, candidates = _common(texts, id_columns)
    tables = {one.side: _raw_table(one, separator) for one in texts}
    id_column = _id_column(tables, candidates)
    found = {side: _table(one, id_column) for side, one in tables.items()}
    return Tables(Versions(*(found.get(side, NO_TABLE) for side in Side)), separator, id_column)


@dataclass(frozen=True)
class _RawTable:
    side: Side
    form: Form
    header: dict[str, str]
    rows: list[tuple[int, list[str]]]
    """With the number of the line."""


def _common(texts: Sequence[_Text], id_columns: Sequence[str]) -> tuple[str, list[str]]:
    """The separator, and the candidates for the id column that all headers have."""
    problem: NotByRecord | None = None
    for separator in SEPARATORS:
        try:
            headers = [_header(one, separator) for one in texts]
        except NotByRecord as found:
            problem = problem or found
            continue
        candidates = [column for column in id_columns if all(column in header for header in headers)]
        if candidates:
            return separator, candidates
    raise problem or NotByRecord(
        filled(
            mark("no column that all versions have names the rows; looked for {fields}"),
            fields=", ".join(id_columns),
        )
    )


def _header(one: _Text, separator: str) -> dict[str, str]:
    cells = next((cells for _, cells in rows_of(one.text, separator, one.side)), None)
    if cells is None:
        raise not_by_record(one.side, mark("{side}: it is empty"))
    header = {cell_of(raw).value: raw for raw in cells}
    if len(header) < len(cells):
        names = [cell_of(raw).value for raw in cells]
        twice = next(name for name in names if names.count(name) > 1)
        raise not_by_record(one.side, mark("{side}: the column {column} stands twice"), column=repr(twice))
    return header


def _raw_table(one: _Text, separator: str) -> _RawTable:
    header = _header(one, separator)
    rows = list(rows_of(one.text, separator, one.side))[1:]
    for line, cells in rows:
        if len(cells) != len(header):
            raise not_by_record(
                one.side,
                mark("{side}, line {line}: {cells} cell(s) below {columns} column(s)"),
                line=line,
                cells=len(cells),
                columns=len(header),
            )
    return _RawTable(one.side, one.form, header, rows)


def _id_column(tables: Mapping[Side, _RawTable], candidates: Sequence[str]) -> str:
    problem: NotByRecord | None = None
    for column in candidates:
        found = next((one for table in tables.values() if (one := _id_problem(table, column))), None)
        if found is None:
            return column
        problem = problem or found
    raise problem or NotByRecord(filled(mark("no column names the rows")))


def _id_problem(table: _RawTable, column: str) -> NotByRecord | None:
    place = list(table.header).index(column)
    lines: dict[str, int] = {}
    for line, cells in table.rows:
        key = cell_of(cells[place]).value
        if not key:
            return not_by_record(
                table.side, mark("{side}, line {line}: the row has no {field}"), line=line, field=column
            )
        if lines.setdefault(key, line) != line:
            return not_by_record(
                table.side,
                mark("{side}, lines {first} and {line}: {field} is {key} twice"),
                first=lines[key],
                line=line,
                field=column,
                key=shown_text(key),
            )
    return None


def _table(table: _RawTable, id_column: str) -> Table:
    place = list(table.header).index(id_column)
    return Table(
        table.form, table.header, {cell_of(cells[place]).value: tuple(cells) for _, cells in table.rows}
    )
