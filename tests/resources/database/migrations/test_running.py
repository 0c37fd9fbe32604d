"""Bringing a database to the head: once, whole, with its rows, whoever else tries and whatever is killed."""

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import String, column, select, table

from resources.database.audit import AUDIT
from resources.database.engine import Database
from resources.database.metadata import NAMES
from resources.database.migrations import running
from resources.database.migrations.history import OURS, VERSION_TABLE
from resources.database.migrations.running import recorded
from resources.errors import Conflict
from resources.gpu.tables import SHARES
from tests.resources.database.migrations.histories import CHECKOUT, history_with, raw, shape, start_migration

ADD_PRIORITY = 'op.add_column("gpu_requests", sa.Column("priority", sa.Integer(), server_default="0"))'
STOP_HALF_WAY = """
op.add_column("gpu_requests", sa.Column("priority", sa.Integer()))
op.execute("UPDATE gpu_shares SET device = 'gpu:9'")
print("half way", flush=True)
input()
"""


@pytest.fixture
def used(any_database: Database) -> Database:
    """A database at our head with a row in it."""
    with any_database.write() as connection:
        connection.execute(SHARES.insert().values(device="gpu:0", run_id="r", attempt=1, milli=1000))
    return any_database


def revision(database: Database) -> str | None:
    with raw(database) as connection:
        return recorded(connection)


def devices(database: Database) -> list[str]:
    with raw(database) as connection:
        return list(connection.execute(select(SHARES.c.device)).scalars())


def columns(database: Database, table: str) -> set[str]:
    return set(shape(database)[table]["columns"])


def test_a_newer_trainplat_adds_what_is_missing_and_keeps_the_rows(used: Database, tmp_path: Path) -> None:
    newer = history_with(tmp_path / "newer", ADD_PRIORITY)
    Database(used.url, newer).migrate()
    assert revision(used) == newer.head
    assert "priority" in columns(used, "gpu_requests")
    assert devices(used) == ["gpu:0"]


def test_every_earlier_revision_leads_to_the_head(any_empty_database: Database, tmp_path: Path) -> None:
    for number in OURS.revisions:
        earlier = Database(any_empty_database.url, history_with(tmp_path / number, upto=number))
        earlier.migrate()
        assert revision(any_empty_database) == number
    any_empty_database.migrate()
    assert revision(any_empty_database) == OURS.head


def test_an_older_trainplat_refuses_the_database_of_a_newer_one(used: Database, tmp_path: Path) -> None:
    newer = history_with(tmp_path / "newer", ADD_PRIORITY)
    Database(used.url, newer).migrate()
    older = Database(used.url, history_with(tmp_path / "older"))
    with pytest.raises(Conflict, match=f"it is at revision {newer.head}.*known here is {OURS.head}") as told:
        older.migrate()
    assert "restore the backup" in told.value.next_step
    assert revision(used) == newer.head


def test_of_many_processes_that_start_at_once_one_migrates(any_empty_database: Database) -> None:
    started = [start_migration(any_empty_database, OURS) for _ in range(4)]
    told = [process.communicate() for process in started]
    assert [process.returncode for process in started] == [0] * 4, told
    with raw(any_empty_database) as connection:
        rows = connection.execute(select(column("version_num", String)).select_from(table(VERSION_TABLE)))
        assert rows.scalars().all() == [OURS.head]


def test_a_migration_that_is_killed_half_way_leaves_everything_as_it_was(
    used: Database, tmp_path: Path
) -> None:
    before = shape(used)
    killed = start_migration(used, history_with(tmp_path / "stops", STOP_HALF_WAY))
    assert killed.stdout is not None
    assert killed.stdout.readline() == "half way\n"
    killed.kill()
    killed.communicate()
    assert shape(used) == before
    assert (revision(used), devices(used)) == (OURS.head, ["gpu:0"])
    newer = history_with(tmp_path / "goes on", ADD_PRIORITY)
    Database(used.url, newer).migrate()
    assert revision(used) == newer.head


def test_a_migration_that_fails_in_its_second_revision_takes_the_first_back(
    used: Database, tmp_path: Path
) -> None:
    before = shape(used)
    with pytest.raises(ZeroDivisionError):
        Database(used.url, history_with(tmp_path / "fails", ADD_PRIORITY, "1 / 0")).migrate()
    assert shape(used) == before
    assert revision(used) == OURS.head


REPLACE_CHECK = """
with op.batch_alter_table("loop_owner") as table:
    table.drop_constraint("one_owner", type_="check")
    table.create_check_constraint("one_or_two_owners", "id IN (1, 2)")
"""


