"""The event log of the embedded instance: one SQLite file for all runs.

Dagster's default makes a file of 115 KB for each run and needs 0.55 s for it, which a queue of hundreds of
runs feels. docs/decisions/0003-one-event-log-file.md has the risk and the way out (PostgreSQL).

A disk takes its time for each transaction, and Dagster makes one or two for each event. So what it hands over
as a batch, such as the twenty events by which a run says what it is going to make, is one transaction here.
It hands over batches where ``DAGSTER_EVENT_BATCH_SIZE`` says so.
"""

import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from dagster import EventLogEntry, Field, StringSource
from dagster._core.storage.event_log.sqlite.consolidated_sqlite_event_log import (
    ConsolidatedSqliteEventLogStorage,
)
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from dagster._serdes import ConfigurableClassData
from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.pool import NullPool

from resources.errors import BadInput


class OneFileEventLogStorage(ConsolidatedSqliteEventLogStorage):
    """Dagster's consolidated SQLite event log, in ``$DAGSTER_HOME/history`` unless told otherwise.

    ``dagster.yaml`` holds no path: the folder follows the instance.
    """

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._batch = threading.local()
        super().__init__(base_dir, inst_data)

    @classmethod
    def config_type(cls) -> dict[str, Any]:
        """``base_dir`` may be given, and need not be."""
        return {"base_dir": Field(StringSource, is_required=False)}

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> Self:
        """The log in ``base_dir``, else in the instance's own folder. Raises BadInput where it has none."""
        base_dir = config_value.get("base_dir")
        if base_dir is None:
            dagster_home = os.environ.get("DAGSTER_HOME")
            if not dagster_home:
                raise BadInput(
                    "DAGSTER_HOME is not set; expected the folder of the Dagster instance",
                    'Run: eval "$(trainplat env)"',
                )
            base_dir = str(Path(dagster_home) / "history")
        return cls(base_dir=base_dir, inst_data=inst_data)

    def store_event_batch(self, events: Sequence[EventLogEntry]) -> None:
        """Store all of them in one transaction, or none."""
        with self._connect() as connection:
            self._batch.connection = connection
            try:
                for event in events:
                    self.store_event(event)
            finally:
                self._batch.connection = None

    @contextmanager
    def _connect(self) -> Iterator[Connection]:
        shared = getattr(self._batch, "connection", None)
        if shared is not None:
            yield shared
            return
        with self._engine.connect() as connection, connection.begin():
            yield connection

    @cached_property
    def _engine(self) -> Engine:
        """Kept: a new one would compile each statement anew. It keeps no connection, so a fork is safe."""
        return create_engine(
            self._conn_string, poolclass=NullPool, connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS}
        )
