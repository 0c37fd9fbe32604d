"""Trainings that have not begun: runs of pipelines that wait for their first devices."""

from collections.abc import Collection
from dataclasses import dataclass

from resources.errors import TrainplatError
from resources.gpu.model import WaitingRequest
from resources.pipelines.folder import Folder
from resources.pipelines.runs import PipelineRuns
from resources.pipelines.specs.training import TrainingSpec

MOST_ASKED = 100
"""Runs that Dagster is asked about, those that wait longest."""


@dataclass(frozen=True)
class Coming:
    """One that waits."""

    pipeline: str
    steps: int
    request: WaitingRequest


def coming_trainings(
    folder: Folder, dagster: str | None, waiting: Collection[WaitingRequest], begun: Collection[str]
) -> tuple[Coming, ...]:
    """The runs in the line whose pipeline trains, without those that have ``begun``, in their order.

    The line knows no pipelines, so Dagster is asked; while that does not answer, none is known.
    """
    unknown = {str(one.run_id): one for one in waiting if str(one.run_id) not in begun}
    if dagster is None or not unknown:
        return ()
    try:
        runs = {one.run_id: one for one in PipelineRuns(dagster).of_runs([*unknown][:MOST_ASKED])}
    except TrainplatError:
        return ()
    steps = {name: _steps(folder, name) for name in {one.pipeline for one in runs.values()} if name}
    return tuple(
        Coming(run.pipeline, count, unknown[run_id])
        for run_id in unknown
        if (run := runs.get(run_id)) is not None and (count := steps.get(run.pipeline)) is not None
    )


def _steps(folder: Folder, name: str) -> int | None:
    """How many its file says, where it is one that trains."""
    try:
        spec = folder.read(name).spec
    except TrainplatError:
        return None
    return spec.steps if isinstance(spec, TrainingSpec) else None
