"""What tests begin with instead of a migration is what a migration makes."""

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.servers.at_head import statements_to_head


def test_the_statements_that_are_kept_make_the_tables_that_a_migration_makes(
    sqlite_at_head: Path,
) -> None:
    with closing(sqlite3.connect(":memory:")) as made, closing(sqlite3.connect(sqlite_at_head)) as migrated:
        for statement in statements_to_head():
            made.execute(statement)
        assert list(made.iterdump()) == list(migrated.iterdump())
        assert "CREATE TABLE gpu_requests" in "".join(made.iterdump())
