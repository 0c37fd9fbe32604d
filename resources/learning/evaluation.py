"""How good a model is on a test set: accuracy, recall of each class, confusion."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from resources.errors import BadInput
from resources.learning.model import ClassIndices, Images
from resources.terms import Label


@dataclass(frozen=True)
class Evaluation:
    """The scores of one model on one test set."""

    classes: tuple[Label, ...]
    confusion: tuple[tuple[int, ...], ...]
    """Counts: row = the true class, column = what the model said."""

    @property
    def count(self) -> int:
        """Images in the test set."""
        return sum(sum(row) for row in self.confusion)

    @property
    def accuracy(self) -> float:
        """Share of the test set that the model classified rightly."""
        return sum(self.confusion[k][k] for k in range(len(self.classes))) / self.count

    @property
    def recalls(self) -> dict[Label, float | None]:
        """For each class, the share of its images that the model found; None where the test set has none."""
        found = {}
        for k, label in enumerate(self.classes):
            total = sum(self.confusion[k])
            found[label] = self.confusion[k][k] / total if total else None
        return found


def evaluate(
    weights: bytes,
    images: Images,
    labels: ClassIndices,
    classes: Sequence[Label],
    *,
    device: str = "cpu",
    threads: int = 1,
) -> Evaluation:
    """Score a model on a test set. Raises :class:`BadInput` for an empty one, or one of other classes."""
    from resources.learning.prediction import predict

    probabilities = predict(weights, images, classes, device=device, threads=threads)
    return score(probabilities.argmax(axis=1), labels, classes)


def score(predicted: ClassIndices, labels: ClassIndices, classes: Sequence[Label]) -> Evaluation:
    """Count what was predicted against what is true."""
    if len(labels) == 0 or len(predicted) != len(labels):
        raise BadInput(
            f"{len(predicted)} predictions came with {len(labels)} true labels; "
            "expected as many, and at least one",
            "Evaluate on a test set in which every image has a label.",
        )
    confusion = np.zeros((len(classes), len(classes)), dtype=np.int64)
    np.add.at(confusion, (labels, predicted), 1)
    return Evaluation(tuple(classes), tuple(tuple(int(n) for n in row) for row in confusion))
