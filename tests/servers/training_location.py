"""A code location for tests of large trainings: one on both devices, and a run that takes one of them."""

import os
from dataclasses import replace

from dagster import (
    AssetExecutionContext,
    Definitions,
    MaterializeResult,
    asset,
    define_asset_job,
    in_process_executor,
)

from resources.gpu.resource import GpuResource
from resources.learning.distributed.plan import Parallel, Plan
from resources.learning.distributed.watching import Patience
from sensors.arbiter import build_arbiter_sensor
from tests.resources.learning.distributed.plans import tiny
from tests.servers.gpu_location import one_device
from trainplat_assets.large_training import LargeTraining, run_training

HANG_S = "TEST_HANG_S"
LONG = 4000
"""Steps."""


GPUS = {"trainplat/gpu": "2", "trainplat/preemptible": "true"}


def plan(steps: int = 1600) -> Plan:
    """By two processes. On an idle machine too it takes longer than the arbiter to see that one must go."""
    return tiny(parallel=Parallel.DDP, steps=steps, checkpoint_every_steps=10)


@asset(op_tags=GPUS)
def stories(context: AssetExecutionContext, gpu: GpuResource) -> MaterializeResult[None]:
    """Train it."""
    return _train(context, gpu, plan())


@asset(op_tags=GPUS)
def long_stories(context: AssetExecutionContext, gpu: GpuResource) -> MaterializeResult[None]:
    """Long enough for a person to look at it."""
    return _train(context, gpu, replace(plan(LONG), log_every_steps=10, checkpoint_every_steps=20))


def _train(context: AssetExecutionContext, gpu: GpuResource, asked: Plan) -> MaterializeResult[None]:
    patience = Patience(hang_s=float(os.environ[HANG_S]), hangs=5)
    trained = run_training(context, gpu, LargeTraining("stories", asked, patience=patience))
    return MaterializeResult(metadata=trained.metadata(), data_version=trained.data_version)


defs = Definitions(
    assets=[stories, long_stories, one_device],
    jobs=[
        define_asset_job(f"{name}_job", selection=[name])
        for name in ("stories", "long_stories", "one_device")
    ],
    sensors=[build_arbiter_sensor()],
    resources={"gpu": GpuResource()},
    executor=in_process_executor,
)
