"""PostgreSQL, shared by several machines: the same promises as SQLite gives."""

import os
import weakref
from collections.abc import Hashable
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event

from resources.database.plain import BUSY_TIMEOUT_S, IDLE_AT_MOST_S, WRITE_LOCK

CONNECTIONS_AT_MOST = 15
"""Of one process; a thread that needs another one waits for it. PostgreSQL allows 100 in all by default."""


class PostgresDatabase:
    """How connections to one PostgreSQL database are made."""

    def __init__(self, url: URL) -> None:
        self._url = url
        self.engine = create_engine(
            url.set(drivername="postgresql+psycopg2"),
            pool_pre_ping=True,  # the server may have been started again since
            pool_size=5,
            max_overflow=CONNECTIONS_AT_MOST - 5,
            pool_timeout=BUSY_TIMEOUT_S,
            executemany_mode="values_plus_batch",  # else a thousand rows are a thousand round trips
        )
        event.listen(self.engine, "connect", _prepare)
        _engines.add(self.engine)

    def reading(self) -> Connection:
        """A connection whose transaction sees one state of the database."""
        return self.engine.connect().execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )

    def writing(self, *, lasting: bool) -> Connection:  # noqa: ARG002 - here every one is
        """A connection to write with, once :meth:`lock` was called in its transaction.

        Each statement must see what the writer before left, which is READ COMMITTED: under a stricter level
        the transaction would see the state from before it had the lock.
        """
        return self.engine.connect().execution_options(isolation_level="READ COMMITTED")

    def lock(self, connection: Connection) -> None:
        """Wait until no other transaction writes. The end of the transaction gives the lock back."""
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITE_LOCK})")

    def identity(self) -> Hashable | None:
        """A server's database is the one that its URL names."""
        return str(self._url)

    def before_migration(self, _connection: Connection) -> None:
        """Nothing: tables are altered in place."""

    def after_migration(self, _connection: Connection) -> None:
        """Nothing: the server has checked every reference."""

    def close(self) -> None:
        """Close the connections that wait for use."""
        self.engine.dispose()


_engines: "weakref.WeakSet[Engine]" = weakref.WeakSet()


def _prepare(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute(f"SET lock_timeout = '{BUSY_TIMEOUT_S:.0f}s'")
    # Who vanished with his machine in the middle of a transaction must not keep the lock for hours.
    cursor.execute(f"SET idle_in_transaction_session_timeout = '{IDLE_AT_MOST_S:.0f}s'")
    cursor.close()
    connection.commit()


def _forget_connections() -> None:
    for engine in list(_engines):
        engine.dispose(close=False)  # they are the parent's, and go on serving it


os.register_at_fork(after_in_child=_forget_connections)
