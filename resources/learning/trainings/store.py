"""Trainings in their folders: ``<home>/trainings/NAME/KEY``, what is known of each in ``training.json``.

Beside it lies what the training itself tells and keeps: see :mod:`resources.learning.distributed`. One
process at a time writes ``training.json``; whoever reads it sees the old content or the new.
"""

from collections.abc import Iterator
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from resources.files import write_atomically
from resources.learning.trainings.model import Training

RECORD = "training.json"
LOCK = "follower.lock"
_TRAININGS = TypeAdapter(Training)


def write_record(folder: Path, training: Training) -> None:
    """Keep what is known of a training."""
    write_atomically(folder / RECORD, _TRAININGS.dump_json(training, indent=1))


def read_record(folder: Path) -> Training | None:
    """What is known of the training in ``folder``; None where there is none, or one that cannot be read."""
    try:
        return _TRAININGS.validate_json((folder / RECORD).read_bytes())
    except (OSError, ValidationError):
        return None


def all_records(root: Path) -> Iterator[Training]:
    """Those of all folders, in no order."""
    for file in root.glob(f"*/*/{RECORD}"):
        found = read_record(file.parent)
        if found is not None:
            yield found
