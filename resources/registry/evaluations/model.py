"""The values of evaluations: answers of test samples, and the numbers that a comparison reads."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, NewType

import numpy as np
from numpy.typing import NDArray

from resources.kinds import Measure
from resources.terms import DatasetName, Label, SampleId, VersionKey

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

SliceName = NewType("SliceName", str)
"""A part of a test set: what it is told apart by, a colon, and which: ``class:7``, ``brightness:dark``."""


@dataclass(frozen=True, eq=False)
class TestAnswers:
    """What one model said about each sample of one test set."""

    __test__: ClassVar[bool] = False  # no test, whatever its name begins with

    dataset: DatasetName
    number: int
    """Of the model version."""
    test_set: str
    """Identity of the test set: SHA-256 of its sample ids and labels."""
    classes: tuple[Label, ...]
    sample_ids: tuple[SampleId, ...]
    truth: IntArray | None
    """[sample] the place of the right class; None where answers are marks."""
    probabilities: FloatArray | None
    """[sample, class]; None where answers are marks."""
    scores: FloatArray
    """[sample] 1 for a right answer, 0 for a wrong one; of marks the F1 of each sample's own."""
    said: tuple[Label, ...] = ()
    """Of marks: for each sample what the model would answer."""
    true: tuple[Label, ...] = ()
    """Of marks: for each sample what people answered."""
    sure: FloatArray | None = None
    """Of marks: [mark] how sure the model is of each that it found in any sample."""
    hit: BoolArray | None = None
    """Of marks: [mark] whether it is right."""

    @property
    def guesses(self) -> IntArray:
        """[sample] the place of the class that the model would answer. Only where answers are classes."""
        if self.probabilities is None:
            raise ValueError("marks have no one class")
        guesses: IntArray = self.probabilities.argmax(axis=1)
        return guesses

    def answer(self, position: int) -> Label:
        """What the model answered about a sample."""
        if self.probabilities is None:
            return self.said[position]
        return self.classes[int(self.probabilities[position].argmax())]

    def right_answer(self, position: int) -> Label:
        """What people answered about it."""
        return self.true[position] if self.truth is None else self.classes[self.truth[position]]

    @property
    def certainties(self) -> tuple[FloatArray, BoolArray]:
        """How sure the model is of each thing that it says, and whether that is right."""
        if self.probabilities is not None:
            return self.probabilities.max(axis=1), self.scores > 0
        if self.sure is None or self.hit is None:
            return np.zeros(0), np.zeros(0, dtype=np.bool_)
        return self.sure, self.hit


@dataclass(frozen=True, eq=False)
class SampleScores:
    """Of what a model said, only how good it was: all that a difference needs."""

    dataset: DatasetName
    number: int
    sample_ids: tuple[SampleId, ...]
    scores: FloatArray
    """[sample] 0 to 1."""


@dataclass(frozen=True)
class SliceScore:
    """How a model does on a part of a test set."""

    value: float
    """The mean of the scores of its samples, 0 to 1."""
    count: int
    """Samples in it."""


@dataclass(frozen=True)
class Measurement:
    """One model on one test set, in numbers: what a comparison of a thousand versions reads."""

    dataset: DatasetName
    number: int
    dataset_version: VersionKey
    """What the model was trained from."""
    test_set: str
    test_count: int
    measure: Measure
    value: float
    """By ``measure``, 0 to 1."""
    recalls: Mapping[Label, float | None]
    """For each class the share of it that was found; None where the test set has none."""
    slices: Mapping[SliceName, SliceScore]
    calibration_error: float | None
    """Expected calibration error, 0 to 1; None where the model said nothing."""
    latency_p50_ms: float | None
    """Of one sample alone, on one thread of a processor; None where nobody timed it."""
    latency_p99_ms: float | None
    size_bytes: int
    """Of the weights as they are registered."""
    parameters: int
    forgetting: float | None
    """How much less than the best before it the model knows of earlier tasks, mean; None where not known."""
    params: Mapping[str, str]
    """How it was trained: method, seed, what it goes on from, code version, and what else was set."""
    lease_s: float
    """How long its training held its devices."""
    cost: str | None
    """What that cost, as people write it; None without prices."""
    measured_at: datetime
    brier: float | None = None
    """Mean squared error of the probabilities, summed over the classes, 0 to 2; None for marks."""
    confusion: tuple[tuple[int, ...], ...] = field(default=())
    """Counts: row = what is true, column = what was said; of marks the last of both is nothing."""
