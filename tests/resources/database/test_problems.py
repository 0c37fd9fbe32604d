"""What a database complains about, in words, with what to do next and without the password."""

from pathlib import Path

import pytest
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from resources.database.engine import Database
from resources.database.problems import in_words
from resources.errors import BadInput, Denied, NotFound, TrainplatError, Unavailable
from tests.servers.postgres import PostgresServer

URL = "postgresql://anna:geheim@db.example:5433/lab"


def words(told: str, url: str = URL) -> TrainplatError | None:
    return in_words(OperationalError("SELECT 1", {}, Exception(told)), url)


@pytest.mark.parametrize(
    ("told", "kind", "next_step"),
    [
        ('FATAL:  password authentication failed for user "anna"', Denied, "user and the password"),
        ("fe_sendauth: no password supplied", Denied, "TRAINPLAT_DATABASE_URL"),
        ('FATAL:  role "anna" does not exist', Denied, "pg_hba.conf"),
        ('FATAL:  database "lab" does not exist', NotFound, "createdb"),
        ("value too long for type character varying(100)", BadInput, "Shorten"),
        ('index row size 3024 exceeds btree version 4 maximum 2704 for index "x"', BadInput, "path"),
        ("permission denied for schema public", Denied, "OWNER"),
        ("FATAL:  sorry, too many clients already", Unavailable, "max_connections"),
        ("connection to server at x failed: Connection refused", Unavailable, "Start the server"),
        ('could not translate host name "db.example" to address', Unavailable, "host and port"),
        ("FATAL:  the database system is starting up", Unavailable, "Start the server"),
        ("server closed the connection unexpectedly", Unavailable, "Run the same thing again"),
        ("canceling statement due to lock timeout", Unavailable, "Run the same thing again"),
        ("could not extend file: No space left on device", Unavailable, "Free some space"),
    ],
)
def test_each_complaint_of_a_server_says_what_to_do(
    told: str, kind: type[TrainplatError], next_step: str
) -> None:
    found = words(told)
    assert type(found) is kind
    assert next_step in found.next_step
    assert "geheim" not in str(found)


def test_the_place_is_named_without_the_password() -> None:
    found = words("Connection refused")
    assert found is not None
    assert "lab at db.example:5433" in found.problem


def test_what_nobody_can_foresee_is_left_as_it_is() -> None:
    assert words("something else") is None
    assert words("no such table: x", "sqlite:////x.db") is None
    quoting = Exception('Key (name)=(the role "database is locked") already exists.')
    assert in_words(IntegrityError("INSERT", {}, quoting), URL) is None


def test_a_pool_without_a_free_connection_is_a_busy_database() -> None:
    assert isinstance(in_words(NoConnectionFree("QueuePool limit"), URL), Unavailable)


def test_a_file_that_cannot_be_opened_is_told(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=r"missing/x\.db cannot be opened") as told:
        Database(f"sqlite:///{tmp_path}/missing/x.db").migrate()
    assert "its folder exists" in told.value.next_step


@pytest.mark.real
def test_a_server_or_a_database_that_is_not_there_is_told(
    postgres_server: PostgresServer, tmp_path: Path
) -> None:
    with pytest.raises(NotFound, match="no database of that name: nowhere at"):
        Database(postgres_server.url("nowhere")).migrate()
    with pytest.raises(Unavailable, match="does not answer"):
        Database(f"postgresql://trainplat@/x?host={tmp_path}").migrate()
    with pytest.raises(Denied, match='role "stranger" does not exist'):
        Database(postgres_server.url("postgres").replace("trainplat@", "stranger@")).migrate()


def test_an_error_of_the_program_itself_stays_what_it_is(any_database: Database) -> None:
    with pytest.raises(DBAPIError), any_database.read() as connection:
        connection.exec_driver_sql("SELECT * FROM nothing_of_that_name")
