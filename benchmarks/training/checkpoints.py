"""What checkpoints cost, and whether a training that was killed goes on as if it had not been."""

import os
import signal
from dataclasses import replace
from pathlib import Path
from statistics import median

import psutil

from benchmarks.training.plans import first_start, losses, plan, trained
from resources.learning.distributed.launching import Launch
from resources.learning.distributed.plan import Parallel, Plan, TaskChoice
from resources.learning.distributed.progress import Event, Point, Saved, read_progress
from resources.learning.distributed.watching import Patience, run

LAYERS, CONTEXT, EVERY, CHECKPOINTS = 7, 64, 20, 3
MINUTE_S = 60.0


def stall_metrics(folder: Path, *, width: int, threads: int) -> dict[str, float]:
    """``checkpoint_stall_percent`` of the time, at one a minute; what steps take longer included."""
    settings = {"layers": LAYERS, "width": width, "heads": 8, "context": CONTEXT}
    chosen = Plan(
        TaskChoice("text", settings),
        steps=EVERY * (CHECKPOINTS + 1),
        batch_size=4,
        log_every_steps=1,
        checkpoint_every_steps=EVERY,
        checkpoint_every_s=None,
    )
    trained(chosen, folder, threads=threads)
    events = read_progress(folder)[0]
    costs, quiet_s = costs_of_checkpoints(events, chosen)
    saved = [event for event in events if isinstance(event, Saved)]
    return {
        "checkpoint_stall_percent": 100 * median(costs) / MINUTE_S,
        "checkpoint_stood_still_s": median(event.stalled_s for event in saved),
        "checkpoint_written_s": median(event.seconds for event in saved),
        "checkpoint_parameters": float(first_start(folder).parameters),
        "checkpoint_step_s": quiet_s,
    }


def costs_of_checkpoints(events: list[Event], chosen: Plan) -> tuple[list[float], float]:
    """For each checkpoint the seconds that steps took longer until it was whole; those of a quiet step."""
    seconds, under_way = {}, {}
    last = 0
    for event in events:
        if isinstance(event, Point):
            last = event.step
            seconds[last] = chosen.batch_size / event.samples_per_s
        elif isinstance(event, Saved) and event.step < chosen.steps:
            # The step that is done while it becomes whole counts too.
            under_way[event.step] = range(event.step + 1, last + 2)
    slowed = {step for steps in under_way.values() for step in steps}
    quiet_s = median(taken for step, taken in seconds.items() if step not in slowed and step > 1)
    costs = [sum(seconds.get(step, quiet_s) - quiet_s for step in steps) for steps in under_way.values()]
    return costs, quiet_s


def resumed_metrics(folder: Path, *, steps: int, device: str = "cpu") -> dict[str, float]:
    """``resumed_is_identical``: 1 where the losses after ``kill -9`` of one process are those without it.

    Of two processes on CPUs; of one on a GPU, with algorithms that give the same bits each time.
    """
    settings = {"layers": 2, "width": 32, "context": 32, "dropout": 0.1}
    on_gpu = device == "cuda"
    chosen = replace(
        plan(steps, 0, parallel=Parallel.DDP, deterministic=on_gpu),
        task=TaskChoice("text", settings),
        log_every_steps=2,
        checkpoint_every_steps=steps // 10,
    )
    processes = 1 if on_gpu else 2
    whole = trained(chosen, folder / "whole", processes=processes, device=device)
    killed = folder / "killed"
    kills: list[int] = []

    def kill(event: Event) -> None:
        if isinstance(event, Saved) and not kills:
            kills.append(_kill_last_process(killed))

    run(Launch(chosen, killed, processes, device), patience=Patience(look_s=0.02), tell=kill)
    return {
        "resumed_is_identical": float(losses(killed) == losses(whole)),
        "resumed_after_kills": float(len(kills)),
    }


def _kill_last_process(folder: Path) -> int:
    workers = [
        process
        for process in psutil.Process().children(recursive=True)
        if str(folder.resolve()) in process.cmdline() and "--standalone" not in process.cmdline()
    ]
    os.kill(workers[-1].pid, signal.SIGKILL)
    return workers[-1].pid
