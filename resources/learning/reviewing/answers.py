"""Which answers models doubt that were trained without them: classes of texts, names in texts, boxes."""

from collections.abc import Sequence

import numpy as np

from resources.kinds import Kind
from resources.learning.kinds.image_classes import indices
from resources.learning.kinds.learner import learner_of
from resources.learning.model import Images, LookSettings
from resources.learning.reviewing.doubting import LEAST_LABELS, doubts
from resources.learning.reviewing.held_out import models_of_others
from resources.learning.reviewing.marked import bars_of_answers, doubted_marks
from resources.learning.reviewing.model import DoubtedAnswer, SaidOfMarks
from resources.learning.reviewing.names import doubted_names
from resources.terms import Label
from resources.train_settings import TrainSettings


def doubted_answers(
    kind: Kind,
    samples: Images,
    answers: Sequence[Label],
    classes: Sequence[Label],
    share: float,
    *,
    of: Sequence[bool] | None = None,
    seed: int,
    settings: TrainSettings | None = None,
    device: str = "cpu",
    threads: int = 1,
) -> list[DoubtedAnswer]:
    """The answers to be returned, the most doubtful first: at most ``share`` of those in ``of``, rounded.

    Five models are trained, each on four fifths of the answers, and asked about the rest. With few answers
    nothing is said.
    """
    may = np.ones(len(answers), dtype=bool) if of is None else np.asarray(of, dtype=bool)
    most = round(share * int(may.sum()))
    if most == 0 or len(answers) < LEAST_LABELS:
        return []
    models = models_of_others(
        kind, samples, answers, classes, seed=seed, settings=settings, device=device, threads=threads
    )
    how = LookSettings(device=device, threads=threads)
    if kind is Kind.TEXT_CLASSES:
        probabilities = np.zeros((len(answers), len(classes)))
        for weights, rows in models:
            seen = learner_of(kind).look(weights, samples[rows], classes, how)
            probabilities[rows] = seen.outlook.probabilities
        found = doubts(indices(answers, classes), probabilities, share, of=may.tolist())
        return [
            DoubtedAnswer(one.row, classes[one.other], one.given_probability, one.other_probability)
            for one in found
        ]
    if kind is Kind.ENTITIES:
        return doubted_names(models, samples, answers, classes, may, device, threads)[:most]
    said: dict[int, SaidOfMarks] = {}
    for weights, rows in models:
        seen = learner_of(kind).look(weights, samples[rows], classes, how)
        for row, marks in zip(rows.tolist(), seen.marks, strict=True):
            said[row] = SaidOfMarks(answers[row], marks)
    ordered = [said[row] for row in range(len(answers))]
    return doubted_marks(kind, ordered, bars_of_answers(kind, ordered, classes), may)[:most]
