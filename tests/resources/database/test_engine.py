"""Transactions: whole or not at all, one writer at a time, on SQLite and PostgreSQL."""

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, insert, select, update
from sqlalchemy.exc import OperationalError, StatementError

from resources.clock import utc_now
from resources.database.audit import AUDIT, AuditRow, recent, record
from resources.database.engine import Database, sqlite_url
from resources.database.types import UtcDateTime
from resources.errors import Unavailable
from resources.terms import Actor

METADATA = MetaData()
COUNTERS = Table("counters", METADATA, Column("id", Integer, primary_key=True), Column("value", Integer))
MOMENTS = Table("moments", METADATA, Column("at", UtcDateTime))


@pytest.fixture
def database(tmp_path: Path) -> Database:
    found = Database(sqlite_url(tmp_path / "new" / "test.db"))
    found.ensure(COUNTERS, MOMENTS, AUDIT)
    return found


def test_an_error_takes_the_whole_transaction_back(database: Database) -> None:
    def fail_half_way() -> None:
        with database.write() as connection:
            connection.execute(insert(COUNTERS).values(id=1, value=1))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_half_way()
    with database.read() as connection:
        assert connection.execute(select(COUNTERS)).all() == []


def test_writers_that_read_first_lose_no_update(database: Database) -> None:
    with database.write() as connection:
        connection.execute(insert(COUNTERS).values(id=1, value=0))

    def count() -> None:
        for _ in range(20):
            with database.write() as connection:
                value = connection.execute(select(COUNTERS.c.value)).scalar_one()
                connection.execute(update(COUNTERS).values(value=value + 1))

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.read() as connection:
        assert connection.execute(select(COUNTERS.c.value)).scalar_one() == 80


def test_tables_can_be_made_by_many_at_once(tmp_path: Path) -> None:
    database = Database(sqlite_url(tmp_path / "x.db"))
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda _: database.ensure(COUNTERS, MOMENTS), range(6)))
    with database.read() as connection:
        assert connection.execute(select(COUNTERS)).all() == []


def test_a_moment_comes_back_in_utc_and_one_without_a_zone_is_refused(database: Database) -> None:
    noon_in_shanghai = datetime(2026, 1, 1, 12, tzinfo=timezone(timedelta(hours=8)))
    with database.write() as connection:
        connection.execute(insert(MOMENTS).values(at=noon_in_shanghai))
        connection.execute(insert(MOMENTS).values(at=None))
    with database.read() as connection:
        assert connection.execute(select(MOMENTS.c.at)).scalars().all() == [
            datetime(2026, 1, 1, 4, tzinfo=UTC),
            None,
        ]
    with pytest.raises(StatementError, match="has no time zone"), database.write() as connection:
        connection.execute(insert(MOMENTS).values(at=datetime(2026, 1, 1)))  # noqa: DTZ001


def test_the_audit_shows_the_newest_change_first(database: Database) -> None:
    rows = [AuditRow(utc_now(), Actor("user:ann"), f"x.{name}", "thing", "") for name in ("one", "two")]
    with database.write() as connection:
        for row in rows:
            record(connection, row)
    assert recent(database) == rows[::-1]
    assert recent(database, limit=1) == rows[1:]


def test_a_full_disk_is_told_in_words_and_keeps_what_was_there(database: Database) -> None:
    with database.write() as connection:
        connection.execute(insert(COUNTERS).values(id=1, value=1))

    def fill() -> None:
        with database.write() as connection:
            # As a full disk does: SQLite refuses to let the file grow.
            connection.exec_driver_sql("PRAGMA max_page_count = 1")
            for number in range(2, 100_000):
                connection.execute(insert(COUNTERS).values(id=number, value=number))

    with pytest.raises(Unavailable, match="its disk is full or fails"):
        fill()
    with database.read() as connection:
        assert connection.execute(select(COUNTERS.c.id)).scalars().all() == [1]


def test_a_database_that_stays_busy_is_told_in_words(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.write():
        impatient = sqlite3.connect(database.url.removeprefix("sqlite:///"), timeout=0)
        with pytest.raises(sqlite3.OperationalError, match="database is locked") as refusal:
            impatient.execute("BEGIN IMMEDIATE")
        impatient.close()
    with pytest.raises(Unavailable, match="was busy for 30 s"), database.read():
        raise OperationalError("BEGIN IMMEDIATE", {}, refusal.value)
