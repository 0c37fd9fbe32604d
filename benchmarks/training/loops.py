"""The training function beside a plain loop of the same model, in one process of one thread, by turns."""

import time
from pathlib import Path
from statistics import median

from benchmarks.result import spread
from benchmarks.training.plans import plan, samples_per_s
from resources.learning.distributed.plan import Plan


def loop_metrics(folder: Path, *, turns: int, steps: int, context: int) -> dict[str, float]:
    """``loop_over_plain``, the median over turns, and the samples per second of both."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        chosen = plan(steps, context)
        pairs = [_pair(chosen, folder / str(turn), ours_first=turn % 2 == 0) for turn in range(turns)]
    finally:
        torch.set_num_threads(threads)
    return {
        "loop_over_plain": median(one / other for one, other in pairs),
        **spread("loop_samples_per_s", [one for one, _ in pairs]),
        **spread("plain_samples_per_s", [other for _, other in pairs]),
    }


def _pair(chosen: Plan, folder: Path, *, ours_first: bool) -> tuple[float, float]:
    if ours_first:
        return ours(chosen, folder), plain(chosen)
    other = plain(chosen)
    return ours(chosen, folder), other


def ours(chosen: Plan, folder: Path) -> float:
    """Samples per second of the training function."""
    from resources.learning.distributed.loop import train
    from resources.learning.distributed.tasks.catalogue import build_task
    from resources.learning.distributed.world import joined

    with joined("cpu") as world:
        train(chosen, build_task(chosen.task), world, folder)
    return samples_per_s(folder)


def plain(chosen: Plan) -> float:
    """Samples per second of the loop that everybody writes: no checkpoint, no schedule, nothing told."""
    import numpy as np
    import torch
    from torch import nn

    from resources.learning.distributed.tasks.catalogue import build_task

    task = build_task(chosen.task)
    torch.manual_seed(chosen.seed)
    model = task.model()
    optimizer = torch.optim.AdamW(model.parameters(), lr=chosen.learning_rate, weight_decay=0.0)
    draw = np.random.default_rng(chosen.seed)
    begun_s = time.perf_counter()
    for step in range(chosen.steps):
        if step == chosen.log_every_steps:
            begun_s = time.perf_counter()
        loss = task.loss(model, task.batch(draw.integers(task.count, size=chosen.batch_size)))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if step % chosen.log_every_steps == 0:
            loss.item()
    measured = chosen.steps - chosen.log_every_steps
    return measured * chosen.batch_size / (time.perf_counter() - begun_s)
