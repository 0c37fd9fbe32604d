"""The database: SQLite embedded, PostgreSQL when several machines share it."""

from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from sqlalchemy import Connection, make_url
from sqlalchemy.exc import SQLAlchemyError

from resources.database.migrations.history import OURS, History, recorded, refuse_newer
from resources.database.migrations.running import bring_to_head
from resources.database.postgresql import PostgresDatabase
from resources.database.problems import in_words
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
    def read(self) -> Iterator[Connection]:
        """A connection to read with: sees one state of the database."""
        self.migrate()
        with self._told(), _backend(self.url).reading() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction: all of it is kept, or, after an error or a kill, none of it."""
        self.migrate()
        backend = _backend(self.url)
        with self._told(), backend.writing() as connection, connection.begin():
            backend.lock(connection)
            yield connection

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

    def _migrate(self) -> None:
        backend = _backend(self.url)
        with backend.writing() as connection:
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
        try:
            yield
        except SQLAlchemyError as problem:
            told = in_words(problem, self.url)
            if told is None:
                raise
            raise told from problem


def sqlite_url(path: Path) -> str:
    """The URL of a SQLite file; its folder is made if it is missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return f"sqlite:///{path}"


_at_head: dict[tuple[str, History], Hashable] = {}
"""The databases that this process has seen at their head. A file that was made anew is another one."""


@cache
def _backend(url: str) -> SqliteFile | PostgresDatabase:
    parsed = make_url(url)
    return SqliteFile(parsed) if parsed.get_backend_name() == "sqlite" else PostgresDatabase(parsed)
