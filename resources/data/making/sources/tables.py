"""Manifests: a CSV or Parquet file with a line for each sample, that says where it lies and what is known."""

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from resources.data.making.sources.model import (
    PICTURES,
    Entry,
    EntryProblem,
    Files,
    Reader,
    checked_name,
    refused_name,
    without_secrets,
)
from resources.data.making.sources.places import Places, scheme_of
from resources.data.model import Quarantined, Split
from resources.errors import BadInput, NotFound

AT_ONCE = 8


class ColumnKind(StrEnum):
    """What the values of a column are."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    TRUTH = "truth"
    """true or false, in any case."""
    TIME = "time"
    """ISO 8601, such as 2026-03-01T09:30:00Z."""


@dataclass(frozen=True)
class Column:
    """One column that a manifest must have besides the path; its values become metadata of the samples."""

    name: str
    kind: ColumnKind = ColumnKind.TEXT
    required: bool = True
    """Whether each line must have a value."""


@dataclass(frozen=True)
class ManifestSource:
    """A ``.csv`` or ``.parquet`` file. Paths in it start at its own folder; addresses are s3:// or https://."""

    name: str
    path: str
    path_column: str = "path"
    """The column of paths and addresses. A column that is not declared is left aside."""
    label_column: str | None = "label"
    split_column: str | None = None
    columns: tuple[Column, ...] = ()

    def __post_init__(self) -> None:
        """Refuse columns that cannot be."""
        checked_name(self.name)
        if not self.path.lower().endswith((".csv", ".parquet")):
            raise BadInput(
                f"manifest {self.path!r} of source {self.name} ends in neither .csv nor .parquet",
                "Save it as one of the two.",
            )
        special = [self.path_column, self.label_column, self.split_column]
        names = [name for name in special if name] + [column.name for column in self.columns]
        if len(set(names)) != len(names):
            raise BadInput(
                f"source {self.name} declares a column twice: {', '.join(names)}", "Name each column once."
            )

    @contextmanager
    def opened(self, folder: Path, wanted: Files = PICTURES) -> Iterator[Reader]:
        """Read the table. Raises NotFound, and BadInput for one that cannot be read or lacks a column."""
        yield _ManifestReader(
            self, self._rows(folder), Places((folder / self.path).parent, self.name), wanted
        )

    def references(self, folder: Path) -> dict[str, str]:
        """The path or address of each sample by its name; of two of one name the first. Raises as opening."""
        found: dict[str, str] = {}
        for row in self._rows(folder):
            if reference := row.get(self.path_column, "").strip():
                found.setdefault(name_of(reference), reference)
        return found

    def _rows(self, folder: Path) -> list[dict[str, str]]:
        path = folder / self.path
        if not path.exists():
            raise NotFound(
                f"manifest {path} of source {self.name} is not there",
                "Put it there, or mend its path in the declaration of the data set.",
            )
        return _csv_rows(path) if path.suffix.lower() == ".csv" else _parquet_rows(path)


