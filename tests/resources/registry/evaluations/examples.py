"""Answers and measurements for tests: drawn from a seed, and fitting together."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np

from resources.kinds import Measure
from resources.registry.evaluations.calibration import brier_score, calibration_error
from resources.registry.evaluations.model import FloatArray, Measurement, SliceName, TestAnswers
from resources.registry.evaluations.slices import by_class, score_slices
from resources.terms import DatasetName, Label, SampleId, VersionKey

CLASSES = (Label("cat"), Label("dog"), Label("owl"))
TEST_SET = "t" * 64
MOMENT = datetime(2026, 5, 1, 12, tzinfo=UTC)


def answers_of(
    number: int = 1, *, count: int = 60, right: float = 0.8, seed: int = 0, dataset: str = "pets"
) -> TestAnswers:
    """A model that is right about a share of as many cats as dogs and owls."""
    drawn = np.random.default_rng([seed, number])
    truth = np.arange(count, dtype=np.int64) % len(CLASSES)
    wrong = (truth + drawn.integers(1, len(CLASSES), count)) % len(CLASSES)
    guesses = np.where(drawn.random(count) < right, truth, wrong)
    rest = drawn.random((count, len(CLASSES)))
    rest[np.arange(count), guesses] = 1.2 + drawn.random(count)
    probabilities = (rest / rest.sum(axis=1, keepdims=True)).astype(np.float32).astype(np.float64)
    return TestAnswers(
        dataset=DatasetName(dataset),
        number=number,
        test_set=TEST_SET,
        classes=CLASSES,
        sample_ids=tuple(SampleId(f"{place:064x}") for place in range(count)),
        truth=truth,
        probabilities=probabilities,
        scores=(guesses == truth).astype(np.float64),
    )


def with_scores(scores: FloatArray, number: int = 1) -> TestAnswers:
    """Answers with these scores and no more that matters."""
    return replace(answers_of(number, count=len(scores)), scores=scores)


def measurement_of(answers: TestAnswers, version: str = "v1.0") -> Measurement:
    """The numbers of answers that are classes."""
    assert answers.truth is not None
    assert answers.probabilities is not None
    named = [frozenset({answers.right_answer(place)}) for place in range(len(answers.sample_ids))]
    slices = score_slices(answers.scores, by_class(named, answers.classes))
    confusion = np.zeros((len(answers.classes),) * 2, dtype=np.int64)
    np.add.at(confusion, (answers.truth, answers.guesses), 1)
    return Measurement(
        dataset=answers.dataset,
        number=answers.number,
        dataset_version=VersionKey(version),
        test_set=answers.test_set,
        test_count=len(answers.sample_ids),
        measure=Measure.ACCURACY,
        value=float(answers.scores.mean()),
        recalls={label: slices[SliceName(f"class:{label}")].value for label in answers.classes},
        slices=slices,
        calibration_error=calibration_error(*answers.certainties),
        brier=brier_score(answers.probabilities, answers.truth),
        latency_p50_ms=0.4 + 0.01 * answers.number,
        latency_p99_ms=0.9,
        size_bytes=40_000 + 10 * answers.number,
        parameters=9_000,
        forgetting=0.0,
        params={"method": "joint" if answers.number == 1 else "replay", "seed": str(answers.number)},
        lease_s=12.5,
        cost="€0.02",
        measured_at=MOMENT,
        confusion=tuple(map(tuple, confusion.tolist())),
    )
