"""The sensors and jobs of a data set, over an instance that runs what they request."""

import os
import time
from collections.abc import Sequence
from pathlib import Path

from dagster import AssetKey, DagsterInstance, Definitions, SensorResult, build_sensor_context

from resources.data.resource import DataResource
from resources.data.spec import DatasetSpec
from resources.gpu.resource import GpuResource
from resources.labeling.resource import LabelStudioResource
from resources.registry.resource import MlflowResource
from trainplat_assets.dataset_loop import build_dataset_definitions

RESOURCES = {
    "data": DataResource(),
    "gpu": GpuResource(),
    "labeling": LabelStudioResource(),
    "registry": MlflowResource(),
}


class Chain:
    """What its sensors tell, tick by tick."""

    def __init__(self, spec: DatasetSpec, instance: DagsterInstance) -> None:
        self.spec, self.instance = spec, instance
        self.definitions = Definitions.merge(
            build_dataset_definitions(spec), Definitions(resources=RESOURCES)
        )
        self.cursors: dict[str, str | None] = {}
        self.ran: list[str] = []

    def tick(self, sensor: str) -> str:
        """One tick: what it requests is run at once. Returns why it requested nothing."""
        repository = self.definitions.get_repository_def()
        with build_sensor_context(
            instance=self.instance,
            cursor=self.cursors.get(sensor),
            repository_def=repository,
            resources={name: RESOURCES[name] for name in ("data", "labeling", "registry")},
        ) as context:
            told = repository.get_sensor_def(f"{self.spec.name}_{sensor}")(context)
        if not isinstance(told, SensorResult):
            return str(getattr(told, "skip_message", ""))
        self.cursors[sensor] = told.cursor
        for added in told.dynamic_partitions_requests or ():
            self.instance.add_dynamic_partitions(added.partitions_def_name, list(added.partition_keys))
        for request in told.run_requests or ():
            job = f"{self.spec.name}_{'ask' if sensor == 'questions' else 'round'}"
            self.run(job, str(request.partition_key), request.asset_selection, dict(request.tags))
        return str(told.skip_reason.skip_message if told.skip_reason else "")

    def run(self, job: str, partition: str, assets: Sequence[AssetKey] | None, tags: dict[str, str]) -> None:
        """Run a job, or these assets of it."""
        done = self.definitions.resolve_job_def(job).execute_in_process(
            partition_key=partition,
            asset_selection=assets,
            instance=self.instance,
            tags=tags,
            resources=RESOURCES,
        )
        made = done.get_asset_materialization_events()
        self.ran += sorted(one.asset_key.path[-1] for one in made if one.asset_key is not None)


def let_lie(inbox: Path) -> None:
    """Let all files of an inbox have been still for a minute."""
    for path in inbox.iterdir():
        if path.is_file():
            os.utime(path, (time.time() - 60,) * 2)
