"""What a champion says about the pool, and which samples are asked about: files beside the data set."""

import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resources.asking import Why
from resources.errors import NotFound
from resources.files import write_atomically
from resources.home import Home
from resources.terms import DatasetName, Label, SampleId, VersionKey

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


_PARTS = ("embeddings", "labelled_embeddings", "labelled_counts", "members", "sureness")
_WRITTEN = ("guesses", "marks")
"""What is kept where a strategy, or a kind of answer, needs it. What is written is kept as JSON: a column of
texts is as wide for every sample as for the one in which the most is marked.
"""


@dataclass(frozen=True)
class PoolPredictions:
    """What a model makes of every sample in the pool."""

    model: str
    """Which model said so."""
    classes: tuple[Label, ...]
    ids: tuple[SampleId, ...]
    probabilities: "NDArray[np.float64]"
    """[sample, class]; where answers are marks, of the place in each sample that is the least sure."""
    embeddings: "NDArray[np.float32] | None" = None
    """[sample, feature]; None where the strategy needs none, and in files from before there were any."""
    labelled_embeddings: "NDArray[np.float32] | None" = None
    """[labelled sample, feature], by the same model."""
    labelled_counts: "NDArray[np.int64] | None" = None
    """How many samples of each class have a label."""
    members: "NDArray[np.float64] | None" = None
    """[member, sample, class]: what each member of a committee says."""
    guesses: tuple[str, ...] | None = None
    """[sample]: the whole answer that the model would give; None where that is the likeliest class."""
    sureness: "NDArray[np.float64] | None" = None
    """[sample]: how sure it is of that."""

    marks: tuple[str, ...] | None = None
    """[sample]: what it finds at all, see :func:`marks_written`; None where answers are classes, and in
    files from before it was kept.
    """

    def found(self, row: int) -> tuple[tuple[Label, float], ...]:
        """The marks found in one sample, each as the answer that holds it alone, with how sure it is."""
        if self.marks is None:
            return ()
        return tuple((Label(answer), float(sure)) for answer, sure in json.loads(self.marks[row]))

    def guess(self, row: int) -> tuple[Label, float]:
        """The answer about one row, by default its likeliest class, and how sure it is, in 0..1."""
        if self.guesses is not None and self.sureness is not None:
            return Label(self.guesses[row]), float(self.sureness[row])
        best = int(self.probabilities[row].argmax())
        return self.classes[best], float(self.probabilities[row, best])


LEAST_SURE = 0.3
"""What is found less surely is not kept."""


def marks_written(found: Iterable[tuple[Label, float]]) -> str:
    """What was found in one sample, as it is kept."""
    return json.dumps([[answer, round(sure, 4)] for answer, sure in found if sure >= LEAST_SURE])


@dataclass(frozen=True)
class Pick:
    """A sample that people are to be asked about."""

    sample: SampleId
    guess: Label
    score: float
    """How sure the model is of its guess, in 0..1."""
    why: Why = Why.STRATEGY


@dataclass(frozen=True)
class Drawing:
    """With what a query was drawn: the same again, of the same pool, gives the same."""

    count: int
    random_share: float
    seed: int


@dataclass(frozen=True)
class Query:
    """What one version asks people."""

    model: str
    strategy: str
    picks: tuple[Pick, ...]
    """The most useful first, then the random ones."""
    drawing: Drawing | None = None
    """None in files from before it was kept."""


class PredictionFiles:
    """The predictions and queries of one home, by data set and version."""

    def __init__(self, home: Home) -> None:
        self._home = home

    def write_predictions(
        self, dataset: DatasetName, version: VersionKey, predictions: PoolPredictions
    ) -> Path:
        """Keep predictions, all or nothing. Raises Unavailable when the disk is full."""
        import numpy as np

        content = io.BytesIO()
        np.savez_compressed(
            content,
            model=np.array(predictions.model),
            classes=np.array(predictions.classes, dtype=str),
            ids=np.array(predictions.ids, dtype=str),
            probabilities=predictions.probabilities,
            **_parts_of(predictions),
        )
        path = self._path(dataset, version, "npz")
        write_atomically(path, content.getvalue())
        return path

    def read_predictions(self, dataset: DatasetName, version: VersionKey) -> PoolPredictions:
        """The predictions of a version's champion. Raises NotFound when there are none yet."""
        import numpy as np

        path = self._path(dataset, version, "npz")
        if not path.exists():
            raise _missing(dataset, version, "pool_predictions")
        with np.load(path, allow_pickle=False) as kept:
            return PoolPredictions(
                str(kept["model"]),
                tuple(Label(str(label)) for label in kept["classes"]),
                tuple(SampleId(str(sample)) for sample in kept["ids"]),
                kept["probabilities"],
                **{name: kept[name] for name in _PARTS if name in kept},
                guesses=_from_bytes(kept["guesses"]) if "guesses" in kept else None,
                marks=_from_bytes(kept["marks"]) if "marks" in kept else None,
            )

    def write_query(self, dataset: DatasetName, version: VersionKey, query: Query) -> Path:
        """Keep a query, all or nothing. Raises Unavailable when the disk is full."""
        picks = [
            {"sample": pick.sample, "guess": pick.guess, "score": pick.score, "why": pick.why}
            for pick in query.picks
        ]
        content: dict[str, object] = {"model": query.model, "strategy": query.strategy, "picks": picks}
        if query.drawing is not None:
            content["drawing"] = asdict(query.drawing)
        path = self._path(dataset, version, "query.json")
        write_atomically(path, json.dumps(content, indent=1))
        return path

    def read_query(self, dataset: DatasetName, version: VersionKey) -> Query:
        """What a version asks. Raises NotFound when it has not been chosen yet."""
        path = self._path(dataset, version, "query.json")
        if not path.exists():
            raise _missing(dataset, version, "query")
        content = json.loads(path.read_text())
        picks: Sequence[dict[str, str]] = content["picks"]
        return Query(
            content["model"],
            content["strategy"],
            tuple(
                Pick(
                    SampleId(pick["sample"]),
                    Label(pick["guess"]),
                    float(pick["score"]),
                    Why(pick.get("why", Why.STRATEGY)),  # before there were random ones
                )
                for pick in picks
            ),
            Drawing(**content["drawing"]) if "drawing" in content else None,
        )

    def _path(self, dataset: DatasetName, version: VersionKey, ending: str) -> Path:
        return self._home.data / dataset / "predictions" / f"{version}.{ending}"


def _parts_of(predictions: PoolPredictions) -> dict[str, Any]:
    parts = {name: getattr(predictions, name) for name in (*_PARTS, *_WRITTEN)}
    return {
        name: _as_bytes(part) if name in _WRITTEN else part
        for name, part in parts.items()
        if part is not None
    }


def _as_bytes(written: Sequence[str]) -> "NDArray[np.uint8]":
    import numpy as np

    return np.frombuffer(json.dumps(written).encode(), dtype=np.uint8)


def _from_bytes(kept: "NDArray[np.uint8 | np.str_]") -> tuple[str, ...]:
    if kept.dtype.kind == "U":  # a column of texts, in files from before
        return tuple(map(str, kept))
    return tuple(json.loads(kept.tobytes()))


def _missing(dataset: DatasetName, version: VersionKey, asset: str) -> NotFound:
    return NotFound(
        f"{dataset} {version} has no {asset.replace('_', ' ')} yet",
        f"Materialize {dataset}/{asset} for partition {version} first.",
    )