def test_a_constraint_can_be_replaced_on_either_database(used: Database, tmp_path: Path) -> None:
    with used.write() as connection:
        connection.exec_driver_sql("INSERT INTO loop_owner VALUES (1, '/one', '2026-01-01 00:00:00')")
    Database(used.url, history_with(tmp_path / "replaced", REPLACE_CHECK)).migrate()
    assert [name for name, _ in shape(used)["loop_owner"]["checks"]] == ["one_or_two_owners"]
    with raw(used) as connection:
        connection.exec_driver_sql("INSERT INTO loop_owner VALUES (2, '/two', '2026-01-01 00:00:00')")
        assert len(connection.exec_driver_sql("SELECT * FROM loop_owner").all()) == 2


DROP_UNIQUE = f"""
with op.batch_alter_table("model_versions", naming_convention={NAMES!r}) as table:
    table.drop_constraint("model_versions_dataset_number_key", type_="unique")
"""


def test_a_constraint_from_before_there_were_names_can_be_dropped_by_its_name(
    any_empty_database: Database, tmp_path: Path
) -> None:
    with raw(any_empty_database) as connection:
        connection.exec_driver_sql(
            "CREATE TABLE model_versions (dataset VARCHAR(100) NOT NULL, snapshot_id VARCHAR(64) NOT NULL, "
            "dataset_version VARCHAR(32) NOT NULL, number INTEGER NOT NULL, source TEXT NOT NULL, "
            "mlflow_run_id VARCHAR(64) NOT NULL, mlflow_model_id VARCHAR(64) NOT NULL, "
            "weights_sha256 VARCHAR(64) NOT NULL, run_id VARCHAR(64) NOT NULL, "
            "registered_at TIMESTAMP NOT NULL, PRIMARY KEY (dataset, snapshot_id), UNIQUE (dataset, number))"
        )
    Database(any_empty_database.url, history_with(tmp_path / "dropped", DROP_UNIQUE)).migrate()
    assert shape(any_empty_database)["model_versions"]["unique"] == []


PARENT_AND_CHILD = """
op.create_table("parents", sa.Column("id", sa.Integer(), primary_key=True), sa.Column("name", sa.String(9)))
op.create_table("children", sa.Column("id", sa.Integer(), primary_key=True),
    sa.Column("parent", sa.Integer(), sa.ForeignKey("parents.id", ondelete="CASCADE")))
op.execute("INSERT INTO parents VALUES (1, 'one')")
op.execute("INSERT INTO children VALUES (1, 1)")
"""
WIDEN_PARENT = """
with op.batch_alter_table("parents", recreate="auto") as table:
    table.alter_column("name", existing_type=sa.String(9), type_=sa.String(99))
"""


def test_a_table_that_others_refer_to_is_replaced_without_their_rows_being_deleted(
    any_empty_database: Database, tmp_path: Path
) -> None:
    Database(any_empty_database.url, history_with(tmp_path / "made", PARENT_AND_CHILD)).migrate()
    Database(
        any_empty_database.url, history_with(tmp_path / "wide", PARENT_AND_CHILD, WIDEN_PARENT)
    ).migrate()
    assert shape(any_empty_database)["parents"]["columns"]["name"][0] == "VARCHAR(99)"
    with raw(any_empty_database) as connection:
        assert [tuple(row) for row in connection.exec_driver_sql("SELECT * FROM children")] == [(1, 1)]


ORPHAN = 'op.execute("INSERT INTO children VALUES (2, 77)")'


def test_a_migration_that_would_leave_a_reference_to_nothing_is_taken_back(
    any_empty_database: Database, tmp_path: Path
) -> None:
    with pytest.raises(Exception, match="children"):
        Database(
            any_empty_database.url, history_with(tmp_path / "orphan", PARENT_AND_CHILD, ORPHAN)
        ).migrate()
    assert shape(any_empty_database) == {}


def test_alembic_is_loaded_only_where_a_migration_is_due(any_empty_database: Database) -> None:
    program = (
        "import sys; from resources.database.engine import Database; "
        "database = Database(sys.argv[1]); database.migrate(); print('alembic' in sys.modules)"
    )
    told = []
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", program, any_empty_database.url],
            cwd=CHECKOUT,
            capture_output=True,
            text=True,
            check=True,
        )
        told.append(done.stdout.strip())
    assert told == ["True", "False"]


def test_looking_at_a_database_at_its_head_again_asks_it_nothing(
    used: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "recorded", lambda _connection: pytest.fail("it was asked again"))
    Database(used.url).migrate()


def test_a_file_that_was_removed_and_made_anew_is_migrated_anew(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'x.db'}")
    database.migrate()
    for left in tmp_path.glob("x.db*"):
        left.unlink()
    with database.read() as connection:
        assert connection.execute(select(AUDIT)).all() == []
