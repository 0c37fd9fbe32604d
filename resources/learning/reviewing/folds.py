"""What models say about samples that they were not trained on, for all that is labelled."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from resources.errors import BadInput
from resources.learning.model import ClassIndices, Images, Probabilities
from resources.learning.prediction import predict
from resources.learning.training import train
from resources.terms import Label
from resources.train_settings import TrainSettings

FOLDS = 5
EPOCHS = 10
"""A sixth of what a model to be kept takes: what is doubted is the same, and wrong labels are not learnt by
heart."""


def out_of_fold(
    images: Images,
    labels: ClassIndices,
    classes: Sequence[Label],
    *,
    seed: int,
    folds: int = FOLDS,
    settings: TrainSettings | None = None,
    device: str = "cpu",
    threads: int = 1,
) -> Probabilities:
    """For each sample what a model says that was trained on the other folds: [sample, class].

    The folds hold the same share of each class as far as there are samples. Raises :class:`BadInput` for
    fewer samples than folds.
    """
    if not 2 <= folds <= len(labels):
        raise BadInput(
            f"{len(labels)} labelled samples cannot be cut into {folds} folds",
            "Take two folds or more, and label at least as many samples.",
        )
    short = settings or replace(TrainSettings(), epochs=EPOCHS)
    fold_of = folds_of(labels, folds, seed)
    found = np.zeros((len(labels), len(classes)))
    for fold in range(folds):
        kept = fold_of != fold
        trained = train(images[kept], labels[kept], classes, short, seed=seed, device=device, threads=threads)
        held_out = predict(trained.weights, images[~kept], classes, device=device, threads=threads)
        found[~kept] = held_out
    return found


def folds_of(labels: ClassIndices, folds: int, seed: int) -> NDArray[np.int64]:
    """The fold of each sample, drawn from ``seed``: dealt out class by class, so that each has its share."""
    shuffled = np.random.default_rng(seed).permutation(len(labels))
    by_class = shuffled[np.argsort(labels[shuffled], kind="stable")]
    found = np.empty(len(labels), dtype=np.int64)
    found[by_class] = np.arange(len(labels)) % folds
    return found
