"""Lines of revisions that tests make: ours, and others after it."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine, inspect
from sqlalchemy.pool import NullPool

from resources.database.engine import Database
from resources.database.migrations.history import OURS, History

CHECKOUT = Path(__file__).resolve().parents[4]

NEXT = '''"""One more."""

import sqlalchemy as sa
from alembic import op

revision = "{number}"
down_revision = "{before}"


def upgrade() -> None:
{body}
'''


def history_with(folder: Path, *bodies: str, upto: str | None = None) -> History:
    """Our revisions (up to ``upto``), copied into ``folder``, and one for each of ``bodies`` after them."""
    folder.mkdir(exist_ok=True)
    kept = [number for number in OURS.revisions if upto is None or number <= upto]
    for number in kept:
        (ours,) = OURS.folder.glob(f"r{number}_*.py")
        shutil.copy(ours, folder)
    for body in bodies:
        before = kept[-1]
        kept.append(f"{int(before) + 1:04}")
        indented = "\n".join(f"    {line}" for line in body.splitlines())
        text = NEXT.format(number=kept[-1], before=before, body=indented)
        (folder / f"r{kept[-1]}_more.py").write_text(text)
    return History(folder)


def start_migration(database: Database, history: History) -> "subprocess.Popen[str]":
    """Another process that brings the database to the head of ``history``."""
    program = (
        "import sys; from pathlib import Path; from resources.database.engine import Database; "
        "from resources.database.migrations.history import History; "
        "Database(sys.argv[1], History(Path(sys.argv[2]))).migrate()"
    )
    return subprocess.Popen(
        [sys.executable, "-c", program, database.url, str(history.folder)],
        cwd=CHECKOUT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@contextmanager
def raw(database: Database) -> Iterator[Connection]:
    """A transaction in the database as it is: no revision is run."""
    engine = create_engine(database.url, poolclass=NullPool)
    with engine.connect() as connection, connection.begin():
        yield connection


def shape(database: Database) -> dict[str, Any]:
    """What a database holds: each table with its columns, keys, constraints and indexes."""
    with raw(database) as connection:
        seen = inspect(connection)
        return {
            table: {
                "columns": {
                    column["name"]: (str(column["type"]), column["nullable"])
                    for column in seen.get_columns(table)
                },
                "key": seen.get_pk_constraint(table)["constrained_columns"],
                "unique": sorted(
                    (one["name"], one["column_names"]) for one in seen.get_unique_constraints(table)
                ),
                "checks": sorted((one["name"], one["sqltext"]) for one in seen.get_check_constraints(table)),
                "indexes": sorted(
                    (one["name"], one["column_names"], bool(one["unique"])) for one in seen.get_indexes(table)
                ),
            }
            for table in sorted(seen.get_table_names())
        }
