"""A code location with one sensor: it tries the merge when a training on a branch of the digits succeeded."""

from dagster import Definitions

from resources.data.resource import DataResource
from sensors.merges import build_merge_sensor
from trainplat_assets.datasets import DIGITS

defs = Definitions(
    sensors=[build_merge_sensor(DIGITS, minimum_interval_s=1)], resources={"data": DataResource()}
)
