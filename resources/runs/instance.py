"""Opening a Dagster instance by its folder, from a process that was not started with ``DAGSTER_HOME``."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dagster import DagsterInstance


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
