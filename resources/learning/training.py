"""One training: deterministic under its seed, and resumed bit for bit after a kill."""

from collections.abc import Sequence
from pathlib import Path

from resources.errors import BadInput
from resources.learning.continual.lesson import Lesson
from resources.learning.model import ClassIndices, Images, Progress, TrainedWeights, check_samples
from resources.learning.rounds.telling import Telling
from resources.learning.teaching import Teaching
from resources.terms import Label
from resources.train_settings import TrainSettings


def train(
    images: Images,
    labels: ClassIndices,
    classes: Sequence[Label],
    settings: TrainSettings,
    *,
    seed: int,
    start: bytes | None = None,
    lesson: Lesson | None = None,
    teaching: Teaching | None = None,
    checkpoint: Path | None = None,
    device: str = "cpu",
    threads: int = 1,
    progress: Progress | None = None,
    telling: Telling | None = None,
) -> TrainedWeights:
    """Train on all of ``images``, old and new, from nothing or on from the weights ``start``.

    A ``lesson`` says which of them are new and by which method the others are kept in mind: then a training
    that goes on is made of steps on the new ones, and returns what the next one is to remember. With a
    ``teaching`` each step learns from as many images without a label, too.

    Classes may come after those that ``start`` knows: its head grows, and what it says of the others stays.
    The same arguments give the same bits on the same kind of device and number of threads. When
    ``checkpoint`` is given, the state is kept there every few epochs, and a training that was killed goes on
    from it; a checkpoint of a training with other arguments is ignored and overwritten. It is left behind
    when the training ends: whoever has registered the weights removes it. ``telling`` is told of each step;
    where that was asked to make room, the state is kept and :class:`Stopped` is raised after the epoch.

    Raises :class:`BadInput` for images and labels that do not fit together or do not fit ``start``, and
    :class:`Unavailable` when the disk is full.
    """
    _check(images, labels, classes)
    if lesson is not None and len(lesson.ids) != len(images):
        raise BadInput(
            f"the lesson is of {len(lesson.ids)} images; {len(images)} are given",
            "Give the lesson of these images.",
        )
    from resources.learning import loop

    return loop.run(
        loop.Task(images, labels, tuple(classes), settings, seed, start, lesson, teaching),
        checkpoint=checkpoint,
        device=device,
        threads=threads,
        progress=progress,
        telling=telling,
    )


def _check(images: Images, labels: ClassIndices, classes: Sequence[Label]) -> None:
    check_samples(images, len(labels))
    outside = sorted({int(index) for index in labels if not 0 <= index < len(classes)})
    if outside:
        raise BadInput(
            f"the labels {outside} are outside the {len(classes)} classes",
            "Correct the labels, or add the classes to the data set.",
        )
