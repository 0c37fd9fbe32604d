"""A training of the loop as files, for those who train it: what decides its outcome, and what came of it.

In torch: import this module inside functions only.
"""

import io
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter

from resources.continual import ContinualSettings
from resources.files import write_atomically
from resources.learning.continual.lesson import Lesson
from resources.learning.loop import Task
from resources.learning.model import EpochPoint, TrainedWeights
from resources.learning.teaching import Teaching
from resources.terms import Label
from resources.train_settings import TrainSettings

Bytes = NDArray[np.uint8]
WORK, TRAINED = "work.npz", "trained.npz"
_CONTINUAL, _SETTINGS = TypeAdapter(ContinualSettings), TypeAdapter(TrainSettings)


def write_task(folder: Path, task: Task) -> None:
    """Put down what is to be learnt; what came of another one is gone."""
    (folder / TRAINED).unlink(missing_ok=True)
    told: dict[str, Any] = {"classes": task.classes, "settings": asdict(task.settings), "seed": task.seed}
    arrays: dict[str, NDArray[Any]] = {"images": task.images, "labels": task.labels}
    if task.start is not None:
        arrays["start"] = _array(task.start)
    if task.lesson is not None:
        lesson = task.lesson
        told["lesson"] = {
            "settings": asdict(lesson.settings),
            "ids": lesson.ids,
            "takes_all": lesson.takes_all,
        }
        arrays["is_new"] = lesson.is_new
        if lesson.memory is not None:
            arrays["memory"] = _array(lesson.memory)
    if task.teaching is not None:
        arrays |= {"taught_images": task.teaching.images, "taught_said": task.teaching.said}
    _write(folder / WORK, told, arrays)


def read_task(folder: Path) -> Task:
    """What is to be learnt."""
    told, arrays = _read(folder / WORK)
    lesson, teaching = None, None
    if "lesson" in told:
        kept = told["lesson"]
        lesson = Lesson(
            _CONTINUAL.validate_python(kept["settings"]),
            tuple(kept["ids"]),
            arrays["is_new"],
            _bytes(arrays.get("memory")),
            takes_all=kept["takes_all"],
        )
    if "taught_images" in arrays:
        teaching = Teaching(arrays["taught_images"], arrays["taught_said"])
    return Task(
        arrays["images"],
        arrays["labels"],
        tuple(Label(one) for one in told["classes"]),
        _SETTINGS.validate_python(told["settings"]),
        told["seed"],
        _bytes(arrays.get("start")),
        lesson,
        teaching,
    )


def write_trained(folder: Path, trained: TrainedWeights) -> None:
    """Put down what came of it."""
    curve = [[point.epoch, point.loss, point.accuracy] for point in trained.curve]
    arrays: dict[str, NDArray[Any]] = {"weights": _array(trained.weights)}
    if trained.memory is not None:
        arrays["memory"] = _array(trained.memory)
    _write(folder / TRAINED, {"curve": curve, "resumed": trained.resumed_from_epoch}, arrays)


def take_trained(folder: Path) -> TrainedWeights | None:
    """What came of it; None where nothing was put down."""
    if not (folder / TRAINED).exists():
        return None
    told, arrays = _read(folder / TRAINED)
    curve = tuple(EpochPoint(int(epoch), loss, accuracy) for epoch, loss, accuracy in told["curve"])
    return TrainedWeights(arrays["weights"].tobytes(), curve, told["resumed"], _bytes(arrays.get("memory")))


def forget(folder: Path) -> None:
    """Remove both files: data and weights are kept elsewhere, where what is erased is erased."""
    for name in (WORK, TRAINED):
        (folder / name).unlink(missing_ok=True)


def _write(path: Path, told: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> None:
    file = io.BytesIO()
    save: Any = np.savez
    save(file, told=_array(json.dumps(told).encode()), **arrays)
    write_atomically(path, file.getvalue())


def _read(path: Path) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    with np.load(path, allow_pickle=False) as found:
        arrays = {name: found[name] for name in found.files}
    return json.loads(arrays.pop("told").tobytes()), arrays


def _array(content: bytes) -> Bytes:
    return np.frombuffer(content, dtype=np.uint8)


def _bytes(array: NDArray[Any] | None) -> bytes | None:
    return None if array is None else array.tobytes()
