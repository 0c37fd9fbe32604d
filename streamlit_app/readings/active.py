"""What active learning did for one data set, and what its triggers found."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from resources.asking import Why
from resources.clock import Clock, utc_now
from resources.data.service import DataService
from resources.database.engine import Database
from resources.errors import NotFound
from resources.home import Home
from resources.kinds import Measure
from resources.labeling.model import QuestionCount, QuestionState, RandomPick
from resources.labeling.predictions import PredictionFiles
from resources.labeling.reviews.agreement import Agreement
from resources.labeling.reviews.model import ReviewCounts
from resources.labeling.service import LabelingService
from resources.learning.querying.quality import Estimate, estimate_quality
from resources.learning.triggering.model import Evaluation, Pause, Paused, Wish
from resources.learning.triggering.service import TriggerService
from resources.registry.model import Decision, Scores
from resources.registry.random_rounds import AgainstRandom
from resources.registry.service import RegistryService
from resources.terms import DatasetName, Label, VersionKey

KEPT_BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "results" / "active.json"
KEPT_OF = DatasetName("digits")
"""The data set that it was measured on."""
CHANGES = 15


@dataclass(frozen=True)
class Round:
    """One round that ended with a decision."""

    version: VersionKey
    labels: int
    quality: float
    """Of the champion after it, on the test set, by ``measure``."""
    measure: Measure
    carried: bool
    """Whether nothing was trained."""
    guessed: Estimate | None
    """How many of the random picks that this champion asked it had guessed; None while none is answered."""


@dataclass(frozen=True)
class Part:
    """Questions that are alike."""

    version: VersionKey
    strategy: str
    """What chose them: the strategy of that version, or ``random``."""
    guess: Label | None
    """The class that was guessed; None where answers are marks."""
    state: QuestionState
    count: int


@dataclass(frozen=True)
class Yardstick:
    """A kept result of the benchmark ``active``, of the digits: not of their rounds here."""

    strategy_labels: float
    """Labels to 90 % with the default strategy and its random picks."""
    random_labels: float
    seeds: int


@dataclass(frozen=True)
class ActiveLearning:
    """All of it, as it was at ``read_at``."""

    dataset: DatasetName
    rounds: tuple[Round, ...]
    """Oldest first."""
    against_random: AgainstRandom
    estimate: Estimate | None
    """From all random picks that were answered."""
    parts: tuple[Part, ...]
    recalls: tuple[tuple[VersionKey, Scores], ...]
    """Of each challenger, by version."""
    agreement: Agreement
    """How far annotators agree, on samples that several of them answered."""
    reviews: ReviewCounts
    evaluation: Evaluation | None
    changes: tuple[Evaluation, ...]
    """Newest first."""
    wishes: tuple[Wish, ...]
    pauses: tuple[Pause, ...]
    yardstick: Yardstick | None
    read_at: datetime

    @property
    def measure(self) -> Measure | None:
        """By what its models are measured; None before a round is decided."""
        return self.rounds[-1].measure if self.rounds else None

    def pause(self, what: Paused) -> Pause | None:
        """Whether this is paused."""
        return next((one for one in self.pauses if one.what is what), None)

    def by_class(self) -> Counter[tuple[Label, QuestionState]]:
        """How many questions of each guessed class are in which state; nothing where answers are marks."""
        counted: Counter[tuple[Label, QuestionState]] = Counter()
        for one in self.parts:
            if one.guess is not None:
                counted[one.guess, one.state] += one.count
        return counted

    def by_strategy(self) -> Counter[tuple[str, QuestionState]]:
        """The same by what chose them."""
        counted: Counter[tuple[str, QuestionState]] = Counter()
        for one in self.parts:
            counted[one.strategy, one.state] += one.count
        return counted


def read_active(
    home: Home, database: Database, dataset: DatasetName, clock: Clock = utc_now
) -> ActiveLearning:
    """Read it from our own tables and files; neither Label Studio nor MLflow is asked."""
    people, registry = LabelingService(home, database, clock), RegistryService(home, database, clock)
    triggers = TriggerService(database, clock)
    decisions, picks = registry.decisions(dataset), people.random_picks(dataset)
    changes = tuple(triggers.evaluations(dataset, CHANGES))
    measured = ((one.version, registry.evaluation(dataset, one.version)) for one in decisions)
    return ActiveLearning(
        dataset,
        tuple(_round(one, picks) for one in decisions),
        registry.against_random(dataset),
        estimate_quality(one.guessed for one in picks),
        tuple(_parts(PredictionFiles(home), dataset, people.question_counts(dataset))),
        tuple((version, found.challenger_scores) for version, found in measured if found is not None),
        people.reviews.agreement(dataset),
        people.reviews.counts(dataset),
        changes[0] if changes else None,
        changes,
        tuple(triggers.past_wishes(dataset, CHANGES)),
        tuple(pause for what in Paused if (pause := triggers.paused(dataset, what)) is not None),
        read_yardstick(KEPT_BENCHMARK) if dataset == KEPT_OF else None,
        clock(),
    )


def read_yardstick(path: Path) -> Yardstick | None:
    """The kept result of the benchmark; None where there is none, as in an installation without sources."""
    try:
        metrics = json.loads(path.read_text())["metrics"]
        return Yardstick(
            float(metrics["labels_to_90_with_random"]),
            float(metrics["labels_to_90_random"]),
            int(metrics["seeds"]),
        )
    except (OSError, ValueError, KeyError):
        return None


def newest_begun(home: Home, database: Database, dataset: DatasetName) -> VersionKey | None:
    """What a wish that is made now goes on from."""
    return DataService(home, database).newest_begun(dataset)


def _round(one: Decision, picks: Sequence[RandomPick]) -> Round:
    own = [pick.guessed for pick in picks if pick.version == one.version]
    return Round(
        one.version, one.labels, one.champion_accuracy, one.measure, one.carried, estimate_quality(own)
    )


def _parts(files: PredictionFiles, dataset: DatasetName, counts: Sequence[QuestionCount]) -> list[Part]:
    strategies = {version: _strategy(files, dataset, version) for version in {one.version for one in counts}}
    return [
        Part(
            one.version,
            strategies[one.version] if one.why is Why.STRATEGY else Why.RANDOM.value,
            one.guess,
            one.state,
            one.count,
        )
        for one in counts
    ]


def _strategy(files: PredictionFiles, dataset: DatasetName, version: VersionKey) -> str:
    try:
        return files.read_query(dataset, version).strategy
    except NotFound:
        return Why.STRATEGY.value
