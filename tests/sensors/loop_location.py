"""A code location for tests of the loop's sensors: the shapes data set, with rounds that do nothing."""

from dagster import AssetExecutionContext, AssetKey, AssetSelection, Definitions, asset, define_asset_job
from dagster._time import get_current_datetime

from resources.data.partitions import versions_partitions
from resources.data.resource import DataResource
from resources.labeling.resource import LabelStudioResource
from resources.registry.resource import MlflowResource
from sensors.annotations import build_annotation_sensor
from sensors.arrivals import build_arrivals_sensor
from sensors.merges import build_merge_sensor
from sensors.questions import build_questions_sensor
from tests.resources.data.shapes import SHAPES

PARTITIONS = versions_partitions(SHAPES.name)


@asset(key=AssetKey(["shapes", "dataset"]), partitions_def=PARTITIONS)
def dataset(context: AssetExecutionContext) -> None:
    """Stands for making a version."""


@asset(key=AssetKey(["shapes", "model"]), deps=[dataset], partitions_def=PARTITIONS)
def model(context: AssetExecutionContext) -> None:
    """Stands for learning from it."""


@asset(key=AssetKey(["shapes", "label_tasks"]), partitions_def=PARTITIONS)
def label_tasks(context: AssetExecutionContext) -> None:
    """Stands for the asking."""


ROUND = define_asset_job("shapes_round", AssetSelection.assets(dataset, model))
ASK = define_asset_job("shapes_ask", AssetSelection.assets(label_tasks))

defs = Definitions(
    assets=[dataset, model, label_tasks],
    jobs=[ROUND, ASK],
    sensors=[
        build_annotation_sensor(SHAPES, ROUND, making=[dataset.key], clock=get_current_datetime),
        build_arrivals_sensor(SHAPES, clock=get_current_datetime),
        build_merge_sensor(SHAPES, clock=get_current_datetime),
        build_questions_sensor(SHAPES, ASK, clock=get_current_datetime),
    ],
    resources={
        "data": DataResource(),
        "labeling": LabelStudioResource(),
        "registry": MlflowResource(),
    },
)
