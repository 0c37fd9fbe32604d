"""The training function beside a plain loop of the same model, in one process of one thread, by turns."""

import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, cast

from benchmarks.result import spread
from benchmarks.training.plans import plan, samples_per_s
from resources.learning.distributed.plan import Plan, Precision

if TYPE_CHECKING:
    from torch import nn


def loop_metrics(folder: Path, *, turns: int, steps: int, context: int) -> dict[str, float]:
    """``loop_over_plain``, the median over turns, and the samples per second of both."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        chosen = plan(steps, context)
        pairs = [pair(chosen, folder / str(turn), ours_first=turn % 2 == 0) for turn in range(turns)]
    finally:
        torch.set_num_threads(threads)
    return {
        "loop_over_plain": median(one / other for one, other in pairs),
        **spread("loop_samples_per_s", [one for one, _ in pairs]),
        **spread("plain_samples_per_s", [other for _, other in pairs]),
    }


def pair(chosen: Plan, folder: Path, *, ours_first: bool, device: str = "cpu") -> tuple[float, float]:
    """Samples per second of the training function and of the plain loop, one after the other."""
    if ours_first:
        return ours(chosen, folder, device), plain(chosen, device)
    other = plain(chosen, device)
    return ours(chosen, folder, device), other


def ours(chosen: Plan, folder: Path, device: str = "cpu") -> float:
    """Samples per second of the training function."""
    from resources.learning.distributed.loop import train
    from resources.learning.distributed.tasks.catalogue import build_task
    from resources.learning.distributed.world import joined

    with joined(device) as world:
        train(chosen, build_task(chosen.task), world, folder)
    return samples_per_s(folder)


def plain(chosen: Plan, device: str = "cpu") -> float:
    """Samples per second of the loop that everybody writes: no checkpoint, no schedule, nothing told."""
    import numpy as np
    import torch
    from torch import nn

    from resources.learning.distributed.tasks.catalogue import build_task

    task = build_task(chosen.task)
    torch.manual_seed(chosen.seed)
    model = task.model().to(device)
    on_gpu = device == "cuda"
    optimizer = torch.optim.AdamW(model.parameters(), lr=chosen.learning_rate, weight_decay=0.0, fused=on_gpu)
    called = cast("nn.Module", torch.compile(model)) if chosen.compile else model
    halves = torch.autocast(device, torch.bfloat16, enabled=chosen.precision is Precision.BF16)
    draw = np.random.default_rng(chosen.seed)
    begun_s = time.perf_counter()
    for step in range(chosen.steps):
        if step == chosen.log_every_steps:
            begun_s = time.perf_counter()
        batch = task.batch(draw.integers(task.count, size=chosen.batch_size))
        moved = {name: value.to(device, non_blocking=True) for name, value in batch.items()}
        with halves:
            loss = task.loss(called, moved)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if (step + 1) % chosen.log_every_steps == 0:
            loss.item()
    loss.item()
    measured = chosen.steps - chosen.log_every_steps
    return measured * chosen.batch_size / (time.perf_counter() - begun_s)
