"""Transactions: whole or not at all, one writer at a time, on SQLite and PostgreSQL."""

import sqlite3
import threading
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, insert, select, update
from sqlalchemy.exc import OperationalError, StatementError

from resources.clock import utc_now
from resources.database.audit import AuditRow, recent, record
from resources.database.engine import Database, sqlite_url
from resources.database.types import UtcDateTime
from resources.errors import Unavailable
from resources.terms import Actor

METADATA = MetaData()
COUNTERS = Table("counters", METADATA, Column("id", Integer, primary_key=True), Column("value", Integer))
MOMENTS = Table("moments", METADATA, Column("at", UtcDateTime))


@pytest.fixture
def database(any_database: Database) -> Database:
    return with_tables(any_database)


@pytest.fixture
def sqlite_database(tmp_path: Path) -> Database:
    return with_tables(Database(sqlite_url(tmp_path / "new" / "test.db")))


def with_tables(database: Database) -> Database:
    with database.write() as connection:
        METADATA.create_all(connection)
    return database


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


def test_a_reader_sees_one_state_whatever_is_written_meanwhile(database: Database) -> None:
    with database.read() as reader:
        assert reader.execute(select(COUNTERS)).all() == []
        with database.write() as connection:
            connection.execute(insert(COUNTERS).values(id=1, value=1))
        assert reader.execute(select(COUNTERS)).all() == []
    with database.read() as reader:
        assert len(reader.execute(select(COUNTERS)).all()) == 1


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


def test_a_full_disk_is_told_in_words_and_keeps_what_was_there(sqlite_database: Database) -> None:
    database = sqlite_database
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


def test_a_file_that_stays_busy_is_told_in_words(sqlite_database: Database) -> None:
    database = sqlite_database
    with database.write():
        impatient = sqlite3.connect(database.url.removeprefix("sqlite:///"), timeout=0)
        with pytest.raises(sqlite3.OperationalError, match="database is locked") as refusal:
            impatient.execute("BEGIN IMMEDIATE")
        impatient.close()
    with pytest.raises(Unavailable, match="was busy for 30 s"), database.read():
        raise OperationalError("BEGIN IMMEDIATE", {}, refusal.value)
