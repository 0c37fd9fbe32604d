"""A code location for tests of pipelines: those of the folder that ``TRAINPLAT_PIPELINES`` names."""

from dagster import Definitions, in_process_executor

from resources.gpu.resource import GpuResource
from resources.pipelines.folder import Folder
from sensors.arbiter import build_arbiter_sensor
from trainplat_assets.templates.loading import build_pipeline_definitions

defs = Definitions.merge(
    build_pipeline_definitions(Folder.from_environment()),
    Definitions(
        sensors=[build_arbiter_sensor()],
        resources={"gpu": GpuResource()},
        executor=in_process_executor,
    ),
)
