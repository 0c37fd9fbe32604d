"""One process of a training: ``python -m resources.learning.distributed.worker PLAN.json FOLDER [cpu|cuda]``.

``torchrun`` starts as many as there are devices. What no restart mends is told in ``refused.json``, and ends
with exit code 2.
"""

import faulthandler
import os
import signal
import sys
from pathlib import Path

from resources.errors import TrainplatError
from resources.learning.distributed.plan import read_plan
from resources.learning.distributed.progress import stacks_name
from resources.learning.distributed.refusals import refuse
from resources.lifeline import die_with


def main(arguments: list[str]) -> int:
    """Take part in the training that the plan describes; a fourth argument is the process to die with."""
    plan_file, place = Path(arguments[0]), Path(arguments[1])
    device = arguments[2] if len(arguments) > 2 else "cpu"
    if len(arguments) > 3:
        die_with(int(arguments[3]), signal.SIGKILL)
    place.mkdir(parents=True, exist_ok=True)
    # Whoever finds that it hangs asks where it stands.
    stacks = (place / stacks_name(int(os.environ.get("RANK", "0")))).open("a")
    faulthandler.register(signal.SIGUSR2, stacks, all_threads=True)
    from resources.learning.distributed.loop import train
    from resources.learning.distributed.tasks.catalogue import build_task
    from resources.learning.distributed.world import joined

    try:
        plan = read_plan(plan_file.read_text())
        with joined(device) as world:
            train(plan, build_task(plan.task), world, place)
    except TrainplatError as problem:
        sys.stderr.write(f"{problem}\n")
        refuse(place, problem)
        return int(problem.exit_code)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
