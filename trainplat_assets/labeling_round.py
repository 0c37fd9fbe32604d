"""One round of asking, with data, learning, registry and labeling joined; the assets call this."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from resources.data.model import Split
from resources.data.service import DataService
from resources.data.spec import DatasetSpec
from resources.errors import NotFound
from resources.labeling.model import AskReport, Question
from resources.labeling.predictions import Pick, PoolPredictions, PredictionFiles, Query
from resources.labeling.service import LabelingService
from resources.learning.model import Probabilities
from resources.learning.prediction import predict
from resources.registry.service import RegistryService
from resources.terms import Actor, SampleId, VersionKey

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class LabelingRound:
    """What one version asks. Each step can be run again: it ends as if it had run once."""

    spec: DatasetSpec
    version: VersionKey
    data: DataService
    registry: RegistryService
    labeling: LabelingService
    actor: Actor

    def predict(self, *, device: str, threads: int) -> PoolPredictions:
        """Let the champion of this version's round look at the pool, and keep what it says.

        Raises :class:`NotFound` before the round is decided.
        """
        import numpy as np

        champion = self.registry.champion_after(self.spec.name, self.version)
        if champion is None:
            raise NotFound(
                f"{self.spec.name} {self.version} has no champion yet",
                f"Run {self.spec.name}_round for partition {self.version} first.",
            )
        pool = self.data.images(self.spec.name, self.version, Split.POOL)
        probabilities: Probabilities = np.zeros((0, len(self.spec.classes)))
        if pool.ids:
            weights = self.registry.weights(champion)
            probabilities = predict(weights, pool.images, self.spec.classes, device=device, threads=threads)
        found = PoolPredictions(
            f"{self.spec.name}-{champion.number}", self.spec.classes, pool.ids, probabilities
        )
        self._files.write_predictions(self.spec.name, self.version, found)
        return found

    def choose(self) -> Query:
        """Choose the samples to ask about: the closest margins of those that were never asked. Keep them."""
        from resources.asking import Strategy
        from resources.learning.querying.choosing import choose
        from resources.learning.querying.model import Snapshot

        predictions = self._files.read_predictions(self.spec.name, self.version)
        asked = self.labeling.samples_asked(self.spec.name, but_by=self.version)
        rows = [row for row, sample in enumerate(predictions.ids) if sample not in asked]
        pool = Snapshot(tuple(predictions.ids[row] for row in rows), predictions.probabilities[rows])
        choices = choose(
            pool,
            self.spec.labels_per_round,
            Strategy.MARGIN,
            seed=self.spec.seed_in_use(),
        )
        picks = tuple(Pick(choice.sample, *predictions.guess(rows[choice.index])) for choice in choices)
        query = Query(predictions.model, Strategy.MARGIN.value, picks)
        self._files.write_query(self.spec.name, self.version, query)
        return query

    def query(self) -> Query:
        """What was chosen. Raises :class:`NotFound` before :meth:`choose`."""
        return self._files.read_query(self.spec.name, self.version)

    def ask(self) -> AskReport:
        """Put the chosen samples to people."""
        query = self.query()
        paths = {sample.id: sample.path for sample in self.data.samples(self.spec.name, self.version)}
        questions = [
            Question(pick.sample, pick.guess, pick.score, paths[pick.sample]) for pick in query.picks
        ]
        return self.labeling.ask(
            self.spec.name,
            self.spec.title,
            self.spec.classes,
            self.version,
            questions,
            model_version=query.model,
            actor=self.actor,
        )

    def pictures(self, samples: Sequence[SampleId]) -> "NDArray[np.uint8]":
        """The images of ``samples`` in their order."""
        pool = self.data.images(self.spec.name, self.version, Split.POOL)
        rows = {sample: row for row, sample in enumerate(pool.ids)}
        return pool.images[[rows[sample] for sample in samples]]

    def digest(self, query: Query) -> str:
        """The identity of a choice: the same samples with the same guesses."""
        return sha256(repr((query.model, query.picks)).encode()).hexdigest()

    @property
    def _files(self) -> PredictionFiles:
        return PredictionFiles(self.labeling.home)
