"""The database without SQLAlchemy, whose import alone takes longer than many a command.

Statements are SQL that SQLite and PostgreSQL both read, with values as ``:name``. The promises are those of
``Database``: a reader sees one state, a writer has the one write lock from the start of its transaction.
"""

import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from sqlalchemy import Connection

BUSY_TIMEOUT_S = 30.0
"""How long a writer waits for another one before it gives up."""

WRITE_LOCK = 0x7472_6169_6E70
"""The advisory lock of all writers of one PostgreSQL database. Any number does that no other program uses."""

IDLE_AT_MOST_S = 60.0
"""How long a transaction of PostgreSQL may do nothing before the server takes it back."""

_NAMED = re.compile(r"(?<![:\w]):(\w+)")

Values = Mapping[str, Any]
Row = tuple[Any, ...]


class Plain(Protocol):
    """A transaction. Times go in as moments with a zone, and come back through :func:`moment`."""

    def rows(self, sql: str, **values: Any) -> list[Row]:
        """What a query finds."""

    def run(self, sql: str, **values: Any) -> int:
        """Change something; how many rows that were."""

    def run_many(self, sql: str, rows: Sequence[Values]) -> None:
        """The same statement for each of ``rows``."""


@contextmanager
def plain_transaction(url: str, *, writes: bool) -> Iterator[Plain]:
    """One transaction: all of it is kept, or, after an error or a kill, none of it."""
    opened = _SqliteFile(_file_of(url)) if url.startswith("sqlite") else _PostgresServer(url)
    try:
        opened.begin(writes=writes)
        yield opened
        opened.commit()
    finally:
        opened.close()  # takes back what was not committed


def plain_over(connection: "Connection") -> Plain:
    """The same within a transaction of SQLAlchemy's."""
    return _Over(connection)


def moment(value: Any) -> datetime:
    """A time as a query gives it back: in UTC, with its zone."""
    found = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    return found.replace(tzinfo=UTC)


def moment_or_none(value: Any) -> datetime | None:
    """The same for a column that may be empty."""
    return None if value is None else moment(value)


class _SqliteFile:
    def __init__(self, file: Path) -> None:
        self._connection = sqlite3.connect(file, timeout=BUSY_TIMEOUT_S, isolation_level=None)

    def begin(self, *, writes: bool) -> None:
        # What is told to be done outlives a power cut: the log is on the disk when a commit returns.
        self._connection.execute(f"PRAGMA synchronous={'FULL' if writes else 'NORMAL'}")
        self._connection.execute("PRAGMA foreign_keys=ON")
        self._connection.execute("BEGIN IMMEDIATE" if writes else "BEGIN")

    def rows(self, sql: str, **values: Any) -> list[Row]:
        return self._connection.execute(sql, _texts(values)).fetchall()

    def run(self, sql: str, **values: Any) -> int:
        return self._connection.execute(sql, _texts(values)).rowcount

    def run_many(self, sql: str, rows: Sequence[Values]) -> None:
        self._connection.executemany(sql, [_texts(row) for row in rows])

    def commit(self) -> None:
        self._connection.execute("COMMIT")

    def close(self) -> None:
        self._connection.close()


class _PostgresServer:
    def __init__(self, url: str) -> None:
        import psycopg2

        self._connection = psycopg2.connect(re.sub(r"^postgresql\+\w+", "postgresql", url))

    def begin(self, *, writes: bool) -> None:
        level = "READ COMMITTED" if writes else "REPEATABLE READ"
        self._connection.set_session(isolation_level=level, readonly=not writes)
        self.run(f"SET lock_timeout = '{BUSY_TIMEOUT_S:.0f}s'")
        self.run(f"SET idle_in_transaction_session_timeout = '{IDLE_AT_MOST_S:.0f}s'")
        if writes:
            self.run(f"SELECT pg_advisory_xact_lock({WRITE_LOCK})")

    def rows(self, sql: str, **values: Any) -> list[Row]:
        with self._connection.cursor() as cursor:
            cursor.execute(_pyformat(sql), _naive(values))
            return [tuple(_bytes(value) for value in row) for row in cursor.fetchall()]

    def run(self, sql: str, **values: Any) -> int:
        with self._connection.cursor() as cursor:
            cursor.execute(_pyformat(sql), _naive(values))
            return int(cursor.rowcount)

    def run_many(self, sql: str, rows: Sequence[Values]) -> None:
        from psycopg2.extras import execute_batch

        with self._connection.cursor() as cursor:
            execute_batch(cursor, _pyformat(sql), [_naive(row) for row in rows], page_size=500)

    def commit(self) -> None:
        self._connection.commit()

    def close(self) -> None:
        self._connection.close()


class _Over:
    def __init__(self, connection: "Connection") -> None:
        self._connection = connection
        self._is_sqlite = connection.dialect.name == "sqlite"

    def rows(self, sql: str, **values: Any) -> list[Row]:
        found = self._connection.exec_driver_sql(*self._told(sql, values)).all()
        return [tuple(_bytes(value) for value in row) for row in found]

    def run(self, sql: str, **values: Any) -> int:
        return self._connection.exec_driver_sql(*self._told(sql, values)).rowcount

    def run_many(self, sql: str, rows: Sequence[Values]) -> None:
        for row in rows:
            self.run(sql, **row)

    def _told(self, sql: str, values: Values) -> tuple[str, dict[str, Any]]:
        return (sql, _texts(values)) if self._is_sqlite else (_pyformat(sql), _naive(values))


def _file_of(url: str) -> Path:
    return Path(url.partition(":///")[2].partition("?")[0])


@cache
def _pyformat(sql: str) -> str:
    return _NAMED.sub(r"%(\1)s", sql.replace("%", "%%"))


def _texts(values: Values) -> dict[str, Any]:
    """Values as SQLite keeps them: a moment as the text that SQLAlchemy writes."""
    return {
        name: _in_utc(value).isoformat(" ", "microseconds") if isinstance(value, datetime) else value
        for name, value in values.items()
    }


def _naive(values: Values) -> dict[str, Any]:
    return {name: _in_utc(value) if isinstance(value, datetime) else value for name, value in values.items()}


def _in_utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError(f"time {value.isoformat()} has no time zone; expected one such as UTC")
    return value.astimezone(UTC).replace(tzinfo=None)


def _bytes(value: Any) -> Any:
    return bytes(value) if isinstance(value, memoryview) else value
