"""The measured model versions of a data set, and what they said of test samples."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from resources.database.engine import Database
from resources.errors import BadInput
from resources.home import Home
from resources.kinds import Kind, Measure
from resources.registry.comparing.choosing import METHOD, newest_of_each
from resources.registry.evaluations.calibration import Bin, reliability
from resources.registry.evaluations.model import Measurement, SampleScores, TestAnswers
from resources.registry.evaluations.service import EvaluationService
from resources.registry.service import RegistryService
from resources.terms import DatasetName, VersionKey, version_order

State = tuple[int, datetime | None]


@dataclass(frozen=True, eq=False)
class ModelVersions:
    """All that was measured of one data set. Nobody changes it: sessions share it."""

    dataset: DatasetName
    measurements: tuple[Measurement, ...]
    """By number and then by time."""
    champion: int | None

    @cached_property
    def newest(self) -> tuple[Measurement, ...]:
        """The newest of each model, by number."""
        return tuple(newest_of_each(self.measurements))

    def on(self, test_set: str) -> tuple[Measurement, ...]:
        """One of each model: that on ``test_set`` where there is one."""
        if all(one.test_set == test_set for one in self.newest):
            return self.newest
        return tuple(newest_of_each(self.measurements, test_set))

    @cached_property
    def numbers(self) -> tuple[int, ...]:
        """Of the models that were measured, the newest first."""
        return tuple(one.number for one in reversed(self.newest))

    @cached_property
    def versions(self) -> tuple[VersionKey, ...]:
        """The data versions that they were trained from, the newest first."""
        return tuple(sorted({one.dataset_version for one in self.newest}, key=_order, reverse=True))

    @cached_property
    def methods(self) -> tuple[str, ...]:
        """How they were trained, by name."""
        return tuple(sorted({one.params[METHOD] for one in self.newest if METHOD in one.params}))

    @property
    def measure(self) -> Measure:
        """By what the newest was measured."""
        return self.newest[-1].measure

    def find(self, number: int) -> Measurement | None:
        """The newest measurement of a model."""
        return next((one for one in self.newest if one.number == number), None)

    @property
    def usual_baseline(self) -> int:
        """The champion, or the first that was measured."""
        return self.champion if self.champion in self.numbers else self.numbers[-1]


def read_state(home: Home, database: Database, dataset: DatasetName) -> tuple[State, int | None]:
    """What tells whether something was measured since, and who is champion: cheap to ask again and again."""
    champion = RegistryService(home, database).champion(dataset)
    state = EvaluationService(home, database).state(dataset)
    return state, None if champion is None else champion.number


def read_model_versions(
    home: Home, database: Database, dataset: DatasetName, champion: int | None
) -> ModelVersions:
    """From our own tables; neither MLflow nor a file is read."""
    measurements = EvaluationService(home, database).measurements(dataset)
    return ModelVersions(dataset, tuple(measurements), champion)


def read_scores(home: Home, database: Database, measured: Measurement) -> SampleScores | None:
    """How good each answer of a model was; None where that is gone or damaged: the others are told still."""
    try:
        return EvaluationService(home, database).scores_behind(measured)
    except BadInput:
        return None


def read_answers(home: Home, database: Database, measured: Measurement) -> TestAnswers | None:
    """What a model said when it was measured; None where that is gone. Raises :class:`BadInput`."""
    return EvaluationService(home, database).answers_behind(measured)


def read_reliability(home: Home, database: Database, measured: Measurement) -> list[Bin]:
    """How often a model is right when it is so sure; empty where its answers are gone."""
    said = _answers(EvaluationService(home, database), measured)
    return [] if said is None else reliability(*said.certainties)


def kind_by(measure: Measure) -> Kind:
    """A kind of answers that is measured so; of classes it plays no part which."""
    return next(kind for kind in Kind if kind.measure is measure)


def _answers(service: EvaluationService, measured: Measurement) -> TestAnswers | None:
    try:
        return service.answers_behind(measured)
    except BadInput:  # one damaged file among many: the rest is told all the same
        return None


def _order(version: VersionKey) -> tuple[int, int, str]:
    try:
        return (*version_order(version), "")
    except ValueError:  # of a branch
        return 0, 0, version
