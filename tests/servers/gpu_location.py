"""A code location for tests of the GPU path: assets that hold their devices until a file says go."""

import os
import time
from pathlib import Path

from dagster import (
    AssetExecutionContext,
    Definitions,
    asset,
    define_asset_job,
    in_process_executor,
    multiprocess_executor,
)

from resources.data.mounts.resource import MountsResource
from resources.gpu.resource import GpuResource
from sensors.arbiter import build_arbiter_sensor


@asset(op_tags={"trainplat/gpu": "1"})
def one_device(context: AssetExecutionContext, gpu: GpuResource) -> None:
    """Hold one device until the gate of this run, or of all runs, is open."""
    with gpu.lease(context) as lease:
        _note(context, f"attempt {lease.attempt} on {','.join(lease.devices)}, {lease.threads} threads")
        _wait_for_gate(context)


@asset(op_tags={"trainplat/gpu": "2"})
def two_devices(context: AssetExecutionContext, gpu: GpuResource) -> None:
    """Hold two devices until the gate is open."""
    with gpu.lease(context) as lease:
        _note(context, f"attempt {lease.attempt} on {','.join(lease.devices)}, {lease.threads} threads")
        _wait_for_gate(context)


@asset(op_tags={"trainplat/gpu": "1"}, deps=[one_device])
def after_one_device(context: AssetExecutionContext, gpu: GpuResource) -> None:
    """Hold one device when the step before it is done with its own."""
    with gpu.lease(context) as lease:
        _note(context, f"then attempt {lease.attempt} on {','.join(lease.devices)}")


@asset
def no_device(context: AssetExecutionContext) -> None:
    """Ask for nothing."""
    _note(
        context, f"sees {os.environ.get('TRAINPLAT_DEVICES')!r}, {os.environ.get('CUDA_VISIBLE_DEVICES')!r}"
    )


@asset
def mounted(context: AssetExecutionContext, mounts: MountsResource) -> None:
    """Write into the mount point ``room``, and wait."""
    with mounts.given(context, "room") as room:
        (room / "big").write_bytes(b"x")
        _note(
            context,
            f"{os.environ['TRAINPLAT_MOUNT_ROOM']} has {sorted(path.name for path in room.iterdir())}",
        )
        _wait_for_gate(context)


def _gates() -> Path:
    return Path(os.environ["TEST_GATES"])


def _note(context: AssetExecutionContext, text: str) -> None:
    with (_gates() / f"{context.run.run_id}.notes").open("a") as notes:
        notes.write(text + "\n")


def _wait_for_gate(context: AssetExecutionContext) -> None:
    while not ((_gates() / f"{context.run.run_id}.go").exists() or (_gates() / "all.go").exists()):
        time.sleep(0.1)


defs = Definitions(
    assets=[one_device, two_devices, after_one_device, no_device, mounted],
    jobs=[
        *(
            define_asset_job(name, selection=[name[:-4]])
            for name in ("one_device_job", "two_devices_job", "no_device_job", "mounted_job")
        ),
        define_asset_job(
            "two_processes_job",
            selection=["one_device", "after_one_device"],
            executor_def=multiprocess_executor,
        ),
    ],
    sensors=[build_arbiter_sensor()],
    resources={"gpu": GpuResource(), "mounts": MountsResource()},
    executor=in_process_executor,
)
