"""One process of a round that several train; ``torchrun`` starts it as that of any other training."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from resources.learning.distributed.plan import Plan
from resources.learning.distributed.progress import STOP
from resources.learning.distributed.worker import take_part
from resources.learning.rounds.telling import Stopped, Telling
from resources.learning.trainings.result import ROUND

if TYPE_CHECKING:
    from resources.learning.distributed.world import World


def train_round(plan: Plan, world: "World", folder: Path) -> None:
    """Train what lies in the folder; the first process tells of it, and puts down what came of it."""
    del plan  # all that decides the outcome lies beside it
    import torch

    from resources.learning import loop
    from resources.learning.rounds.work import read_task, write_trained

    telling = Telling(folder, is_to_stop=(folder / STOP).exists, say=_say) if world.is_first else None
    try:
        trained = loop.run(
            read_task(folder),
            checkpoint=folder / ROUND,
            device=str(world.device),
            threads=torch.get_num_threads(),
            progress=None,
            telling=telling,
            world=world,
        )
    except Stopped:
        return
    if world.is_first:
        write_trained(folder, trained)


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(take_part(sys.argv[1:], train_round))
