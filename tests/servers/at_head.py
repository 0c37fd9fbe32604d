"""New SQLite files are made by statements that the first one left: to migrate takes longer than most tests.

Tests of the database itself migrate all of theirs, and so does every process that a test starts.
"""

import sqlite3
from contextlib import closing
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from sqlalchemy import Connection, create_engine
from sqlalchemy.pool import NullPool

from resources.database.migrations import running
from resources.database.migrations.history import OURS, History
from resources.database.migrations.running import bring_to_head

MIGRATING = Path(__file__).parents[1] / "resources" / "database"


@pytest.fixture(autouse=True)
def _new_files_are_at_head(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if not request.path.is_relative_to(MIGRATING):
        monkeypatch.setattr(running, "bring_to_head", _bring_quickly)


def _bring_quickly(connection: Connection, history: History) -> None:
    """What ``bring_to_head`` does, in the caller's transaction as well."""
    if history is not OURS or not _is_new(connection):
        bring_to_head(connection, history)
        return
    for statement in statements_to_head():
        connection.exec_driver_sql(statement)


def _is_new(connection: Connection) -> bool:
    if connection.dialect.name != "sqlite":
        return False
    return connection.exec_driver_sql("SELECT 1 FROM sqlite_master").first() is None


@cache
def statements_to_head() -> tuple[str, ...]:
    """What makes an empty file one at the newest revision, out of a file that was migrated."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "head.db"
        made = create_engine(f"sqlite:///{path}", poolclass=NullPool)
        with made.begin() as connection:
            bring_to_head(connection, OURS)
        made.dispose()
        with closing(sqlite3.connect(path)) as kept:
            return tuple(line for line in kept.iterdump() if line not in ("BEGIN TRANSACTION;", "COMMIT;"))
