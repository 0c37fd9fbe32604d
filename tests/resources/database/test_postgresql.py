"""PostgreSQL as a shared database: a crash, a writer that holds on, a process that forks."""

import os
import signal
import threading

import pytest

from resources.database import postgresql
from resources.database.engine import Database
from resources.errors import Unavailable
from tests.children import fork, leave
from tests.servers.postgres import PostgresServer

pytestmark = pytest.mark.real


def test_a_server_that_crashed_is_told_and_used_again_once_it_is_up(postgres_server: PostgresServer) -> None:
    database = postgres_server.new_database()

    def crash() -> None:
        with database.write() as connection:
            connection.exec_driver_sql("CREATE TABLE half_done (id INTEGER)")
            postgres_server.stop(signal.SIGQUIT)
            connection.exec_driver_sql("SELECT 1")

    try:
        with pytest.raises(Unavailable, match="broke the connection off"):
            crash()
    finally:
        postgres_server.start()
    with database.read() as connection:
        found = connection.exec_driver_sql("SELECT to_regclass('half_done')").scalar_one()
    assert found is None
    database.close()


def test_a_writer_waits_for_another_one_and_gives_up_in_words(
    postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql, "BUSY_TIMEOUT_S", 1.0)
    database = postgres_server.new_database()
    database.migrate()
    told: list[Exception] = []

    def write() -> None:
        try:
            with database.write():
                pass
        except Unavailable as problem:
            told.append(problem)

    with database.write():
        other = threading.Thread(target=write)
        other.start()
        other.join()
    assert "which was busy" in str(told)
    database.close()


def test_a_child_that_was_forked_leaves_its_parents_connections_alone(postgres_database: Database) -> None:
    with postgres_database.read() as connection:
        mine = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
    child = fork()
    if child == 0:
        with postgres_database.read() as connection:
            its = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
        leave(7 if its != mine else 0)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 7
    with postgres_database.read() as connection:
        assert connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one() == mine
