"""Training a candidate on a part of the labelled images, and measuring it on the rest."""

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from resources.learning.model import Progress
from resources.learning.reviewing.folds import folds_of
from resources.learning.settings import TrainSettings
from resources.learning.structure.model import Candidate, Problem
from resources.learning.training import train


@dataclass(frozen=True)
class FoldScore:
    """How one training did on the part that it did not see."""

    loss: float
    accuracy: float


@dataclass
class Scorer:
    """Scores candidates fold by fold; the same candidate and fold give the same score."""

    problem: Problem
    device: str
    threads: int
    progress: Progress | None = None
    _stand_ins: dict[int, bytes] = field(default_factory=dict)

    def score(self, candidate: Candidate, fold: int) -> FoldScore:
        """Train on all parts but one, and measure on that one."""
        from resources.learning.prediction import predict

        problem, kept = self.problem, self._kept(fold)
        if self.is_own(candidate):
            weights = self._stand_in(fold)
        else:
            start = start_of(candidate, self._stand_in(fold), problem.seed) if candidate.grows else None
            weights = self._weights(candidate.settings, fold, start)
        seen = problem.images[~kept]
        said = predict(weights, seen, problem.classes, device=self.device, threads=self.threads)
        labels = problem.labels[~kept]
        of_label = np.clip(said[np.arange(len(labels)), labels], 1e-9, 1)
        return FoldScore(float(-np.log(of_label).mean()), float((said.argmax(axis=1) == labels).mean()))

    def is_own(self, candidate: Candidate) -> bool:
        """Whether it is the champion's own structure and settings, from nothing."""
        return not candidate.grows and candidate.settings == self._own_settings

    def _stand_in(self, fold: int) -> bytes:
        """The champion as it would be had it not seen this part either: what a candidate grows from."""
        if fold not in self._stand_ins:
            self._stand_ins[fold] = self._weights(self._own_settings, fold, None)
        return self._stand_ins[fold]

    @cached_property
    def _own_settings(self) -> TrainSettings:
        from resources.learning.network import from_bytes

        shape = from_bytes(self.problem.champion).shape
        return replace(self.problem.settings, channels=sum(shape.parts), depth=shape.depth)

    def _weights(self, settings: TrainSettings, fold: int, start: bytes | None) -> bytes:
        problem, kept = self.problem, self._kept(fold)
        trained = train(
            problem.images[kept],
            problem.labels[kept],
            problem.classes,
            settings,
            seed=problem.seed,
            start=start,
            device=self.device,
            threads=self.threads,
            progress=self.progress,
        )
        return trained.weights

    def _kept(self, fold: int) -> NDArray[np.bool_]:
        kept: NDArray[np.bool_] = folds_of(self.problem.labels, self.problem.folds, self.problem.seed) != fold
        return kept


def grown_weights(candidate: Candidate, champion: bytes, *, seed: int) -> bytes:
    """The champion, grown into the candidate's structure."""
    from resources.learning.network import from_bytes, to_bytes
    from resources.learning.structure.growing import grown

    structure = candidate.structure
    network = from_bytes(champion)
    return to_bytes(grown(network, channels=structure.channels, depth=structure.depth, seed=seed))


def start_of(candidate: Candidate, champion: bytes, seed: int) -> bytes | None:
    """What a training of the candidate goes on from: the champion, grown; None from nothing."""
    return grown_weights(candidate, champion, seed=seed) if candidate.grows else None
