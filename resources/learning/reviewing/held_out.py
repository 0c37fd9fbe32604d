"""Models of texts and marks that were trained on the other folds."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from resources.errors import BadInput
from resources.kinds import Kind
from resources.learning.kinds.others import Others
from resources.learning.model import Images
from resources.learning.reviewing.folds import FOLDS, folds_of
from resources.marks import classes_in
from resources.terms import Label
from resources.train_settings import TrainSettings

EPOCHS = {Kind.TEXT_CLASSES: 20, Kind.ENTITIES: 20, Kind.BOXES: 30}
"""Fewer than a model to be kept takes: wrong answers are not learnt by heart."""


def models_of_others(
    kind: Kind,
    samples: Images,
    answers: Sequence[Label],
    classes: Sequence[Label],
    *,
    seed: int,
    folds: int = FOLDS,
    settings: TrainSettings | None = None,
    device: str = "cpu",
    threads: int = 1,
) -> Iterator[tuple[bytes, NDArray[np.int64]]]:
    """For each fold a model that was trained without it, and the rows of the fold.

    The folds have the same share of each class, or of samples in which as much is marked. Raises
    :class:`BadInput` for fewer samples than folds.
    """
    if not 2 <= folds <= len(answers):
        raise BadInput(
            f"{len(answers)} labelled samples cannot be cut into {folds} folds",
            "Take two folds or more, and label at least as many samples.",
        )
    short = settings or replace(TrainSettings(), epochs=EPOCHS[kind])
    fold_of = folds_of(_strata(kind, answers, classes), folds, seed)
    for fold in range(folds):
        rows = np.flatnonzero(fold_of != fold)
        trained = Others(kind).train(
            samples[rows],
            [answers[row] for row in rows],
            classes,
            short,
            seed=seed,
            device=device,
            threads=threads,
        )
        yield trained.weights, np.flatnonzero(fold_of == fold).astype(np.int64)


def _strata(kind: Kind, answers: Sequence[Label], classes: Sequence[Label]) -> NDArray[np.int64]:
    named = [classes_in(kind, answer) for answer in answers]
    if kind.has_one_class:
        return np.array([classes.index(one) for (one,) in named], dtype=np.int64)
    return np.array([len(one) for one in named], dtype=np.int64)
