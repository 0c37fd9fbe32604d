"""A training small enough for every test: a GPT of some thousand parameters on text made here."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from resources.learning.distributed.plan import Plan, TaskChoice
from resources.learning.distributed.progress import Began, Ended, Event, curve, read_progress

TINY = {"layers": 2, "heads": 2, "width": 16, "context": 16, "characters": 4000}


def tiny(**changes: Any) -> Plan:
    """Twelve steps of eight samples; a point at every second one, checkpoints at every fourth."""
    plan = Plan(
        TaskChoice("text", TINY),
        steps=12,
        batch_size=8,
        learning_rate=3e-3,
        warmup_steps=2,
        log_every_steps=2,
        checkpoint_every_steps=4,
        checkpoint_every_s=None,
    )
    return replace(plan, **changes)


def told(folder: Path) -> list[Event]:
    """All that a training told."""
    return read_progress(folder)[0]


def losses(folder: Path) -> list[tuple[int, float]]:
    """Step and loss of each point, those that were done again once."""
    return [(point.step, point.loss) for point in curve(told(folder))]


def began(folder: Path) -> list[int]:
    """The steps that each start went on from."""
    return [event.step for event in told(folder) if isinstance(event, Began)]


def is_done(folder: Path) -> bool:
    """Whether the last that it told is that all steps are done."""
    ended = [event for event in told(folder) if isinstance(event, Ended)]
    return bool(ended) and ended[-1].done


def difference(one: Path, other: Path) -> float:
    """The greatest difference between the losses of two trainings, told at the same steps."""
    pairs = list(zip(losses(one), losses(other), strict=True))
    assert all(a[0] == b[0] for a, b in pairs)
    return max(abs(a[1] - b[1]) for a, b in pairs)