@dataclass
class _ManifestReader:
    source: ManifestSource
    rows: list[dict[str, str]]
    places: Places
    wanted: Files
    parallel: int = AT_ONCE
    _references: dict[str, str] = field(default_factory=dict)

    def entries(self) -> Iterator[Entry | Quarantined]:
        self._refuse_missing_columns()
        for line, row in enumerate(self.rows, start=2):
            yield self._entry(line, row)

    def stamp(self, entry: Entry) -> str:
        return self.places.stamp(self._references[entry.name])

    def read(self, entry: Entry) -> bytes:
        return self.places.read(self._references[entry.name])

    def _entry(self, line: int, row: Mapping[str, str]) -> Entry | Quarantined:
        reference = row.get(self.source.path_column, "").strip()
        if not reference:
            return Quarantined(f"line {line}", "it names no file", "Fill in its path, or remove the line.")
        name = name_of(reference)
        if (wrong := refused_name(name, self.wanted)) is not None:
            return wrong
        if name in self._references:
            return Quarantined(name, f"line {line} names it again", "Leave one line for each file.")
        complaint = self._complaint(row)
        if complaint is not None:
            return Quarantined(name, f"line {line}: {complaint}", "Mend the line.")
        self._references[name] = reference
        label, split = self.source.label_column, self.source.split_column
        given = row.get(label, "").strip() if label else ""
        return Entry(
            name,
            (given,) if given else (),
            (row.get(split, "").strip() or None) if split else None,
            {one.name: value for one in self.source.columns if (value := row.get(one.name, "").strip())},
        )

    def _complaint(self, row: Mapping[str, str]) -> str | None:
        split = row.get(self.source.split_column, "").strip() if self.source.split_column else ""
        if split and split not in list(Split):
            return f"its split is {split!r}; expected {', '.join(Split)} or nothing"
        for column in self.source.columns:
            value = row.get(column.name, "").strip()
            if not value:
                if column.required:
                    return f"column {column.name!r} is empty"
                continue
            try:
                _PARSERS[column.kind](value)
            except ValueError:
                return f"column {column.name!r} is {value!r}; expected {_EXPECTED[column.kind]}"
        return None

    def _refuse_missing_columns(self) -> None:
        there = list(self.rows[0]) if self.rows else []
        special = (self.source.path_column, self.source.label_column, self.source.split_column)
        wanted = [name for name in special if name] + [column.name for column in self.source.columns]
        missing = [name for name in wanted if name not in there]
        if self.rows and missing:
            raise BadInput(
                f"manifest {self.source.path} of source {self.source.name} has no column "
                f"{', '.join(map(repr, missing))}; it has {', '.join(map(repr, there))}",
                "Add the columns, or mend the declaration of the source.",
            )


def name_of(reference: str) -> str:
    """How a sample is called that lies there: its path, or host and path of its address, without secrets."""
    try:
        scheme = scheme_of(reference)
    except EntryProblem:
        return without_secrets(reference)
    return reference if scheme is None else without_secrets(reference).partition("://")[2]


def _truth(value: str) -> bool:
    if value.lower() not in ("true", "false"):
        raise ValueError(value)
    return value.lower() == "true"


_PARSERS: dict[ColumnKind, Callable[[str], object]] = {
    ColumnKind.TEXT: str,
    ColumnKind.INTEGER: int,
    ColumnKind.NUMBER: float,
    ColumnKind.TRUTH: _truth,
    ColumnKind.TIME: datetime.fromisoformat,
}
_EXPECTED = {
    ColumnKind.TEXT: "text",
    ColumnKind.INTEGER: "a whole number",
    ColumnKind.NUMBER: "a number",
    ColumnKind.TRUTH: "true or false",
    ColumnKind.TIME: "a time such as 2026-03-01T09:30:00Z",
}


def _csv_rows(path: Path) -> list[dict[str, str]]:
    mend = "Save it as UTF-8, with a header line, then one line for each sample."
    try:
        table = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig")), strict=True, restval="")
        rows = list(table)
    except (UnicodeDecodeError, csv.Error) as problem:
        raise BadInput(f"manifest {path} cannot be read: {problem}", mend) from problem
    for line, row in enumerate(rows, start=2):
        if None in row:
            raise BadInput(f"manifest {path} line {line} has more columns than the header", mend)
    return rows


def _parquet_rows(path: Path) -> list[dict[str, str]]:
    import pyarrow as pa  # type: ignore[import-untyped]
    from pyarrow import parquet

    try:
        rows = parquet.read_table(path).to_pylist()
    except (pa.ArrowException, OSError) as problem:
        raise BadInput(
            f"manifest {path} cannot be read as Parquet: {problem}", "Write it again, or save it as CSV."
        ) from problem
    return [{name: _as_text(value) for name, value in row.items()} for row in rows]


def _as_text(value: object) -> str:
    if value is None:
        return ""
    return value.isoformat() if isinstance(value, datetime) else str(value)
