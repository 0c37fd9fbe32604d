"""The event log of the embedded instance: one SQLite file for all runs.

Dagster's default makes a file of 115 KB for each run and needs 0.55 s for it, which a queue of hundreds of
runs feels. docs/decisions/0003-one-event-log-file.md has the risk and the way out (PostgreSQL).
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from dagster import Field, StringSource
from dagster._core.storage.event_log.sqlite.consolidated_sqlite_event_log import (
    ConsolidatedSqliteEventLogStorage,
)
from dagster._serdes import ConfigurableClassData

from resources.errors import BadInput


class OneFileEventLogStorage(ConsolidatedSqliteEventLogStorage):
    """Dagster's consolidated SQLite event log, in ``$DAGSTER_HOME/history`` unless told otherwise.

    It exists because ``dagster.yaml`` holds no path: the folder follows the instance.
    """

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
