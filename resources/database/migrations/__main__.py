"""Write a new revision: ``python -m resources.database.migrations new "What changes"``."""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from resources.database.engine import Database, sqlite_url
from resources.database.migrations.declared import declared_tables
from resources.database.migrations.history import OURS, History
from resources.database.migrations.running import configuration
from resources.errors import BadInput, TrainplatError


def write_revision(message: str, history: History = OURS) -> Path:
    """Write the revision that leads from the newest one to the tables as the code declares them now.

    Raises BadInput where no table differs. Look at what was written: a renamed column is told as one that
    goes and one that comes, and what rows need is for people to know.
    """
    from alembic import command

    number = f"{int(history.head) + 1:04}"
    with tempfile.TemporaryDirectory() as folder:
        database = Database(sqlite_url(Path(folder) / "at-head.db"), history)
        with database.write() as connection:
            config = configuration(connection, history, metadata=declared_tables())
            written = command.revision(
                config,
                message,
                autogenerate=True,
                rev_id=number,
                process_revision_directives=_leave_out_empty,
            )
        database.close()
    if written is None or isinstance(written, list):
        raise BadInput(
            "no table differs from the newest revision, so there is nothing to write",
            "Change a table first. To change rows only, copy the newest revision and write it by hand.",
        )
    return Path(written.path)


def _leave_out_empty(_context: Any, _revision: Any, directives: list[Any]) -> None:
    if directives[0].upgrade_ops.is_empty():
        directives.clear()


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the revision that is asked for and say where it is."""
    parser = argparse.ArgumentParser(prog="python -m resources.database.migrations", description=__doc__)
    parser.add_argument("new", choices=["new"], help="write a revision for the tables that changed")
    parser.add_argument("message", help="what changes, such as: Add gpu_requests.priority")
    given = parser.parse_args(arguments)
    try:
        path = write_revision(given.message)
    except TrainplatError as problem:
        sys.stderr.write(f"{problem}\n")
        return int(problem.exit_code)
    sys.stdout.write(f"{path}\nLook it over, then: make format\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
