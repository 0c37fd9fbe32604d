"""What a training came to: read from its folder, once all its steps are done."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from resources.learning.distributed.checkpoints.folder import MANIFEST, Checkpoint, Checkpoints
from resources.learning.distributed.plan import Plan
from resources.learning.distributed.progress import Began, Ended, Measured, Point, curve, read_progress

CHECKPOINTS = "checkpoints"
ROUND = "round.pt"
"""The one checkpoint of a data set's training: whoever has registered its model removes it."""


@dataclass(frozen=True)
class Finished:
    """A training whose steps are all done."""

    plan: Plan
    folder: Path
    step: int
    checkpoint: Checkpoint
    """The one after the last step: what a finetuning begins from."""
    checkpoint_sha256: str
    """Of its manifest, which has the hash of each of its files."""
    scores: dict[str, float]
    curve: tuple[Point, ...]
    parameters: int
    starts: int
    """How often processes took it up, the first time included."""


def finished_in(folder: Path, plan: Plan) -> Finished | None:
    """What came of the training by ``plan`` in ``folder``; None where it is not done, or its end is lost."""
    events, _ = read_progress(folder)
    last = next((event for event in reversed(events) if isinstance(event, Began | Ended)), None)
    if not isinstance(last, Ended) or not last.done or last.step != plan.steps:
        return None
    found = Checkpoints(folder / CHECKPOINTS).newest_whole()
    if found is None or found.step != plan.steps:
        return None
    began = [event for event in events if isinstance(event, Began)]
    measured = [event for event in events if isinstance(event, Measured)]
    return Finished(
        plan=plan,
        folder=folder,
        step=last.step,
        checkpoint=found,
        checkpoint_sha256=hashlib.sha256((found.path / MANIFEST).read_bytes()).hexdigest(),
        scores=dict(measured[-1].scores) if measured else {},
        curve=tuple(curve(events)),
        parameters=began[-1].parameters,
        starts=len(began),
    )
