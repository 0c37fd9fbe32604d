"""Training a candidate on a part of the labelled images, and measuring it on the rest."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from resources.learning.model import Progress
from resources.learning.reviewing.folds import folds_of
from resources.learning.structure.model import Candidate, Problem, Structure, Validated
from resources.learning.structure.siblings import Siblings
from resources.learning.structure.space import candidate
from resources.train_settings import TrainSettings

SHARPNESS = tuple(2 ** (step / 8) for step in range(-16, 25))
"""By which logits are multiplied, from a quarter to eight."""


@dataclass(frozen=True)
class PartScore:
    """What one training said of the part that it did not see, image by image."""

    logs: tuple[tuple[float, ...], ...]
    """The logarithm of each class's probability."""
    labels: tuple[int, ...]


def validated(scores: Sequence[PartScore]) -> Validated:
    """The parts together, each candidate as certain as is best for it.

    Networks that say the mean of several are less certain of all that they say. How certain one is does not
    change what it is right on, so one factor for all its logits is fitted first (Guo et al. 2017).
    """
    logs = np.array([row for score in scores for row in score.logs])
    labels = np.array([one for score in scores for one in score.labels])
    losses = min((_losses(logs * sharp, labels) for sharp in SHARPNESS), key=lambda one: float(one.mean()))
    return Validated(float((logs.argmax(axis=1) == labels).mean()), tuple(losses.tolist()))


def _losses(logits: NDArray[np.float64], labels: NDArray[np.int64]) -> NDArray[np.float64]:
    """The cross-entropy of each image."""
    most = logits.max(axis=1)
    total: NDArray[np.float64] = most + np.log(np.exp(logits - most[:, None]).sum(axis=1))
    found: NDArray[np.float64] = total - logits[np.arange(len(labels)), labels]
    return found


@dataclass
class Scorer:
    """Scores candidates part by part; the same candidate and part give the same score.

    The parts from 0 on are those of one cut of the images, the next ones those of another cut, with other
    random numbers in the trainings.
    """

    problem: Problem
    device: str
    threads: int
    progress: Progress | None = None
    _families: dict[int, Siblings] = field(default_factory=dict)

    def score(self, candidate: Candidate, part: int) -> PartScore:
        """Train on all parts of its cut but this one, and measure on this one."""
        from resources.learning.prediction import predict

        problem, kept = self.problem, self._kept(part)
        siblings = self._siblings(part)
        weights = siblings.champion if candidate == self.own else siblings.train(candidate, problem.pool)
        seen = problem.images[~kept]
        said = predict(weights, seen, problem.classes, device=self.device, threads=self.threads)
        labels = problem.labels[~kept]
        logs = np.log(np.clip(said, 1e-9, 1)).round(6)
        return PartScore(tuple(map(tuple, logs.tolist())), tuple(labels.tolist()))

    @cached_property
    def own(self) -> Candidate:
        """The champion's own structure and settings, from nothing."""
        from resources.learning.network import from_bytes

        shape = from_bytes(self.problem.champion).shape
        structure = Structure(sum(shape.parts), shape.depth, shape.columns)
        return candidate(self.problem.settings, structure, grows=False)

    def _siblings(self, part: int) -> Siblings:
        """Of the champion as it would be had it not seen this part: what a candidate grows from.

        They have not seen it either.
        """
        if part not in self._families:
            problem, kept, seed = self.problem, self._kept(part), self._seed(part)
            images, labels = problem.images[kept], problem.labels[kept]
            self._families[part] = Siblings(
                problem.champion,
                images,
                labels,
                problem.classes,
                own_settings(problem.settings, problem.champion),
                seed,
                self.device,
                self.threads,
                self.progress,
            ).retrained()
        return self._families[part]

    def _seed(self, part: int) -> int:
        """Of the cut that the part belongs to, and of the trainings in it."""
        return self.problem.seed + part // self.problem.folds

    def _kept(self, part: int) -> NDArray[np.bool_]:
        folds = folds_of(self.problem.labels, self.problem.folds, self._seed(part))
        kept: NDArray[np.bool_] = folds != part % self.problem.folds
        return kept


def own_settings(settings: TrainSettings, champion: bytes) -> TrainSettings:
    """The settings that the champion, or each column of it, was trained with, with the structure it has."""
    from resources.learning.network import from_bytes

    shape = from_bytes(champion).shape
    return replace(settings, channels=sum(shape.parts) // shape.columns, depth=shape.depth)
