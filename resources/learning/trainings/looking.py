"""Looking at a training in its folder, as often as somebody looks; it is not disturbed by that."""

import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from resources.learning.distributed.checkpoints.folder import MANIFEST, Checkpoint, Checkpoints
from resources.learning.distributed.progress import HEARTBEAT, PROGRESS, Point, Saved, Told, curve, read_told
from resources.learning.trainings.model import Training
from resources.learning.trainings.result import CHECKPOINTS, ROUND
from resources.learning.trainings.standing import Standing, standing

TAIL_BYTES = 65_536


@dataclass(frozen=True)
class KeptCheckpoint:
    """One that can be gone on from."""

    step: int
    path: Path
    size_bytes: int
    at: datetime


def stands_now(training: Training, folder: Path) -> Standing:
    """How it stands, from the last that it told: quick, however long it has trained."""
    size = _size(folder / PROGRESS)
    return _standing(training, folder, read_told(folder, max(0, size - TAIL_BYTES))[0])


def all_told(training: Training, folder: Path) -> tuple[Standing, list[Told]]:
    """How it stands, with all that it told."""
    told = read_told(folder)[0]
    return _standing(training, folder, told), told


def thinned(told: list[Told], most: int) -> list[Point]:
    """Its curve, of no more points than a chart can show; the last one is among them."""
    points = curve(one.event for one in told)
    if len(points) <= most:
        return points
    each = -(-len(points) // most)
    return [point for number, point in enumerate(reversed(points)) if number % each == 0][::-1]


def kept_checkpoints(folder: Path) -> list[KeptCheckpoint]:
    """The newest first. Whether they are whole is seen when one is gone on from: that reads all of them."""
    found = [_of_round(folder), *(_kept(one) for one in Checkpoints(folder / CHECKPOINTS).all())]
    return [one for one in found if one is not None]


def _of_round(folder: Path) -> KeptCheckpoint | None:
    """That of a data set's training, which takes the place of the one before it."""
    path = folder / ROUND
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    told = read_told(folder, max(0, _size(folder / PROGRESS) - TAIL_BYTES))[0]
    step = next((one.event.step for one in reversed(told) if isinstance(one.event, Saved)), 0)
    return KeptCheckpoint(step, path, found.st_size, datetime.fromtimestamp(found.st_mtime, tz=UTC))


def _kept(one: Checkpoint) -> KeptCheckpoint | None:
    try:
        manifest = one.path / MANIFEST
        told = json.loads(manifest.read_text())
        size = sum(int(file["bytes"]) for file in told.values())
        at = datetime.fromtimestamp(manifest.stat().st_mtime, tz=UTC)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None  # it goes while it is looked at
    return KeptCheckpoint(one.step, one.path, size, at)


def _standing(training: Training, folder: Path, told: list[Told]) -> Standing:
    return standing(training, told, is_followed=training.last.process.is_alive(), silent_s=_silent_s(folder))


def _silent_s(folder: Path) -> float | None:
    marks = [(folder / name).stat().st_mtime for name in (HEARTBEAT, PROGRESS) if (folder / name).exists()]
    return max(0.0, time.time() - max(marks)) if marks else None


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
