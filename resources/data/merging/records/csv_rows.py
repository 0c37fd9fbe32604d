"""Tables with a header (CSV), merged row by row and within a row cell by cell.

The identity of a row is the text in its id column, that of a column its name. A column that one side added
is empty in the rows of the other. An empty cell in a column or a row that the base does not have says
nothing, so it is no change. A column that one side deleted is gone, unless the other side put something into
it: that is one conflict for the column. Cells keep the bytes of the side that they come from, quotes and
all.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from resources.data.merging.model import ConflictKind, Versions, at, kind_of
from resources.data.merging.questions import FileQuestions
from resources.data.merging.records.csv_table import Table, Tables, read_tables
from resources.data.merging.records.csv_text import EMPTY, Cell, cell_of, written_cell
from resources.data.merging.records.fields import chosen_form, settled
from resources.data.merging.records.json_text import Number, given_value, text_of
from resources.data.merging.records.keys import shown_text, sort_key
from resources.data.merging.records.order import merged_order
from resources.data.merging.records.text_form import encoded
from resources.errors import BadInput

Raws = tuple[str, ...]
"""The cells of a row as they are written, in the order of the merged columns."""


def merge_csv(contents: Versions[bytes | None], id_columns: Sequence[str], questions: FileQuestions) -> bytes:
    """The merged file. A base of None has no columns and no rows. Raises :class:`NotByRecord`."""
    tables = read_tables(contents, id_columns)
    columns = _merged_columns(tables.versions, questions)
    views = tables.versions.map(lambda table: _view(table, tables.versions.base, columns.all))
    merge = _RowMerge(tables, columns.all, questions)
    merged: dict[str, Raws] = {}
    for key in dict.fromkeys(key for view in views for key in view):
        row = merge.row(key, at(views, key))
        if row is not None:
            merged[key] = columns.kept(row, views.base.get(key))
    order = merged_order(views, merged.keys(), sort_key)
    headers = tables.versions.map(lambda table: table.header)
    names = tuple(chosen_form(at(headers, column), column) for column in columns.all)
    rows = [columns.kept(names, names), *(merged[key] for key in order)]
    lines = [tables.separator.join(cells) for cells in rows]
    return encoded(lines, tables.versions.map(lambda table: table.form))


@dataclass(frozen=True)
class _Columns:
    """The columns of a merge. All of them count for its rows, so that no answer to one asks about others."""

    all: list[str]
    reverted: frozenset[str]
    """Those that are to stand as in the base in every row."""
    dropped: frozenset[str]
    """Those that are to go."""

    def kept(self, row: Raws, base: Raws | None) -> Raws:
        """The cells of the merged file."""
        if not self.reverted and not self.dropped:
            return row
        before = base or ("",) * len(row)
        return tuple(
            old if column in self.reverted else new
            for column, new, old in zip(self.all, row, before, strict=True)
            if column not in self.dropped
        )


@dataclass(frozen=True)
class _InQuestion:
    """What one version has in a column that one side deleted: the cells that the other side filled."""

    cells: Mapping[str, Cell]

    def shown(self) -> str:
        return text_of({key: cell.value for key, cell in self.cells.items()})


def _merged_columns(tables: Versions[Table], questions: FileQuestions) -> _Columns:
    live: set[str] = set()
    reverted: set[str] = set()
    dropped: set[str] = set()
    for column in dict.fromkeys(column for table in tables for column in table.header):
        holders = [side for side in (tables.ours, tables.theirs) if column in side.header]
        if len(holders) == 2 or (holders and column not in tables.base.header):
            live.add(column)
            continue
        filled = _filled(holders[0], tables.base, column) if holders else {}
        if not filled:
            continue
        live.add(column)
        known = _cells(tables.base, column)
        before = _InQuestion({key: known[key] for key in filled if key in known})
        after = _InQuestion(filled)
        is_ours = holders[0] is tables.ours
        answer = questions.ask(
            Versions(before, after if is_ours else None, None if is_ours else after),
            _InQuestion.shown,
            field=column,
            kind=ConflictKind.CHANGED_DELETED if is_ours else ConflictKind.DELETED_CHANGED,
        )
        if answer is None:
            dropped.add(column)
        if answer is before:
            reverted.add(column)
    order = merged_order(tables.map(lambda table: table.header), live, sort_key=str)
    return _Columns(order, frozenset(reverted), frozenset(dropped))


def _filled(table: Table, base: Table, column: str) -> dict[str, Cell]:
    """The cells of a column that are not as in the base."""
    known = _cells(base, column)
    return {key: cell for key, cell in _cells(table, column).items() if cell != known.get(key, EMPTY)}


def _cells(table: Table, column: str) -> dict[str, Cell]:
    if column not in table.header:
        return {}
    place = list(table.header).index(column)
    return {key: cell_of(row[place]) for key, row in table.rows.items()}


def _view(table: Table, base: Table, columns: list[str]) -> Mapping[str, Raws]:
    """The rows of a table in the merged columns. What it does not have is as in the base, or empty."""
    if list(table.header) == columns:
        return table.rows
    own = {column: place for place, column in enumerate(table.header)}
    of_base = {column: place for place, column in enumerate(base.header)}
    places = [(own.get(column), of_base.get(column)) for column in columns]
    nothing = ("",) * len(of_base)
    return {
        key: tuple(
            row[place]
            if place is not None
            else base.rows.get(key, nothing)[base_place]
            if base_place is not None
            else ""
            for place, base_place in places
        )
        for key, row in table.rows.items()
    }


@dataclass(frozen=True)
class _RowMerge:
    tables: Tables
    columns: list[str]
    questions: FileQuestions

    def row(self, key: str, states: Versions[Raws | None]) -> Raws | None:
        """One row of the merged table; None: it is not there."""
        base, ours, theirs = states
        if ours == theirs or theirs == base:
            return ours
        if ours == base:
            return theirs
        if ours is not None and theirs is not None:
            return tuple(self._cell(key, place, base, ours, theirs).raw for place in range(len(self.columns)))
        kept = ours or theirs
        if base is not None and kept is not None and [*map(cell_of, kept)] == [*map(cell_of, base)]:
            return None
        return self.questions.ask(
            states,
            self._shown,
            record=shown_text(key),
            kind=kind_of(*states),
            given=lambda text: self._given(text, key),
        )

    def _cell(self, key: str, place: int, base: Raws | None, ours: Raws, theirs: Raws) -> Cell:
        before = EMPTY if base is None else cell_of(base[place])
        states: Versions[Cell | None] = Versions(before, cell_of(ours[place]), cell_of(theirs[place]))
        is_settled, cell = settled(states)
        if not is_settled:
            column = self.columns[place]
            is_new = base is None or column not in self.tables.versions.base.header
            states = Versions(None if is_new else before, states.ours, states.theirs)
            cell = self.questions.ask(
                states,
                lambda one: one.value,
                record=shown_text(key),
                field=column,
                kind=kind_of(*states),
                given=self._given_cell,
            )
        return cell or EMPTY

    def _shown(self, row: Raws) -> str:
        cells = zip(self.columns, row, strict=True)
        return "{" + ", ".join(f"{text_of(name)}: {text_of(cell_of(raw).value)}" for name, raw in cells) + "}"

    def _given(self, text: str, key: str) -> Raws:
        value = given_value(text).value
        id_column = self.tables.id_column
        if not isinstance(value, dict) or value.get(id_column) != key or not value.keys() <= {*self.columns}:
            raise BadInput(
                f"{text[:80]!r} is no row with the {id_column} {shown_text(key)}",
                f"Write a JSON object with texts for the columns {', '.join(self.columns)}.",
            )
        return tuple(self._given_cell(_text(value.get(column, ""))).raw for column in self.columns)

    def _given_cell(self, text: str) -> Cell:
        if any("\ud800" <= letter <= "\udfff" for letter in text):
            raise BadInput(f"{text[:80]!r} cannot be written as UTF-8", "Write another text.")
        return written_cell(text, self.tables.separator)


def _text(value: object) -> str:
    if isinstance(value, Number):
        return value.text
    if isinstance(value, str):
        return value
    raise BadInput(f"{text_of(value)[:80]} is no text of a cell", "Write texts in quotes, or numbers.")
