"""What a training could not begin or go on with, and no restart mends: told by a file in its folder."""

import json
from pathlib import Path

from resources.errors import BadInput, NotFound, TrainplatError
from resources.files import write_atomically

REFUSED = "refused.json"
_KINDS: dict[str, type[TrainplatError]] = {"BadInput": BadInput, "NotFound": NotFound}


def refuse(folder: Path, problem: TrainplatError) -> None:
    """Tell whoever watches why a training ends."""
    told = {"kind": type(problem).__name__, "problem": problem.problem, "next_step": problem.next_step}
    write_atomically(folder / REFUSED, json.dumps(told))


def refusal(folder: Path) -> TrainplatError | None:
    """What the last start was refused for, or None."""
    try:
        told = json.loads((folder / REFUSED).read_text())
    except FileNotFoundError:
        return None
    return _KINDS.get(told["kind"], TrainplatError)(told["problem"], told["next_step"])


def forget_refusal(folder: Path) -> None:
    """Before a new start."""
    (folder / REFUSED).unlink(missing_ok=True)
