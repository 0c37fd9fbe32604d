"""Opening a Dagster instance by its folder, from a process that was not started with ``DAGSTER_HOME``.

As a program, it makes the storages of the instance in the folder that is named.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dagster import DagsterInstance
from filelock import FileLock


def make_storages(dagster_home: Path) -> None:
    """Make the databases of the instance, for one process at a time; can be repeated.

    Dagster makes a missing SQLite file when it is first opened. Two processes that do so at the same moment
    write two revisions into one file, which no process can open after that.
    """
    with FileLock(dagster_home / ".storages.lock"), open_instance(dagster_home):
        pass


@contextmanager
def open_instance(dagster_home: Path) -> Iterator[DagsterInstance]:
    """The instance in ``dagster_home``. ``DAGSTER_HOME`` is set meanwhile: its event log follows it."""
    before = os.environ.get("DAGSTER_HOME")
    os.environ["DAGSTER_HOME"] = str(dagster_home)
    try:
        with DagsterInstance.get() as instance:
            yield instance
    finally:
        if before is None:
            del os.environ["DAGSTER_HOME"]
        else:
            os.environ["DAGSTER_HOME"] = before


if __name__ == "__main__":
    make_storages(Path(sys.argv[1]))
