"""Answers of test samples as bytes: a compressed file of numpy's, which runs no code when it is read."""

import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.lib.npyio import NpzFile
from numpy.typing import NDArray

from resources.errors import BadInput
from resources.home import Home
from resources.registry.evaluations.model import SampleScores, TestAnswers
from resources.terms import DatasetName, Label, SampleId

ENDING = ".npz"
_OPTIONAL = ("truth", "probabilities", "sure", "hit")
_TEXTS = ("classes", "sample_ids", "said", "true")


def path_of(home: Home, dataset: DatasetName, number: int, test_set: str) -> Path:
    """Where the answers of a model on a test set lie."""
    return home.evaluations / dataset / f"{number}-{test_set}{ENDING}"


def drop_answers(home: Home, dataset: DatasetName, number: int) -> None:
    """Delete all that a model said, on any test set."""
    for path in (home.evaluations / dataset).glob(f"{number}-*{ENDING}"):
        path.unlink(missing_ok=True)


def to_bytes(answers: TestAnswers) -> bytes:
    """The answers as a file. Probabilities are kept as float32."""
    arrays: dict[str, NDArray[Any]] = {
        name: np.array(getattr(answers, name), dtype=np.str_) for name in _TEXTS
    }
    arrays |= {name: value for name in _OPTIONAL if (value := getattr(answers, name)) is not None}
    if answers.probabilities is not None:
        arrays["probabilities"] = answers.probabilities.astype(np.float32)
    arrays["scores"] = answers.scores
    arrays["which"] = np.array([answers.dataset, str(answers.number), answers.test_set], dtype=np.str_)
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)  # type: ignore[arg-type]
    return file.getvalue()


def from_bytes(content: bytes, name: str) -> TestAnswers:
    """What :func:`to_bytes` wrote. Raises :class:`BadInput` for a file that is damaged."""
    with _opened(content, name) as file:
        arrays = {key: file[key] for key in file.files}
        dataset, number, test_set = arrays["which"].tolist()
        texts = {key: tuple(arrays[key].tolist()) for key in _TEXTS}
        probabilities = arrays.get("probabilities")
        return TestAnswers(
            dataset=DatasetName(dataset),
            number=int(number),
            test_set=test_set,
            classes=tuple(map(Label, texts["classes"])),
            sample_ids=tuple(map(SampleId, texts["sample_ids"])),
            truth=arrays.get("truth"),
            probabilities=None if probabilities is None else probabilities.astype(np.float64),
            scores=arrays["scores"],
            said=tuple(map(Label, texts["said"])),
            true=tuple(map(Label, texts["true"])),
            sure=arrays.get("sure"),
            hit=arrays.get("hit"),
        )


def scores_from_bytes(content: bytes, name: str) -> SampleScores:
    """Only the scores of what :func:`to_bytes` wrote. Raises :class:`BadInput` for a file that is damaged."""
    with _opened(content, name) as file:
        dataset, number, _test_set = file["which"].tolist()
        ids = tuple(file["sample_ids"].tolist())
        return SampleScores(DatasetName(dataset), int(number), ids, file["scores"])


@contextmanager
def _opened(content: bytes, name: str) -> Iterator[NpzFile]:
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            yield file
    except (BadZipFile, ValueError, KeyError, OSError, EOFError, zlib.error) as problem:
        raise BadInput(
            f"{name} does not hold the answers of a model: {problem}",
            "Materialize the evaluation of its data version again: it writes them anew.",
        ) from problem
