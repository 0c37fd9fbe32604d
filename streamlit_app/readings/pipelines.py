"""The pipelines, and what their runs came to as far as Dagster answers."""

from dataclasses import dataclass
from datetime import datetime

from resources.clock import Clock, utc_now
from resources.database.engine import Database
from resources.errors import TrainplatError
from resources.home import Home
from resources.pipelines.folder import Folder
from resources.pipelines.runs import LogLine, PipelineRun, PipelineRuns
from resources.pipelines.service import Listed, PipelineService

LINES = 400
"""Of a run's log that are shown, the newest ones."""


@dataclass(frozen=True)
class Pipelines:
    """All of them, as they were at ``read_at``."""

    listed: tuple[Listed, ...]
    newest: dict[str, PipelineRun]
    """The newest run of each, as far as Dagster is known to run."""
    dagster: str | None
    """Its address."""
    silent: str | None
    """Why Dagster says nothing, where it should."""
    read_at: datetime


@dataclass(frozen=True)
class Runs:
    """The runs of one pipeline, newest first, and what one of them told."""

    runs: tuple[PipelineRun, ...]
    log: tuple[LogLine, ...]
    dagster: str


def pipeline_service(database: Database, clock: Clock = utc_now) -> PipelineService:
    """The pipelines of the environment, numbered in a home's database."""
    return PipelineService(Folder.from_environment(), database, clock)


def read_pipelines(home: Home, database: Database, clock: Clock = utc_now) -> Pipelines:
    """Read files and tables, and ask Dagster where it runs."""
    listed = tuple(pipeline_service(database, clock).listed())
    dagster = home.addresses().dagster
    newest: dict[str, PipelineRun] = {}
    silent = None
    if dagster is not None:
        try:
            newest = PipelineRuns(dagster).newest(one.pipeline.name for one in listed)
        except TrainplatError as problem:
            silent = problem.problem
    return Pipelines(listed, newest, dagster, silent, clock())


def read_runs(home: Home, name: str, run_id: str | None) -> Runs | None:
    """The runs of a pipeline with the log of one of them, by default the newest; None without Dagster.

    Raises Unavailable where it does not answer.
    """
    dagster = home.addresses().dagster
    if dagster is None:
        return None
    asked = PipelineRuns(dagster)
    runs = asked.of_pipeline(name)
    chosen = next((one.run_id for one in runs if run_id in (None, one.run_id)), None)
    log = asked.log(chosen) if chosen is not None else ()
    return Runs(runs, log[-LINES:], dagster)
