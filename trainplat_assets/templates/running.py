"""One training as the step of a pipeline."""

import sys
from collections.abc import Mapping
from typing import Any

from dagster import AssetExecutionContext, DataVersion, Failure, MaterializeResult, MetadataValue

from resources.errors import BadInput, TrainplatError
from resources.gpu.resource import GpuResource
from resources.home import Home
from resources.learning.distributed.checkpoints.folder import Checkpoints
from resources.learning.distributed.launching import Launch
from resources.learning.distributed.logs import LogLine
from resources.learning.distributed.plan import Parallel, Plan, write_plan
from resources.learning.distributed.progress import Event, Measured, Point
from resources.learning.distributed.watching import run


def train(
    context: AssetExecutionContext, gpu: GpuResource, name: str, plan: Plan, version: str
) -> MaterializeResult[None]:
    """Train under the lease of the run; what the asset is to say of it."""
    folder = Home.from_environment().path / "trainings" / name / context.run.run_id
    scores: dict[str, float] = {}
    points: list[Point] = []

    def tell(event: Event) -> None:
        if isinstance(event, Point):
            points.append(event)
            context.log.info("step %d: loss %.4f", event.step, event.loss)
        if isinstance(event, Measured):
            scores.update(event.scores)

    def log(line: LogLine) -> None:
        sys.stdout.write(f"[{line.process}] {line.text}\n")

    try:
        with gpu.lease(context) as lease:
            one = plan.parallel in {Parallel.SINGLE, Parallel.DATA_PARALLEL}
            processes = 1 if one else max(1, len(lease.devices))
            threads = max(1, lease.threads // processes)
            launch = Launch(plan, folder, processes, lease.torch_device, threads=threads)
            run(launch, tell=tell, log=log)
    except TrainplatError as problem:
        raise Failure(str(problem), allow_retries=not isinstance(problem, BadInput)) from problem
    found = Checkpoints(folder / "checkpoints").newest_whole()
    if found is None:
        raise Failure(f"the training in {folder} left no checkpoint")
    metadata: Mapping[str, Any] = {
        "checkpoint": MetadataValue.path(str(found.path)),
        "plan": MetadataValue.json({"plan": write_plan(plan)}),
        "loss": points[-1].loss if points else 0.0,
        **scores,
        "pipeline_version": version,
    }
    return MaterializeResult(metadata=metadata, data_version=DataVersion(found.path.name))
