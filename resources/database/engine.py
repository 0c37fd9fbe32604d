"""The database: SQLite embedded, PostgreSQL when several machines share it."""

import sqlite3
import sys
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from resources.database.migrations.history import OURS, VERSION_TABLE, History, refuse_newer
from resources.database.plain import Plain, plain_transaction
from resources.errors import BadInput
from resources.printable import printable

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from resources.database.postgresql import PostgresDatabase
    from resources.database.sqlite import SqliteFile


class Database:
    """One SQL database, opened on first use, and brought to the newest tables then.

    Every write goes through :meth:`write`, which takes the database's one write lock at its start: a
    transaction that reads and then writes never fails half-way because another one wrote in between.
    """

    def __init__(self, url: str, history: History = OURS) -> None:
        self.url = url
        self._history = history

    @contextmanager
    def read(self) -> Iterator["Connection"]:
        """A connection to read with: sees one state of the database."""
        self.migrate()
        with self._told(), _backend(self.url).reading() as connection:
            yield connection

    @contextmanager
    def write(self, *, lasting: bool = False) -> Iterator["Connection"]:
        """A transaction: all of it is kept, or, after an error or a kill, none of it.

        Of SQLite's, a power cut may take back the last ones, as if they never were. One that is ``lasting``
        waits until it is on the disk, with all before it: for what files are removed after, or told as done.
        """
        self.migrate()
        backend = _backend(self.url)
        with self._told(), backend.writing(lasting=lasting) as connection, connection.begin():
            backend.lock(connection)
            yield connection

    @contextmanager
    def read_plainly(self) -> Iterator[Plain]:
        """The same as :meth:`read` for statements as text, without SQLAlchemy where the tables are new."""
        with self._plainly(writes=False) as transaction:
            yield transaction

    @contextmanager
    def write_plainly(self) -> Iterator[Plain]:
        """The same as :meth:`write` for statements as text, without SQLAlchemy where the tables are new."""
        with self._plainly(writes=True) as transaction:
            yield transaction

    def migrate(self) -> None:
        """Bring the tables to the newest revision that this trainplat knows; all of it or nothing.

        Reading and writing call it. Costs one query for each process and database, and a migration where one
        is due; of several processes one does it, and the others wait. Raises :class:`Conflict` for the
        database of a newer trainplat, and for one that holds other tables of our names.
        """
        backend = _backend(self.url)
        identity, key = backend.identity(), (self.url, self._history)
        if identity is not None and _at_head.get(key) == identity:
            return
        from resources.database.migrations.running import recorded

        with self._told():
            with backend.reading() as connection:
                found = recorded(connection)
            if found != self._history.head:
                refuse_newer(found, self._history)
                self._migrate()
        _at_head[key] = backend.identity()

    def close(self) -> None:
        """Close what this process holds open of it; the next use opens it again."""
        _backend(self.url).close()

    @contextmanager
    def _plainly(self, *, writes: bool) -> Iterator[Plain]:
        if not self._is_at_head():
            self.migrate()
        with self._told_plainly(), plain_transaction(self.url, writes=writes) as transaction:
            yield transaction

    def _is_at_head(self) -> bool:
        """Whether the tables are known to be the newest; False where only a closer look can say."""
        identity = _file_identity(self.url) if self.url.startswith("sqlite") else self.url
        if identity is None:
            return False  # connecting would make the file
        key = (self.url, self._history)
        if _plainly_at_head.get(key) == identity:
            return True
        try:
            with plain_transaction(self.url, writes=False) as transaction:
                found = transaction.rows(f"SELECT version_num FROM {VERSION_TABLE}")  # noqa: S608 - a name of ours
        except Exception:  # noqa: BLE001 - whatever it is, the look through SQLAlchemy tells it in words
            return False
        if found != [(self._history.head,)]:
            return False
        _plainly_at_head[key] = identity
        return True

    def _migrate(self) -> None:
        from resources.database.migrations.running import bring_to_head, recorded

        backend = _backend(self.url)
        with backend.writing(lasting=True) as connection:
            backend.before_migration(connection)
            with connection.begin():
                backend.lock(connection)
                found = recorded(connection)  # another process may have been faster
                if found != self._history.head:
                    refuse_newer(found, self._history)
                    bring_to_head(connection, self._history)
                    backend.after_migration(connection)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What went wrong, in words for people where somebody can mend it."""
        from sqlalchemy.exc import SQLAlchemyError

        from resources.database.problems import in_words

        try:
            with _told_texts():
                yield
        except SQLAlchemyError as problem:
            told = in_words(problem, self.url)
            if told is None:
                raise
            raise told from problem

    @contextmanager
    def _told_plainly(self) -> Iterator[None]:
        try:
            with _told_texts():
                yield
        except Exception as problem:
            if not isinstance(problem, _driver_errors()):
                raise
            from sqlalchemy.exc import DBAPIError, IntegrityError

            from resources.database.problems import in_words

            kind = IntegrityError if "IntegrityError" in type(problem).__name__ else DBAPIError
            told = in_words(kind("", {}, problem), self.url)
            if told is None:
                raise
            raise told from problem


def sqlite_url(path: Path) -> str:
    """The URL of a SQLite file; its folder is made if it is missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return f"sqlite:///{path}"


_at_head: dict[tuple[str, History], Hashable] = {}
"""The databases that this process has seen at their head. A file that was made anew is another one."""


_plainly_at_head: dict[tuple[str, History], Hashable] = {}


def _file_identity(url: str) -> Hashable | None:
    try:
        status = Path(url.partition(":///")[2].partition("?")[0]).stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


@contextmanager
def _told_texts() -> Iterator[None]:
    """Texts that no column can hold, in words."""
    try:
        yield
    except UnicodeEncodeError as problem:
        raise _no_text(problem.object) from problem
    except ValueError as problem:
        if "NUL (0x00)" not in str(problem):
            raise
        raise _nul() from problem


def _no_text(value: str) -> BadInput:
    return BadInput(
        f"{printable(value)!r} is no UTF-8 text, and nothing changed in the database",
        "Write it in UTF-8; in a pattern of paths ? stands for any character.",
    )


def _nul() -> BadInput:
    """What the driver of PostgreSQL says of a text that no column there can hold, in words."""
    return BadInput(
        "a text that was given has a NUL character in it, and nothing changed in the database",
        "Take it out, then run the same thing again.",
    )


def _driver_errors() -> tuple[type[Exception], ...]:
    psycopg2 = sys.modules.get("psycopg2")
    return (sqlite3.Error,) if psycopg2 is None else (sqlite3.Error, psycopg2.Error)


@cache
def _backend(url: str) -> "SqliteFile | PostgresDatabase":
    from sqlalchemy import make_url

    from resources.database.postgresql import PostgresDatabase
    from resources.database.sqlite import SqliteFile

    parsed = make_url(url)
    return SqliteFile(parsed) if parsed.get_backend_name() == "sqlite" else PostgresDatabase(parsed)
