"""A code location for tests: all of a round and its report, with the arbiter, and without Label Studio."""

import os

from dagster import Definitions, in_process_executor

from resources.data.resource import DataResource
from resources.gpu.resource import GpuResource
from resources.registry.resource import MlflowResource
from sensors.arbiter import build_arbiter_sensor
from trainplat_assets.data_assets import build_data_assets
from trainplat_assets.datasets import DIGITS
from trainplat_assets.jobs import build_round_job
from trainplat_assets.model_assets import build_model_assets
from trainplat_assets.reports import build_report_assets, build_report_sensors

# As the supervisor starts its code server: what lies below the home can be shown in the UI.
os.chdir(os.environ["TRAINPLAT_HOME"])

defs = Definitions(
    assets=[*build_data_assets(DIGITS), *build_model_assets(DIGITS), *build_report_assets(DIGITS)],
    jobs=[build_round_job(DIGITS)],
    sensors=[build_arbiter_sensor(), *build_report_sensors(DIGITS)],
    resources={"data": DataResource(), "gpu": GpuResource(), "registry": MlflowResource()},
    executor=in_process_executor,
)
