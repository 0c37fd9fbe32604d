"""One round of asking, with data, learning, registry and labeling joined; the assets call this."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from random import Random
from typing import TYPE_CHECKING

from resources.asking import Why
from resources.data.making.originals import NO_ORIGINALS, Originals
from resources.data.model import Sample, Split
from resources.data.service import DataService
from resources.data.spec import DatasetSpec
from resources.errors import NotFound
from resources.labeling.model import AskReport, Question
from resources.labeling.predictions import Drawing, Pick, PoolPredictions, PredictionFiles, Query
from resources.labeling.service import LabelingService
from resources.learning.querying.choosing import choose
from resources.learning.querying.quality import Estimate, estimate_quality
from resources.registry.service import RegistryService
from resources.terms import Actor, SampleId, VersionKey
from trainplat_assets.pool_outlook import look_at_pool, query_seed, snapshot_of
from trainplat_assets.who_looks import PATIENCE_S, Look, Looked, looked

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

    def predict(
        self, *, device: str, threads: int, patience_s: float = PATIENCE_S
    ) -> Looked[PoolPredictions]:
        """Let the champion of this version's round look at the pool, and keep what it says: by the model
        server where one runs, else here on ``device``.

        Raises :class:`NotFound` before the round is decided.
        """
        champion = self.registry.champion_after(self.spec.name, self.version)
        if champion is None:
            raise NotFound(
                f"{self.spec.name} {self.version} has no champion yet",
                f"Run {self.spec.name}_round for partition {self.version} first.",
            )
        name = f"{self.spec.name}-{champion.number}"

        def work(look: Look) -> PoolPredictions:
            return look_at_pool(
                self.spec, self.version, self.data, name, look, device=device, threads=threads
            )

        found = looked(self.data.home, self.registry, champion, self.spec.kind, work, patience_s=patience_s)
        self._files.write_predictions(self.spec.name, self.version, found.result)
        return found

    def choose(self) -> Query:
        """Choose the samples to ask about, of those that were never asked, and keep them.

        Again while its questions are open, it chooses the same; when all of them are answered, new ones.
        Raises :class:`NotFound` when the predictions lack what the strategy needs, as older ones do.
        """
        plan = self.spec.query
        predictions = self._files.read_predictions(self.spec.name, self.version)
        is_over = self.labeling.asked(self.spec.name, self.version) is not None and self.labeling.settled(
            self.spec.name
        )
        asked = self.labeling.samples_asked(self.spec.name, but_by=None if is_over else self.version)
        drawing = Drawing(self.spec.labels_per_round, plan.random_share, query_seed(self.spec, self.version))
        choices = choose(
            snapshot_of(self.spec, self.version, predictions, asked),
            drawing.count,
            plan.strategy,
            random_share=drawing.random_share,
            seed=drawing.seed,
        )
        rows = {sample: row for row, sample in enumerate(predictions.ids)}
        picks = tuple(
            Pick(choice.sample, *predictions.guess(rows[choice.sample]), choice.why) for choice in choices
        )
        query = Query(predictions.model, plan.strategy.value, picks, drawing)
        self._files.write_query(self.spec.name, self.version, query)
        return query

    def query(self) -> Query:
        """What was chosen. Raises :class:`NotFound` before :meth:`choose`."""
        return self._files.read_query(self.spec.name, self.version)

    def ask(self, tell: Callable[[str], None] = lambda _: None) -> AskReport:
        """Put the chosen samples to people; ``tell`` is told what is shown as a copy, and why."""
        query = self.query()
        samples = self.data.samples(self.spec.name, self.version)
        paths = {sample.id: sample.path for sample in samples}
        picks = [*query.picks, *self._known(samples, len(query.picks))]
        originals = self._originals([pick.sample for pick in picks])
        for refused in originals.refused.values():
            tell(f"A copy is shown: {refused}")
        questions = [
            Question(
                pick.sample,
                pick.guess,
                pick.score,
                paths[pick.sample],
                pick.why,
                originals.addresses.get(pick.sample),
            )
            for pick in picks
        ]
        self.labeling.reviews.follow(self.spec.name, self.spec.review)
        return self.labeling.ask(
            self.spec.name,
            self.spec.title,
            self.spec.classes,
            self.version,
            questions,
            model_version=query.model,
            actor=self.actor,
            kind=self.spec.kind,
            shown_from=self.spec.shown_from,
        )

    def _originals(self, samples: Sequence[SampleId]) -> Originals:
        if not self.spec.shown_from.originals or self.spec.kind.is_text:
            return NO_ORIGINALS
        return self.data.originals(self.spec, self.version, samples)

    def quality(self) -> Estimate | None:
        """How often champions guessed right so far, from the random picks that people answered."""
        return estimate_quality(self.labeling.random_guesses(self.spec.name))

    def pictures(self, samples: Sequence[SampleId]) -> "NDArray[np.uint8]":
        """The images of ``samples`` in their order."""
        pool = self.data.images(self.spec.name, self.version, Split.POOL)
        rows = {sample: row for row, sample in enumerate(pool.ids)}
        return pool.images[[rows[sample] for sample in samples]]

    def digest(self, query: Query) -> str:
        """The identity of a choice: the same samples with the same guesses."""
        return sha256(repr((query.model, query.picks)).encode()).hexdigest()

    def _known(self, samples: Sequence[Sample], asked: int) -> list[Pick]:
        """Test samples that people are asked about to see how well they answer, as many as the spec says.

        They are not told which ones: the guess is drawn among the classes, and is right as often as that.
        """
        count = round(self.spec.review.known_share * asked)
        before = self.labeling.samples_asked(self.spec.name, but_by=self.version)
        held_out = sorted(one.id for one in samples if one.split is Split.TEST and one.id not in before)
        chance = Random(query_seed(self.spec, self.version))  # noqa: S311 - a choice that can be repeated
        return [
            Pick(sample, chance.choice(self.spec.classes), 0.5, Why.KNOWN)
            for sample in chance.sample(held_out, min(count, len(held_out)))
        ]

    @property
    def _files(self) -> PredictionFiles:
        return PredictionFiles(self.labeling.home)
