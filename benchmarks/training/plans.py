"""The trainings that are measured, and what is read from what they tell."""

from pathlib import Path
from typing import Any

from resources.learning.distributed.launching import Launch
from resources.learning.distributed.plan import Plan, TaskChoice
from resources.learning.distributed.progress import Began, Point, curve, read_progress
from resources.learning.distributed.watching import run

BATCH = 32
POINTS = 6
"""How many points a training tells; the first one is not counted: it holds what happens once."""


def plan(steps: int, context: int, **changes: Any) -> Plan:
    """A small GPT, without checkpoints but at the end."""
    return Plan(
        TaskChoice("text", {"context": context}),
        steps,
        BATCH,
        log_every_steps=max(1, steps // POINTS),
        checkpoint_every_s=None,
        **changes,
    )


def trained(chosen: Plan, folder: Path, processes: int = 1, threads: int = 1, device: str = "cpu") -> Path:
    """Train it to its end, by processes of its own; the folder of it."""
    run(Launch(chosen, folder, processes, device, threads=threads))
    return folder


def points(folder: Path) -> list[Point]:
    """What was told of the steps, each once."""
    return curve(read_progress(folder)[0])


def samples_per_s(folder: Path) -> float:
    """Over all points but the first, and the last one, which may have fewer steps."""
    rates = [point.samples_per_s for point in points(folder)[1:POINTS]]
    return len(rates) / sum(1 / rate for rate in rates)


def losses(folder: Path) -> list[tuple[int, float]]:
    """Step and loss of each point."""
    return [(point.step, point.loss) for point in points(folder)]


def first_start(folder: Path) -> Began:
    """What the first start told."""
    return next(event for event in read_progress(folder)[0] if isinstance(event, Began))
