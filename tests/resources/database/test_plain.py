"""Transactions without SQLAlchemy keep the promises of those with it."""

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from resources.database import plain
from resources.database.audit import AuditRow, recent, record
from resources.database.engine import Database, sqlite_url
from resources.database.plain import moment, moment_or_none, plain_over
from resources.errors import BadInput, Unavailable
from resources.terms import Actor

AT = datetime(2026, 11, 27, 4, 0, 0, 12, tzinfo=UTC)
INSERT = (
    "INSERT INTO audit (at, actor, action, subject, detail) VALUES (:at, :actor, :action, :subject, :detail)"
)
ROW = {"at": AT, "actor": "user:ann", "action": "data.commit", "subject": "100 % of it", "detail": "a::b :c"}


@pytest.fixture
def sqlite_database(tmp_path: Path) -> Database:
    return Database(sqlite_url(tmp_path / "plain.db"))


def test_what_is_written_plainly_is_read_by_sqlalchemy_and_the_other_way_round(
    any_database: Database,
) -> None:
    with any_database.write_plainly() as transaction:
        assert transaction.run(INSERT, **ROW) == 1
    assert recent(any_database) == [AuditRow(AT, Actor("user:ann"), "data.commit", "100 % of it", "a::b :c")]
    with any_database.write() as connection:
        record(connection, AuditRow(AT, Actor("user:bob"), "data.tag", "x", "y"))
        assert plain_over(connection).run(INSERT, **ROW) == 1
    with any_database.read_plainly() as transaction:
        found = transaction.rows(
            "SELECT at, actor FROM audit WHERE actor <> :left_out ORDER BY id", left_out="x"
        )
    assert [(moment(at), actor) for at, actor in found] == [
        (AT, "user:ann"),
        (AT, "user:bob"),
        (AT, "user:ann"),
    ]


def test_an_error_takes_a_plain_transaction_back(any_database: Database) -> None:
    with pytest.raises(RuntimeError, match="half-way"), any_database.write_plainly() as transaction:  # noqa: PT012
        transaction.run_many(INSERT, [ROW, ROW])
        raise RuntimeError("half-way")
    assert recent(any_database) == []


def test_bytes_and_nothing_come_back_as_they_were_given(any_database: Database) -> None:
    with any_database.read_plainly() as transaction:
        kind = "bytea" if any_database.url.startswith("postgresql") else "blob"
        [(content, nothing)] = transaction.rows(
            f"SELECT CAST(:content AS {kind}), :nothing", content=b"\0\xff", nothing=None
        )
    assert (content, moment_or_none(nothing)) == (b"\0\xff", None)


def test_a_time_without_a_zone_is_refused(any_database: Database) -> None:
    with pytest.raises(ValueError, match="no time zone"), any_database.write_plainly() as transaction:
        transaction.run(INSERT, **{**ROW, "at": AT.replace(tzinfo=None)})


@pytest.mark.parametrize("way", ["write", "write_plainly"])
@pytest.mark.parametrize(
    ("text", "shown"), [(os.fsdecode(b"bad\xff.csv"), r"bad\\xff.csv"), ("half\ud83d", r"half\\ud83d")]
)
def test_what_is_no_text_is_told_in_words(any_database: Database, way: str, text: str, shown: str) -> None:
    def write() -> None:
        with getattr(any_database, way)() as opened:
            rows = plain_over(opened) if way == "write" else opened
            rows.run(INSERT, **{**ROW, "detail": text})

    with pytest.raises(BadInput, match=r"is no UTF-8 text") as told:
        write()
    assert shown in told.value.problem
    assert recent(any_database) == []


@pytest.mark.real
@pytest.mark.parametrize("way", ["write", "write_plainly"])
def test_a_character_that_postgresql_cannot_keep_is_told_in_words(
    postgres_database: Database, way: str
) -> None:
    def write() -> None:
        with getattr(postgres_database, way)() as opened:
            rows = plain_over(opened) if way == "write" else opened
            rows.run(INSERT, **{**ROW, "detail": "a\0b"})

    with pytest.raises(BadInput, match="NUL character"):
        write()
    assert recent(postgres_database) == []


def test_a_value_error_of_ours_is_not_taken_for_one_of_the_driver(any_database: Database) -> None:
    with pytest.raises(ValueError, match="half-way"), any_database.write_plainly():
        raise ValueError("half-way")


def test_a_busy_file_is_told_in_words(sqlite_database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    sqlite_database.migrate()
    monkeypatch.setattr(plain, "BUSY_TIMEOUT_S", 0.01)
    with sqlite_database.write(), pytest.raises(Unavailable, match="was busy"):  # noqa: SIM117
        with sqlite_database.write_plainly():
            pass


def test_a_server_that_is_down_is_told_in_words(tmp_path: Path) -> None:
    database = Database(f"postgresql://trainplat@/none?host={tmp_path}")
    with pytest.raises(Unavailable, match="does not answer"), database.read_plainly():
        pass


def test_no_module_of_sqlalchemy_is_loaded_where_the_tables_are_new(sqlite_database: Database) -> None:
    sqlite_database.migrate()
    program = (
        "import sys; from resources.database.engine import Database\n"
        "with Database(sys.argv[1]).read_plainly() as rows: print(rows.rows('SELECT 1'))\n"
        "assert 'sqlalchemy' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program, sqlite_database.url], check=True)
