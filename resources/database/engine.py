"""The database: SQLite embedded, PostgreSQL when several machines share it."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Table, create_engine, event, make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from resources.errors import Unavailable

BUSY_TIMEOUT_S = 30.0
"""How long a writer waits for another one before it gives up."""


class Database:
    """One SQL database, opened on first use.

    Every write goes through :meth:`write`, which takes SQLite's write lock at its start: a transaction that
    reads and then writes never fails half-way because another one wrote in between.
    """

    def __init__(self, url: str) -> None:
        self.url = url

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection to read with: sees one state of the database."""
        with self._told(), _engine(self.url).connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction: all of it is kept, or, after an error or a kill, none of it."""
        opened = _engine(self.url).connect
        with self._told(), opened().execution_options(immediate=True) as connection, connection.begin():
            yield connection

    @contextmanager
    def _told(self) -> Iterator[None]:
        """A full disk or a busy database in words for people."""
        try:
            yield
        except OperationalError as problem:
            # SQLite says "I/O error" where the full disk has no room for its shared memory file either.
            if any(sign in str(problem.orig) for sign in ("disk is full", "disk I/O error")):
                raise Unavailable(
                    f"nothing changed in the database, its disk is full or fails: {problem.orig}",
                    "Free some space there, then run the same thing again.",
                ) from problem
            if "database is locked" in str(problem.orig):
                raise Unavailable(
                    f"nothing changed in the database, which was busy for {BUSY_TIMEOUT_S:.0f} s",
                    "Run the same thing again; if it stays so, see `trainplat doctor`.",
                ) from problem
            raise

    def ensure(self, *tables: Table) -> None:
        """Create those of ``tables`` that do not exist yet. Safe from several processes at once."""
        with self.write() as connection:
            for table in tables:
                table.create(connection, checkfirst=True)


def sqlite_url(path: Path) -> str:
    """The URL of a SQLite file; its folder is made if it is missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return f"sqlite:///{path}"


@cache
def _engine(url: str) -> Engine:
    if make_url(url).get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True)
    # A file needs no pool, and without one no connection outlives its use or crosses a fork.
    engine = create_engine(url, poolclass=NullPool, connect_args={"timeout": BUSY_TIMEOUT_S})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # BEGIN is ours: the driver would start with a read lock
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    immediate = connection.get_execution_options().get("immediate", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")
