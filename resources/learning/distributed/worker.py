"""One process of a training: ``python -m resources.learning.distributed.worker PLAN.json FOLDER [cpu|cuda]``.

``torchrun`` starts as many as there are devices. What no restart mends is told in ``refused.json``, and ends
with exit code 2.
"""

import faulthandler
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from resources.errors import TrainplatError
from resources.learning.distributed.plan import Plan, read_plan
from resources.learning.distributed.progress import stacks_name
from resources.learning.distributed.refusals import refuse
from resources.lifeline import die_with

if TYPE_CHECKING:
    from resources.learning.distributed.world import World


TakePart = Callable[[Plan, "World", Path], None]
"""Trains by a plan, in a world of processes, in a folder."""


def main(arguments: list[str]) -> int:
    """Take part in the training of a task that the plan describes; see :func:`take_part`."""

    def train_task(plan: Plan, world: "World", folder: Path) -> None:
        from resources.learning.distributed.loop import train
        from resources.learning.distributed.tasks.catalogue import build_task

        train(plan, build_task(plan.task), world, folder)

    return take_part(arguments, train_task)


def take_part(arguments: list[str], train: TakePart) -> int:
    """Take part in a training; a fourth argument is the process to die with."""
    plan_file, place = Path(arguments[0]), Path(arguments[1])
    device = arguments[2] if len(arguments) > 2 else "cpu"
    if len(arguments) > 3:
        die_with(int(arguments[3]), signal.SIGKILL)
    place.mkdir(parents=True, exist_ok=True)
    # Whoever finds that it hangs asks where it stands.
    stacks = (place / stacks_name(int(os.environ.get("RANK", "0")))).open("a")
    faulthandler.register(signal.SIGUSR2, stacks, all_threads=True)
    from resources.learning.distributed.world import joined

    try:
        plan = read_plan(plan_file.read_text())
        with joined(device) as world:
            train(plan, world, place)
    except TrainplatError as problem:
        sys.stderr.write(f"{problem}\n")
        refuse(place, problem)
        return int(problem.exit_code)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
