"""Networks like the champion, trained on the same labels with other random numbers.

Each is wrong elsewhere. So the mean of what they say is right more often than any, and it can be had in two
ways: they are joined to the champion in one wider network, or a network of any size learns what they say.
"""

from dataclasses import dataclass, field, replace

from resources.learning.model import ClassIndices, Images, Progress
from resources.learning.structure.model import Candidate
from resources.learning.teaching import Teaching, teaching_of
from resources.learning.training import train
from resources.terms import Label
from resources.train_settings import TrainSettings

TEACHERS = 4
"""Siblings that teach, beside the champion."""
CHAMPIONS_SAY = 1 / 3
"""Of what is joined to the champion, at least: it may be right by its own luck (decision 0031)."""
SEEDS_APART = 1000
MOST = 100
"""No champion has so many siblings."""


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
    _trained: dict[tuple[int, TrainSettings, bool], bytes] = field(default_factory=dict)

    def retrained(self) -> "Siblings":
        """The same, with what the champion would be had it seen these images alone: of as many columns."""
        from resources.learning.network import from_bytes, to_bytes
        from resources.learning.structure.joining import joined

        columns = from_bytes(self.champion).shape.columns
        seeds = [self.seed, *(self.seed + SEEDS_APART * (MOST + number) for number in range(1, columns))]
        trained = [self._weights(self.settings, seed, None, None) for seed in seeds]
        stand_in = trained[0] if columns == 1 else to_bytes(joined([from_bytes(one) for one in trained]))
        return replace(self, champion=stand_in, _trained={})

    def first(self, count: int) -> list[bytes]:
        """So many of them, as the champion is."""
        return [self._one(number, self.settings, None) for number in range(1, count + 1)]

    def start_of(self, candidate: Candidate, teaching: Teaching | None = None) -> bytes | None:
        """What a training of the candidate goes on from; None from nothing."""
        from resources.learning.network import from_bytes, to_bytes
        from resources.learning.structure.growing import grown
        from resources.learning.structure.joining import joined

        if not candidate.grows:
            return None
        if candidate.siblings:
            champion = from_bytes(self.champion)
            more = candidate.structure.channels - sum(champion.shape.parts)
            settings = replace(
                self.settings, channels=more // candidate.siblings, epochs=candidate.settings.epochs
            )
            numbers = range(1, candidate.siblings + 1)
            beside = [from_bytes(self._one(number, settings, teaching)) for number in numbers]
            return to_bytes(joined([champion, *beside], CHAMPIONS_SAY))
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
        return self._weights(candidate.settings, self.seed, self.start_of(candidate, teaching), teaching)

    def _one(self, number: int, settings: TrainSettings, teaching: Teaching | None) -> bytes:
        key = (number, settings, teaching is not None)
        if key not in self._trained:
            self._trained[key] = self._weights(settings, self.seed + SEEDS_APART * number, None, teaching)
        return self._trained[key]

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
