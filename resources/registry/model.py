"""The values of the registry: model versions, their scores, and the decisions between them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from resources.errors import Conflict
from resources.kinds import Measure
from resources.registry.facts import ModelFacts
from resources.terms import Actor, DatasetName, Label, VersionKey


class NoChampion(Conflict):
    """A round that makes nobody champion and has nobody who could stay: for people, not for another try."""


@dataclass(frozen=True)
class CurvePoint:
    """One value of one metric of a training."""

    name: str
    value: float
    step: int


@dataclass(frozen=True)
class Candidate:
    """A trained model that is to be registered."""

    dataset: DatasetName
    version: VersionKey
    snapshot_id: str
    weights: bytes
    network: object
    """The same weights as a ``torch.nn.Module``, for those who load the model through MLflow."""
    image_size_px: tuple[int, int]
    """Height and width."""
    classes: tuple[Label, ...]
    metrics: tuple[CurvePoint, ...] = ()
    params: dict[str, str] = field(default_factory=dict)
    run_id: str = ""
    """The Dagster run that trained it."""
    outputs: tuple[int, ...] | None = None
    """The shape of what the network returns for one sample, -1 for any; None for a number for each class."""
    tags: dict[str, str] = field(default_factory=dict)
    """What else its run and its version in MLflow are to say."""
    mlflow_run_id: str | None = None
    """The run in MLflow that has grown while it was trained; None where a new one is to be made."""


@dataclass(frozen=True)
class ModelVersion:
    """One registered model: ``models:/<dataset>/<number>`` in MLflow."""

    dataset: DatasetName
    dataset_version: VersionKey
    number: int
    """MLflow's version number."""
    snapshot_id: str
    source: str
    """Where its artifacts are, as MLflow names it."""
    mlflow_run_id: str
    mlflow_model_id: str
    weights_sha256: str
    run_id: str
    """The Dagster run that trained it."""
    registered_at: datetime
    facts: ModelFacts = field(default_factory=ModelFacts)

    @property
    def uri(self) -> str:
        """How MLflow calls it."""
        return f"models:/{self.dataset}/{self.number}"


@dataclass(frozen=True)
class Registration:
    """What became of a candidate."""

    model: ModelVersion
    created: bool
    """False when the snapshot had its model version already; that one is returned."""


@dataclass(frozen=True)
class Scores:
    """How good one model is on one test set."""

    accuracy: float
    """By ``measure``, 0 to 1."""
    recalls: dict[Label, float | None]
    """For each class the share of its images that was found; None where the test set has none."""
    confusion: tuple[tuple[int, ...], ...]
    """Counts: row = the true class, column = what the model said, both in the order of the classes."""
    measure: Measure = Measure.ACCURACY
    """Of marks the last of the classes stands for nothing."""

    @property
    def true_rows(self) -> tuple[tuple[int, ...], ...]:
        """The rows of ``confusion`` without the one of marks that a model made up."""
        return self.confusion[:-1] if self.measure.is_of_marks else self.confusion


@dataclass(frozen=True)
class RoundEvaluation:
    """Challenger and champion of one round, both measured on the same test set."""

    dataset: DatasetName
    version: VersionKey
    challenger: int
    """Number of the model version that was trained from ``version``."""
    champion: int | None
    """Number of the model version that was champion until then; None in the first round."""
    test_set: str
    """Identity of the test set: SHA-256 of its sample ids and labels."""
    test_count: int
    classes: tuple[Label, ...]
    challenger_scores: Scores
    champion_scores: Scores | None

    @property
    def hits(self) -> dict[Label, tuple[int, int]]:
        """Of each class of the data set: how many the challenger found, and how many the test set has."""
        rows = enumerate(self.challenger_scores.true_rows)
        return {self.classes[k]: (row[k], sum(row)) for k, row in rows}

    @property
    def tested_classes(self) -> frozenset[Label]:
        """The classes that the test set has samples of."""
        return frozenset(label for label, (_, there) in self.hits.items() if there)


@dataclass(frozen=True)
class Decision:
    """Who is champion after one round, and why."""

    dataset: DatasetName
    version: VersionKey
    labels: int
    """Labelled training samples of this version."""
    model_number: int
    """The challenger of this round."""
    accuracy_new: float
    """By ``measure``, 0 to 1, as all accuracies of a decision."""
    accuracy_old: float | None
    """The champion's accuracy on the same test set; None in the first round."""
    promoted: bool
    champion_number: int
    """The champion from here on."""
    champion_version: VersionKey
    """The data version that this champion was trained from."""
    lease_s: float
    """How long the training held its devices, in seconds."""
    decided_at: datetime
    measure: Measure = Measure.ACCURACY
    barred: str = ""
    """What its gates said against the challenger, in sentences; empty where nothing barred it."""

    @property
    def carried(self) -> bool:
        """Whether nothing was trained: the version only brought new samples, and the champion stayed."""
        return self.model_number == self.champion_number and not self.promoted

    @property
    def champion_accuracy(self) -> float:
        """What the champion from here on was measured to reach on the test set, in 0..1."""
        return self.accuracy_new if self.promoted or self.accuracy_old is None else self.accuracy_old


@dataclass(frozen=True)
class Crowning:
    """A model that became champion by hand, or by a rollback, and not by the decision of a round."""

    dataset: DatasetName
    number: int
    after_version: VersionKey | None
    """The version that was decided last by then; None where none was."""
    at: datetime
    actor: Actor
    why: str
    override: str | None
    """Why it was promoted although a gate failed; None where none did."""


def newest_measure(decisions: Sequence[Decision]) -> Measure:
    """By what the newest of them was measured; accuracy where there is none."""
    return decisions[-1].measure if decisions else Measure.ACCURACY
