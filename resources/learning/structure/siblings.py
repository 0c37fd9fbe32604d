"""Networks like the champion, trained on the same labels with other random numbers.

Each is wrong elsewhere. So the mean of what they say is right more often than any, and it can be had in two
ways: they are joined to the champion in one wider network, or a network of any size learns what they say.
"""

from dataclasses import dataclass, field

from resources.learning.model import ClassIndices, Images, Progress
from resources.learning.settings import TrainSettings
from resources.learning.structure.model import Candidate
from resources.learning.teaching import Teaching, teaching_of
from resources.learning.training import train
from resources.terms import Label

TEACHERS = 2
"""Siblings that teach, beside the champion."""
SEEDS_APART = 1000


@dataclass
class Siblings:
    """Those of one champion, each trained when it is needed. They see no label that it has not seen."""

    champion: bytes
    images: Images
    labels: ClassIndices
    classes: tuple[Label, ...]
    settings: TrainSettings
    """The champion's, with its structure."""
    seed: int
    device: str = "cpu"
    threads: int = 1
    progress: Progress | None = None
    _trained: dict[int, bytes] = field(default_factory=dict)

    def first(self, count: int) -> list[bytes]:
        """So many of them."""
        return [self._one(number) for number in range(1, count + 1)]

    def start_of(self, candidate: Candidate) -> bytes | None:
        """What a training of the candidate goes on from; None from nothing."""
        from resources.learning.network import from_bytes, to_bytes
        from resources.learning.structure.growing import grown
        from resources.learning.structure.joining import joined

        if not candidate.grows:
            return None
        if candidate.siblings:
            family = [self.champion, *self.first(candidate.siblings)]
            return to_bytes(joined([from_bytes(one) for one in family]))
        structure = candidate.structure
        network = from_bytes(self.champion)
        return to_bytes(grown(network, channels=structure.channels, depth=structure.depth, seed=self.seed))

    def teaching(self, pool: Images) -> Teaching:
        """What they and the champion say of the pool."""
        teachers = [self.champion, *self.first(TEACHERS)]
        return teaching_of(teachers, pool, self.classes, device=self.device, threads=self.threads)

    def train(self, candidate: Candidate, pool: Images | None) -> bytes:
        """The candidate, trained on all their labels; see :func:`resources.learning.training.train`."""
        teaching = self.teaching(pool) if candidate.taught and pool is not None else None
        return self._weights(candidate.settings, self.seed, self.start_of(candidate), teaching)

    def _one(self, number: int) -> bytes:
        if number not in self._trained:
            seed = self.seed + SEEDS_APART * number
            self._trained[number] = self._weights(self.settings, seed, None, None)
        return self._trained[number]

    def _weights(
        self, settings: TrainSettings, seed: int, start: bytes | None, teaching: Teaching | None
    ) -> bytes:
        return train(
            self.images,
            self.labels,
            self.classes,
            settings,
            seed=seed,
            start=start,
            teaching=teaching,
            device=self.device,
            threads=self.threads,
            progress=self.progress,
        ).weights
