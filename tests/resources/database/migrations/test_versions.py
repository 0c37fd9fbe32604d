"""The revisions: one line, and at its end the tables that the code declares."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData, Table, inspect, select

from resources.database.engine import Database
from resources.database.migrations.declared import declared_tables
from resources.database.migrations.history import OURS, VERSION_TABLE
from resources.database.migrations.running import configuration
from resources.database.migrations.versions.r0001_tables_before_alembic import TABLES as BEFORE
from resources.errors import Conflict
from resources.gpu.tables import SHARES
from resources.registry.store import DECISIONS, MODEL_VERSIONS
from tests.resources.database.migrations.histories import history_with, raw, shape


def test_the_newest_revision_makes_the_tables_that_the_code_declares(any_database: Database) -> None:
    with any_database.read() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        differences = compare_metadata(context, declared_tables())
    assert differences == [], 'write a revision: python -m resources.database.migrations new "What changes"'


def test_keys_and_checks_are_those_that_the_code_declares_too(any_empty_database: Database) -> None:
    with raw(any_empty_database) as connection:
        declared_tables().create_all(connection)
    declared = shape(any_empty_database)
    with raw(any_empty_database) as connection:
        declared_tables().drop_all(connection)
    any_empty_database.migrate()
    migrated = shape(any_empty_database)
    assert migrated.pop(VERSION_TABLE)
    assert migrated == declared
    assert declared["loop_owner"]["checks"]


def test_the_revisions_are_one_line_in_the_order_of_their_numbers(any_database: Database) -> None:
    with any_database.read() as connection:
        script = ScriptDirectory.from_config(configuration(connection, OURS))
    line = [revision.revision for revision in script.walk_revisions()][::-1]
    assert line == list(OURS.revisions) == [f"{number:04}" for number in range(1, len(line) + 1)]


def test_a_revision_stands_for_itself() -> None:
    for path in OURS.folder.glob("r*.py"):
        imported = re.findall(r"^(?:from|import) (\S+)", path.read_text(), re.MULTILINE)
        assert set(imported) <= {"sqlalchemy", "alembic", "resources.errors"}, path.name


def test_a_database_from_before_there_were_revisions_is_taken_over_with_its_rows(
    any_empty_database: Database,
) -> None:
    # Of the other subjects nothing was ever used.
    used = [BEFORE.tables[name] for name in ("audit", "gpu_requests", "gpu_holds", "evaluations")]
    with raw(any_empty_database) as connection:
        BEFORE.create_all(connection, tables=used)
        connection.execute(used[2].insert().values(device="gpu:0", run_id="r", attempt=1))
    with any_empty_database.read() as connection:
        [share] = connection.execute(select(SHARES.c.device, SHARES.c.milli)).all()
        assert tuple(share) == ("gpu:0", 1000)
        assert set(declared_tables().tables) | {VERSION_TABLE} == set(inspect(connection).get_table_names())


def test_decisions_from_before_measures_were_kept_get_that_of_their_data_set(
    any_empty_database: Database, tmp_path: Path
) -> None:
    earlier = Database(any_empty_database.url, history_with(tmp_path / "earlier", upto="0038"))
    earlier.migrate()
    at = datetime(2026, 3, 1, 12, tzinfo=UTC)
    with raw(any_empty_database) as connection:
        evaluations, decisions = (
            Table(name, MetaData(), autoload_with=connection) for name in ("evaluations", "decisions")
        )
        for dataset, told in (("news", {"measure": "span_f1"}), ("digits", {"accuracy": 0.9})):
            row: dict[str, object] = {"dataset": dataset, "version": "v1.0"}
            scores = json.dumps({"challenger": told})
            measured = {"challenger": 1, "test_set": "x", "test_count": 1, "scores": scores}
            connection.execute(evaluations.insert().values(row | measured | {"evaluated_at": at}))
            row |= {"labels": 1, "model_number": 1, "accuracy_new": 0.5, "promoted": True, "decided_at": at}
            row |= {"champion_number": 1, "champion_version": "v1.0", "lease_s": 1.0}
            for version in ("v1.0", "v1.1"):  # the second one was carried: nothing was measured
                connection.execute(decisions.insert().values(row | {"version": version}))
    any_empty_database.migrate()
    with any_empty_database.read() as connection:
        rows = connection.execute(select(DECISIONS.c.dataset, DECISIONS.c.measure)).all()
    assert sorted(tuple(row) for row in rows) == [
        *[("digits", "accuracy")] * 2,
        *[("news", "span_f1")] * 2,
    ]


def test_a_table_of_somebody_else_is_left_alone_and_named(any_empty_database: Database) -> None:
    with raw(any_empty_database) as connection:
        connection.exec_driver_sql("CREATE TABLE audit (id INTEGER PRIMARY KEY, at TIMESTAMP, who TEXT)")
    with pytest.raises(
        Conflict, match="audit of the database is not trainplat's: it has no column acti"
    ) as told:
        any_empty_database.migrate()
    assert "TRAINPLAT_DATABASE_URL" in told.value.next_step
    assert list(shape(any_empty_database)) == ["audit"]


def test_constraints_that_nobody_named_have_the_same_name_on_both(any_database: Database) -> None:
    any_database.migrate()
    unique = shape(any_database)[MODEL_VERSIONS.name]["unique"]
    assert unique == [("model_versions_dataset_number_key", ["dataset", "number"])]
