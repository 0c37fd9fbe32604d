"""What a model makes of a pool, kept with what the data set's query strategy needs, and a snapshot of it."""

from collections import Counter
from collections.abc import Sequence, Set
from dataclasses import replace
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from resources.data.model import ImageSet, Split
from resources.data.service import DataService
from resources.data.spec import DatasetSpec
from resources.errors import NotFound
from resources.kinds import Kind
from resources.labeling.predictions import PoolPredictions, marks_written
from resources.learning.kinds.model import UNMARKED
from resources.learning.model import LookSettings
from resources.learning.querying.choosing import NEED_COUNTS, NEED_EMBEDDINGS, NEED_MEMBERS
from resources.learning.querying.model import Snapshot
from resources.marks import classes_in
from resources.terms import Label, SampleId, VersionKey
from trainplat_assets.who_looks import Look

COMMITTEE_MEMBERS = 10
"""Thinned copies of the champion, where the strategy asks a committee."""
_NEEDED = {"embeddings": NEED_EMBEDDINGS, "members": NEED_MEMBERS, "labelled_counts": NEED_COUNTS}


def look_at_pool(
    spec: DatasetSpec,
    version: VersionKey,
    data: DataService,
    model: str,
    look: Look,
    *,
    device: str = "cpu",
    threads: int = 1,
) -> PoolPredictions:
    """Let a model look at the pool of a version, and at what is labelled where the strategy compares them."""
    pool = data.images(spec.name, version, Split.POOL)
    if not pool.ids:
        return PoolPredictions(model, spec.classes, (), np.zeros((0, len(spec.classes))))
    members = COMMITTEE_MEMBERS if spec.query.strategy in NEED_MEMBERS else 0
    compared = spec.query.strategy in NEED_EMBEDDINGS
    how = LookSettings(members, query_seed(spec, version), device, threads, compared)
    all_seen = look(pool.images, spec.classes, how)
    seen = all_seen.outlook
    labelled = data.images(spec.name, version, Split.TRAIN)
    known = (
        look(labelled.images, spec.classes, replace(how, members=0)).outlook
        if compared and labelled.ids
        else None
    )
    guessed = spec.kind is not Kind.IMAGE_CLASSES
    return PoolPredictions(
        model,
        all_seen.columns,
        pool.ids,
        seen.probabilities,
        embeddings=seen.embeddings if compared else None,
        labelled_embeddings=None if known is None else known.embeddings,
        labelled_counts=_counts(labelled, spec.kind, all_seen.columns),
        members=seen.members,
        guesses=tuple(map(str, all_seen.guesses)) if guessed else None,
        sureness=all_seen.sureness if guessed else None,
        marks=None if spec.kind.has_one_class else tuple(map(marks_written, all_seen.marks)),
    )


def snapshot_of(
    spec: DatasetSpec, version: VersionKey, predictions: PoolPredictions, asked: Set[SampleId]
) -> Snapshot:
    """What may be asked about. Samples that were asked before are left out, and count as labelled: they will
    be. Raises :class:`NotFound` when the predictions lack what the strategy needs, as older ones do.
    """
    lacking = [
        name
        for name, needed in _NEEDED.items()
        if predictions.ids and spec.query.strategy in needed and getattr(predictions, name) is None
    ]
    if lacking:
        raise NotFound(
            f"the pool predictions of {spec.name} {version} have no {lacking[0].replace('_', ' ')}, "
            f"which the strategy {spec.query.strategy} needs",
            f"Materialize {spec.name}/pool_predictions for partition {version} again.",
        )
    everything = Snapshot(
        predictions.ids,
        predictions.probabilities,
        predictions.embeddings,
        predictions.labelled_embeddings,
        predictions.labelled_counts,
        predictions.members,
    )
    return everything.without(asked)


def query_seed(spec: DatasetSpec, version: VersionKey) -> int:
    """What the chance of one version's query is drawn from: another one for each version."""
    return int(sha256(f"{spec.seed_in_use()}:{version}".encode()).hexdigest()[:12], 16)


def _counts(labelled: ImageSet, kind: Kind, columns: Sequence[Label]) -> NDArray[np.int64]:
    """How often each class is known; nothing is known once of each sample in which nothing is marked."""
    counted = Counter(
        one for answer in labelled.answers or () for one in classes_in(kind, answer) or (UNMARKED,)
    )
    return np.array([counted[column] for column in columns], dtype=np.int64)
