"""Two processes against one: how much faster with DDP, how much smaller with FSDP2, and the same losses."""

from pathlib import Path
from statistics import median

from benchmarks.result import spread
from benchmarks.training.plans import first_start, losses, plan, samples_per_s, trained
from resources.learning.distributed.plan import Parallel


def spread_metrics(folder: Path, *, turns: int, steps: int, context: int) -> dict[str, float]:
    """``ddp_over_one``: two processes of one thread over one, of the same batches, by turns."""
    one = plan(steps, context)
    two = plan(steps, context, parallel=Parallel.DDP)
    pairs = [
        (
            samples_per_s(trained(two, folder / f"two-{turn}", processes=2)),
            samples_per_s(trained(one, folder / f"one-{turn}")),
        )
        for turn in range(turns)
    ]
    return {
        "ddp_over_one": median(ddp / single for ddp, single in pairs),
        **spread("ddp_samples_per_s", [ddp for ddp, _ in pairs]),
        **spread("one_process_samples_per_s", [single for _, single in pairs]),
    }


def sharded_metrics(folder: Path, *, steps: int, context: int) -> dict[str, float]:
    """``fsdp2_loss_difference``, the greatest of all points, and ``fsdp2_parameter_share``."""
    whole = trained(plan(steps, context), folder / "whole")
    sharded = trained(plan(steps, context, parallel=Parallel.FSDP2), folder / "sharded", processes=2)
    pairs = zip(losses(whole), losses(sharded), strict=True)
    began = first_start(sharded)
    return {
        "fsdp2_loss_difference": max(abs(one[1] - other[1]) for one, other in pairs),
        "fsdp2_parameter_share": began.parameters_here / began.parameters,
        "fsdp2_samples_per_s": samples_per_s(sharded),
    }
