"""What one model answered about every sample of a data version: one file, written once.

``batch/<name>/<version>/<digest>.csv`` in the home, the digest being of the weights: another model makes
another file, and the same one is never asked twice.
"""

import csv
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from resources.files import write_atomically
from resources.home import Home
from resources.registry.model import ModelVersion
from resources.terms import DatasetName, Label, SampleId, VersionKey

COLUMNS = ("sample", "split", "answer", "confidence", "known")
DIGEST = 16


@dataclass(frozen=True)
class Answer:
    """What a model said about one sample."""

    sample: SampleId
    split: str
    answer: Label
    confidence: float
    """How sure it is, 0 to 1."""
    known: Label | None
    """What people said; None where nobody was asked."""


@dataclass(frozen=True)
class Batch:
    """The answers about a data version."""

    path: Path
    answers: tuple[Answer, ...]

    @property
    def by_answer(self) -> dict[Label, int]:
        """How often each was answered, the most common first."""
        return dict(Counter(one.answer for one in self.answers).most_common())

    @property
    def mean_confidence(self) -> float | None:
        """Over all samples; None without any."""
        count = len(self.answers)
        return sum(one.confidence for one in self.answers) / count if count else None

    @property
    def agreement(self) -> float | None:
        """The share of what people answered that the model answers the same; None where nobody was asked."""
        known = [one.answer == one.known for one in self.answers if one.known is not None]
        return sum(known) / len(known) if known else None

    def least_sure(self, count: int) -> list[Answer]:
        """The samples that the model is least sure of, the least first."""
        return sorted(self.answers, key=lambda one: (one.confidence, one.sample))[:count]


class BatchFiles:
    """The batches of one home."""

    def __init__(self, home: Home) -> None:
        self.home = home

    def path(self, name: DatasetName, version: VersionKey, model: ModelVersion) -> Path:
        """Where the answers of a model lie, or would."""
        return self.home.batch / name / version / f"{model.weights_sha256[:DIGEST]}.csv"

    def read(self, name: DatasetName, version: VersionKey, model: ModelVersion) -> Batch | None:
        """The answers of a model; None where it was not asked yet."""
        path = self.path(name, version, model)
        return _read(path) if path.exists() else None

    def write(
        self, name: DatasetName, version: VersionKey, model: ModelVersion, answers: Sequence[Answer]
    ) -> Batch:
        """Keep them, all or nothing."""
        path, text = self.path(name, version, model), io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(COLUMNS)
        for one in answers:
            known = "" if one.known is None else one.known
            writer.writerow((one.sample, one.split, one.answer, f"{one.confidence:.6f}", known))
        write_atomically(path, text.getvalue())
        return _read(path)


def _read(path: Path) -> Batch:
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    return Batch(path, tuple(_answer(row) for row in rows))


def _answer(row: dict[str, str]) -> Answer:
    known = Label(row["known"]) if row["known"] else None
    return Answer(
        SampleId(row["sample"]), row["split"], Label(row["answer"]), float(row["confidence"]), known
    )
