"""SQLite, embedded: one file, many readers, one writer at a time."""

import os
import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Hashable
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, create_engine, event
from sqlalchemy.pool import NullPool

from resources.database.plain import BUSY_TIMEOUT_S
from resources.errors import Conflict

KEPT_OPEN = 4
"""How many files a process keeps open at most."""


class SqliteFile:
    """How connections to one SQLite file are made."""

    def __init__(self, url: URL) -> None:
        self._file = Path(url.database or "")
        # A file needs no pool, and without one no connection outlives its use.
        self.engine = create_engine(url, poolclass=NullPool, connect_args={"timeout": BUSY_TIMEOUT_S})
        event.listen(self.engine, "connect", _prepare)
        event.listen(self.engine, "begin", _begin)

    def reading(self) -> Connection:
        """A connection whose transaction sees one state of the file."""
        connection = self.engine.connect()
        _open_files.keep(self._file)
        return connection

    def writing(self, *, lasting: bool) -> Connection:
        """A connection whose transaction begins with the file's write lock."""
        return self.reading().execution_options(immediate=True, lasting=lasting)

    def lock(self, _connection: Connection) -> None:
        """Nothing: BEGIN IMMEDIATE has taken the write lock."""

    def identity(self) -> Hashable | None:
        """Which file it is now; None for one that does not exist."""
        return _identity(self._file)

    def before_migration(self, connection: Connection) -> None:
        """Let tables be replaced that others refer to. Works only before the transaction begins."""
        cursor = connection.connection.cursor()
        cursor.execute("PRAGMA foreign_keys=OFF")
        cursor.close()

    def after_migration(self, connection: Connection) -> None:
        """Raise Conflict, which takes the migration back, where it left a reference to nothing."""
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
        if broken:
            raise Conflict(
                f"the database was not changed: {len(broken)} rows of {broken[0][0]} would refer to nothing",
                f"Mend the rows of {broken[0][0]} whose {broken[0][2]} is gone, then start again.",
            )

    def close(self) -> None:
        """Let go of the file."""
        _open_files.drop(self._file)


class _OpenFiles:
    """One idle connection for each file that this process works on.

    SQLite writes its log back into the file, and waits for the disk, when the last connection to it is
    closed: after each transaction of a process that opens one connection for each. One more that stays open
    makes a transaction of a lone process some thirty times cheaper (docs/decisions/0009-migrations.md).
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[Path, tuple[Hashable, sqlite3.Connection]] = OrderedDict()
        # SQLite's locks are the process's: a child that inherits an open file would count on its parent's.
        os.register_at_fork(
            before=self._close_all, after_in_parent=self._lock.release, after_in_child=self._lock.release
        )

    def keep(self, file: Path) -> None:
        """Keep ``file`` open, and of all files those that were used last."""
        identity = _identity(file)
        with self._lock:
            known = self._kept.pop(file, None)
            if known is not None and known[0] != identity:
                known[1].close()  # the file was replaced by another one
                known = None
            if known is None and identity is not None:
                known = (identity, _hold(file))
            if known is not None:
                self._kept[file] = known
            while len(self._kept) > KEPT_OPEN:
                self._kept.popitem(last=False)[1][1].close()

    def drop(self, file: Path) -> None:
        """Close ``file``."""
        with self._lock:
            known = self._kept.pop(file, None)
            if known is not None:
                known[1].close()

    def _close_all(self) -> None:
        self._lock.acquire()
        while self._kept:
            self._kept.popitem()[1][1].close()


def _hold(file: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(file, timeout=BUSY_TIMEOUT_S, check_same_thread=False)
    connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchall()  # opens the log; connecting does not
    return connection


def _identity(file: Path) -> Hashable | None:
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _prepare(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # BEGIN is ours: the driver would start with a read lock
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _begin(connection: Connection) -> None:
    options = connection.get_execution_options()
    immediate = options.get("immediate", False)
    if options.get("lasting", False):
        connection.exec_driver_sql("PRAGMA synchronous=FULL")  # this connection ends with its transaction
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


_open_files = _OpenFiles()
