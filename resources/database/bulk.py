"""Many rows in one statement. Every function works inside the caller's transaction.

PostgreSQL spends most of a statement with a thousand rows on reading its text: as one JSON value, which
`json_populate_recordset` turns into rows of the table, they cost a fifth of that. SQLite has no such cost.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Table, bindparam, insert, update

Values = Mapping[str, Any]


def insert_rows(connection: Connection, table: Table, rows: Sequence[Values]) -> None:
    """Add rows, each with the same columns as the first. Columns that are left out get their default."""
    if not rows:
        return
    if not _is_postgresql(connection):
        connection.execute(insert(table), rows)
        return
    names = list(rows[0])
    columns = _quoted(connection, names)
    _execute(
        connection,
        table,
        f"INSERT INTO {_name(connection, table)} ({', '.join(columns)}) "  # noqa: S608 - names of ours
        f"SELECT {', '.join(columns)} FROM {_recordset(connection, table)}",
        rows,
    )


def update_rows(
    connection: Connection, table: Table, rows: Sequence[Values], *, where: Values | None = None
) -> None:
    """Change the row of each primary key in ``rows`` to the other values there, which have the same names.

    Only rows are changed that have the values of ``where``.
    """
    if not rows:
        return
    keys = [column.name for column in table.primary_key]
    names = [name for name in rows[0] if name not in keys]
    if not _is_postgresql(connection):
        change = update(table).where(*(table.c[key] == bindparam(f"of_{key}") for key in keys))
        for name, value in (where or {}).items():
            change = change.where(table.c[name] == value)
        change = change.values({name: bindparam(f"new_{name}") for name in names})
        connection.execute(change, [_renamed(row, keys) for row in rows])
        return
    own, quoted = _name(connection, table), dict(zip(rows[0], _quoted(connection, rows[0]), strict=True))
    changes = ", ".join(f"{quoted[name]} = new_rows.{quoted[name]}" for name in names)
    same = [f"{own}.{quoted[key]} = new_rows.{quoted[key]}" for key in keys]
    same += [f"{own}.{_quoted(connection, [name])[0]} = %(where_{name})s" for name in where or {}]
    _execute(
        connection,
        table,
        f"UPDATE {own} SET {changes} FROM {_recordset(connection, table)} AS new_rows "  # noqa: S608 - names of ours
        f"WHERE {' AND '.join(same)}",
        rows,
        {f"where_{name}": value for name, value in (where or {}).items()},
    )


def _is_postgresql(connection: Connection) -> bool:
    return connection.dialect.name == "postgresql"


def _execute(
    connection: Connection, table: Table, statement: str, rows: Sequence[Values], more: Values | None = None
) -> None:
    texts: list[Values] = list(rows)
    for name in rows[0]:
        as_json = _as_json(connection, table, name)
        if as_json is not None:
            texts = [{**row, name: as_json(row[name])} for row in texts]
    values = {"rows": json.dumps(texts, allow_nan=False), **(more or {})}
    connection.exec_driver_sql(statement, values)


def _as_json(connection: Connection, table: Table, name: str) -> Callable[[Any], Any] | None:
    """What values of a column become, each looked at once; None where they stay as they are."""
    process = table.c[name].type.bind_processor(connection.dialect)
    if process is None:
        return None

    @cache
    def as_json(value: Any) -> Any:
        written = process(value)
        return written.isoformat() if isinstance(written, datetime) else written

    return as_json


def _recordset(connection: Connection, table: Table) -> str:
    return f"json_populate_recordset(NULL::{_name(connection, table)}, %(rows)s)"


def _name(connection: Connection, table: Table) -> str:
    return connection.dialect.identifier_preparer.format_table(table)


def _quoted(connection: Connection, names: Sequence[str] | Values) -> list[str]:
    quote = connection.dialect.identifier_preparer.quote
    return [quote(name) for name in names]


def _renamed(row: Values, keys: Sequence[str]) -> dict[str, Any]:
    return {f"of_{name}" if name in keys else f"new_{name}": value for name, value in row.items()}
