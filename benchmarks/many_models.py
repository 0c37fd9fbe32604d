"""A home with as many measured model versions as are wanted, drawn from a seed: for pages and their tests."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from sqlalchemy import Connection

from resources.data import ledger
from resources.data.model import Split, VersionRecord, VersionState
from resources.data.service import DataService
from resources.files import write_atomically
from resources.home import Home
from resources.kinds import Measure
from resources.registry import store as registry
from resources.registry.evaluations import store
from resources.registry.evaluations.calibration import brier_score, calibration_error
from resources.registry.evaluations.files import to_bytes
from resources.registry.evaluations.model import Measurement, SliceName, TestAnswers
from resources.registry.evaluations.service import EvaluationService
from resources.registry.evaluations.slices import by_class, score_slices, slice_name, thirds
from resources.registry.model import Decision, ModelVersion, RoundEvaluation, Scores
from resources.terms import DatasetName, Label, SampleId, VersionKey

DIGITS = DatasetName("digits")
CLASSES = tuple(Label(str(digit)) for digit in range(10))
METHODS = ("joint", "replay", "derpp", "ewc", "lwf")
TEST_SET = "5e7a" * 16
DATA_VERSIONS = 20
FIRST_DAY = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class ManyModels:
    """What is drawn."""

    dataset: DatasetName = DIGITS
    count: int = 1000
    test_count: int = 360
    seed: int = 0

    def versions(self) -> tuple[VersionKey, ...]:
        """The data versions that the models are trained from."""
        return tuple(VersionKey(f"v1.{minor}") for minor in range(min(DATA_VERSIONS, self.count)))

    def version_of(self, number: int) -> VersionKey:
        """Models come one data version after the other."""
        versions = self.versions()
        return versions[(number - 1) * len(versions) // self.count]

    def params(self, number: int) -> dict[str, str]:
        """Thirty of them, of which a few differ from model to model."""
        drawn = np.random.default_rng([self.seed, number])
        method = method_of(number)
        same = {f"augment_{place}": str(place / 10) for place in range(20)}
        return same | {
            "method": method,
            "seed": str(number % 7),
            "epochs": str(drawn.choice([20, 40, 60])),
            "learning_rate": f"{10 ** -drawn.uniform(1.5, 4):.2g}",
            "channels": str(drawn.choice([8, 16, 32])),
            "goes_on_from": "nothing"
            if method == "joint"
            else f"models:/{self.dataset}/{max(1, number - 1)}",
            "code_version": "0.6.0",
            "dataset_version": self.version_of(number),
            "device": "cpu",
            "label_smoothing": "0.05",
        }

    def answers(self) -> Iterator[TestAnswers]:
        """What each model says, a little better from one to the next. Some samples are hard for all."""
        drawn = np.random.default_rng(self.seed)
        truth = np.arange(self.test_count, dtype=np.int64) % len(CLASSES)
        hard = drawn.beta(0.6, 4.0, self.test_count)
        ids = tuple(SampleId(f"{place:064x}") for place in range(self.test_count))
        for number in range(1, self.count + 1):
            own = np.random.default_rng([self.seed, number, 1])
            skill = 0.75 + 0.45 * number / self.count + own.normal(0, 0.05)
            wrong = own.random(self.test_count) < hard / skill
            guesses = np.where(wrong, (truth + own.integers(1, 10, self.test_count)) % 10, truth)
            said = own.random((self.test_count, len(CLASSES))) * 0.3
            said[np.arange(self.test_count), guesses] = 0.35 + 4 * own.random(self.test_count)
            said /= said.sum(axis=1, keepdims=True)
            yield TestAnswers(
                self.dataset,
                number,
                TEST_SET,
                CLASSES,
                ids,
                truth,
                said,
                (said.argmax(axis=1) == truth).astype(np.float64),
            )

    def measured(self, answers: TestAnswers) -> Measurement:
        """The numbers of one model."""
        number, truth, said = answers.number, answers.truth, answers.probabilities
        if truth is None or said is None:
            raise ValueError("marks are not drawn")
        own = np.random.default_rng([self.seed, number, 2])
        named = [frozenset({CLASSES[place]}) for place in truth.tolist()]
        light = np.random.default_rng(self.seed).random(self.test_count)
        parts = by_class(named, CLASSES) | thirds("brightness", light, ("dark", "middle", "bright"))
        slices = score_slices(answers.scores, parts)
        params = self.params(number)
        parameters = 1100 * int(params["channels"]) ** 2
        confusion = np.zeros((len(CLASSES),) * 2, dtype=np.int64)
        np.add.at(confusion, (truth, answers.guesses), 1)
        return Measurement(
            dataset=self.dataset,
            number=number,
            dataset_version=self.version_of(number),
            test_set=TEST_SET,
            test_count=self.test_count,
            measure=Measure.ACCURACY,
            value=float(answers.scores.mean()),
            recalls={
                label: None
                if (one := slices.get(SliceName(slice_name("class", label)))) is None
                else one.value
                for label in CLASSES
            },
            slices=slices,
            calibration_error=calibration_error(*answers.certainties),
            brier=brier_score(said, truth),
            latency_p50_ms=float(0.1 + parameters / 2e6 + own.gamma(2, 0.03)),
            latency_p99_ms=float(0.4 + parameters / 1e6 + own.gamma(2, 0.1)),
            size_bytes=4 * parameters + 2000,
            parameters=parameters,
            forgetting=float(abs(own.normal(0, 0.02))),
            params=params,
            lease_s=float(own.uniform(5, 60)),
            cost=None,
            measured_at=FIRST_DAY + timedelta(hours=number),
            confusion=tuple(map(tuple, confusion.tolist())),
        )


def method_of(number: int) -> str:
    """How a model is trained: each method is that of a fifth of them."""
    return METHODS[number % len(METHODS)]


def fill(home: Home, many: ManyModels) -> list[Measurement]:
    """Write all of it into a home: data versions, a round for each, models, answers, and measurements."""
    database, service = home.database(), EvaluationService(home, home.database())
    DataService(home, database)
    (home.data / many.dataset).mkdir(parents=True, exist_ok=True)
    measured = []
    with database.write() as connection:
        for answers in many.answers():
            write_atomically(service.path(many.dataset, answers.number, TEST_SET), to_bytes(answers))
            one = many.measured(answers)
            store.put_measurement(connection, one)
            registry.put_model(connection, _model(one))
            measured.append(one)
        for place, version in enumerate(many.versions()):
            parent = many.versions()[place - 1] if place else None
            record = VersionRecord(
                many.dataset,
                version,
                parent,
                VersionState.PLANNED,
                FIRST_DAY,
                None,
                None,
                0,
                None,
                None,
                None,
            )
            ledger.add_planned(connection, record, ())
            counts = {Split.TRAIN: 100, Split.POOL: 1000, Split.TEST: many.test_count}
            ledger.mark_sealed(connection, record, tree_md5=f"{place}.dir", counts=counts, at=FIRST_DAY)
        _add_rounds(connection, many, measured)
    return measured


def _add_rounds(connection: Connection, many: ManyModels, measured: list[Measurement]) -> None:
    """The first model of each data version was its challenger."""
    best: Measurement | None = None
    for version in many.versions():
        new = next(one for one in measured if one.dataset_version == version)
        evaluation = RoundEvaluation(
            many.dataset,
            version,
            new.number,
            None if best is None else best.number,
            TEST_SET,
            many.test_count,
            CLASSES,
            _scores(new),
            None if best is None else _scores(best),
        )
        registry.put_evaluation(connection, evaluation, new.measured_at)
        promoted = best is None or new.value > best.value
        champion = new if promoted or best is None else best
        decision = Decision(
            dataset=many.dataset,
            version=version,
            labels=100,
            model_number=new.number,
            accuracy_new=new.value,
            accuracy_old=None if best is None else best.value,
            promoted=promoted,
            champion_number=champion.number,
            champion_version=champion.dataset_version,
            lease_s=new.lease_s,
            decided_at=new.measured_at,
        )
        registry.put_decision(connection, decision)
        best = champion


def _model(one: Measurement) -> ModelVersion:
    return ModelVersion(
        one.dataset,
        one.dataset_version,
        one.number,
        f"{one.number:064x}",
        "",
        "",
        "",
        f"{one.number:064x}",
        "",
        one.measured_at,
    )


def _scores(one: Measurement) -> Scores:
    return Scores(one.value, dict(one.recalls), one.confusion)
