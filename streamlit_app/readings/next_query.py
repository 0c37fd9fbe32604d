"""What would be asked now: the strategy run on the newest predictions, and nothing sent or kept."""

import io
from base64 import b64encode
from dataclasses import dataclass

from resources.asking import Strategy, Why
from resources.data.making.imaging import UnreadableSample
from resources.data.service import DataService
from resources.database.engine import Database
from resources.errors import NotFound, TrainplatError
from resources.home import Home
from resources.labeling.predictions import PoolPredictions, PredictionFiles
from resources.labeling.service import LabelingService
from resources.learning.querying.choosing import choose
from resources.learning.querying.model import Snapshot
from resources.registry.service import RegistryService
from resources.terms import DatasetName, Label, SampleId, VersionKey

PICTURES = 40


@dataclass(frozen=True)
class NextPick:
    """One sample that would be asked."""

    sample: SampleId
    guess: Label
    sureness: float
    """How sure the model is of its guess, in 0..1."""
    score: float
    """What the strategy gives for it, by its own measure; for a random pick the number that was drawn."""
    why: Why
    picture: str | None
    """As the address of an image; None for those beyond the first :data:`PICTURES`."""


@dataclass(frozen=True)
class NextQuery:
    """All that would be asked, the most useful first."""

    version: VersionKey
    model: str
    strategy: str
    pool: int
    """Samples that may be asked about."""
    picks: tuple[NextPick, ...]


def read_next_query(home: Home, database: Database, dataset: DatasetName) -> NextQuery:
    """Choose by the newest champion's predictions and the drawing that its version asked by.

    Raises :class:`NotFound` while no version has asked, and what the strategy raises where it lacks
    something.
    """
    people, files = LabelingService(home, database), PredictionFiles(home)
    decisions = RegistryService(home, database).decisions(dataset)
    if not decisions:
        raise NotFound(
            f"{dataset} has no champion that could ask", f"Run {dataset}_round for partition v1.0 first."
        )
    version = decisions[-1].version
    predictions, query = files.read_predictions(dataset, version), files.read_query(dataset, version)
    if query.drawing is None:
        raise NotFound(
            f"the query of {dataset} {version} does not say how it was drawn",
            f"Materialize {dataset}/query for partition {version} again, or wait for the next version.",
        )
    pool = _pool(predictions, people.samples_asked(dataset))
    choices = choose(
        pool,
        query.drawing.count,
        Strategy(query.strategy),
        random_share=query.drawing.random_share,
        seed=query.drawing.seed,
    )
    rows = {sample: row for row, sample in enumerate(predictions.ids)}
    shown = [one.sample for one in choices[:PICTURES]]
    pictures = _pictures(DataService(home, database), dataset, version, shown)
    picks = tuple(
        NextPick(
            one.sample, *predictions.guess(rows[one.sample]), one.score, one.why, pictures.get(one.sample)
        )
        for one in choices
    )
    return NextQuery(version, query.model, query.strategy, len(pool.ids), picks)


def _pool(predictions: PoolPredictions, asked: frozenset[SampleId]) -> Snapshot:
    """What may be asked; what waits for an answer counts as labelled, as where the real query is made."""
    everything = Snapshot(
        predictions.ids,
        predictions.probabilities,
        predictions.embeddings,
        predictions.labelled_embeddings,
        predictions.labelled_counts,
        predictions.members,
    )
    return everything.without(asked)


def _pictures(
    data: DataService, dataset: DatasetName, version: VersionKey, samples: list[SampleId]
) -> dict[SampleId, str]:
    from PIL import Image

    if not samples:
        return {}
    found = {}
    try:
        shown = data.pictures(dataset, version, samples)
    except (
        TrainplatError,
        UnreadableSample,
    ):  # a text, or damaged in the store: the rest is told all the same
        return {}
    for sample, pixels in zip(samples, shown, strict=True):
        written = io.BytesIO()
        Image.fromarray(pixels).save(written, "PNG")
        found[sample] = f"data:image/png;base64,{b64encode(written.getvalue()).decode()}"
    return found
