"""Pictures, each of one class: the network that the platform began with, and trains by methods of its own."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from resources.errors import BadInput
from resources.kinds import Measure
from resources.learning.evaluation import Evaluation, evaluate
from resources.learning.kinds.model import Measured, Seen
from resources.learning.model import LOOKING, ClassIndices, Images, LookSettings, Outlook
from resources.learning.prediction import look
from resources.terms import Label


@dataclass(frozen=True)
class ImageClasses:
    """Answers are names of classes."""

    def evaluate(
        self, weights: bytes, samples: Images, answers: Sequence[Label], classes: Sequence[Label]
    ) -> Measured:
        """The share that is guessed rightly."""
        labels = indices(answers, classes)
        return measured(evaluate(weights, samples, labels, classes))

    def look(
        self, weights: bytes, samples: Images, classes: Sequence[Label], how: LookSettings = LOOKING
    ) -> Seen:
        """What the model makes of each picture."""
        return seen_by_classes(look(weights, samples, classes, how), classes)

    def network(self, weights: bytes) -> object:
        """The convolutional net."""
        from resources.learning.network import from_bytes

        return from_bytes(weights)


def seen_by_classes(outlook: Outlook, classes: Sequence[Label]) -> Seen:
    """What a model of classes makes of samples: it guesses the likeliest."""
    said = outlook.probabilities
    best = said.argmax(axis=1).tolist() if len(said) else []
    return Seen(outlook, tuple(classes), tuple(classes[one] for one in best), said.max(axis=1))


def indices(answers: Sequence[Label], classes: Sequence[Label]) -> ClassIndices:
    """The place of each answer in the classes. Raises :class:`BadInput` for one that is none of them."""
    places = {label: place for place, label in enumerate(classes)}
    outside = sorted({answer for answer in answers if answer not in places})
    if outside:
        raise BadInput(
            f"the answers {', '.join(map(repr, outside[:3]))} are none of the classes {', '.join(classes)}",
            "Correct the labels, or add the classes to the data set.",
        )
    return np.array([places[answer] for answer in answers], dtype=np.int64)


def measured(evaluation: Evaluation) -> Measured:
    """An evaluation of classes as one by kind."""
    return Measured(
        Measure.ACCURACY, evaluation.accuracy, evaluation.classes, evaluation.confusion, evaluation.recalls
    )
