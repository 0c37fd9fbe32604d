"""Tables in an asset's metadata."""

from collections.abc import Mapping, Sequence

from dagster import TableColumn, TableMetadataValue, TableRecord, TableSchema

SHOWN_ROWS = 50
_KINDS = {int: "int", float: "float", bool: "bool"}


def table(rows: Sequence[Mapping[str, str | int | float]]) -> TableMetadataValue:
    """The first of ``rows``, at least one; each column is of the kind of its first value."""
    columns = [TableColumn(name, _KINDS.get(type(value), "string")) for name, value in rows[0].items()]
    return TableMetadataValue([TableRecord(dict(row)) for row in rows[:SHOWN_ROWS]], TableSchema(columns))
