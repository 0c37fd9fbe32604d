"""Promotes, steps and rolls back in a home, drawn at random, until it is killed. Run as a program:

``python -m tests.resources.serving.deployments.acting HOME SEED``. Prints a line for each act that is done.
"""

import random
import sys
from pathlib import Path

from resources.errors import TrainplatError
from resources.home import Home
from resources.serving.deployments.service import DeploymentService
from resources.serving.references import parse_reference
from tests.resources.serving.examples import ACTOR, NAME


def main(home: Path, seed: int) -> None:
    """Act for ever."""
    drawn, place = random.Random(seed), Home(home)
    service = DeploymentService(place, place.database())
    while True:
        act(service, drawn)
        sys.stdout.write(f"{len(service.history(NAME))}\n")
        sys.stdout.flush()


def act(service: DeploymentService, drawn: random.Random) -> None:
    """One act; what cannot be done is left."""
    rollout = service.state(NAME).rollout
    try:
        if rollout is not None and drawn.random() < 0.6:
            drawn.choice([service.advance, service.complete, service.abort])(rollout, ACTOR, "drawn")
        elif drawn.random() < 0.3:
            service.rollback(NAME, ACTOR)
        else:
            service.promote(parse_reference(f"{NAME}:{drawn.randint(1, 5)}"), ACTOR, "drawn")
    except TrainplatError:
        return


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
