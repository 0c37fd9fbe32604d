"""The code location: every pipeline that a file declares, data sets with their loops among them, and what
they draw on.
"""

from dagster import Definitions, in_process_executor

from resources.data.mounts.resource import MountsResource
from resources.data.resource import DataResource
from resources.gpu.resource import GpuResource
from resources.labeling.resource import LabelStudioResource
from resources.pipelines.declared import datasets
from resources.pipelines.folder import Folder
from resources.registry.resource import MlflowResource
from sensors.arbiter import build_arbiter_sensor
from sensors.prefetch import build_prefetch_sensor
from trainplat_assets.forecast import build_forecast_definitions
from trainplat_assets.replication import build_replication_definitions
from trainplat_assets.templates.loading import build_pipeline_definitions
from trainplat_assets.upkeep import build_upkeep_definitions

PIPELINES = Folder.from_environment()

defs = Definitions.merge(
    build_pipeline_definitions(PIPELINES),
    build_forecast_definitions(),
    build_upkeep_definitions(),
    build_replication_definitions(),
    Definitions(
        sensors=[build_arbiter_sensor(), build_prefetch_sensor([one.name for one in datasets(PIPELINES)])],
        resources={
            "data": DataResource(),
            "gpu": GpuResource(),
            "labeling": LabelStudioResource(),
            "mounts": MountsResource(),
            "registry": MlflowResource(),
        },
        executor=in_process_executor,
    ),
)
