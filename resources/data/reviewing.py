"""A version compared with itself and with its parent, for a person to look at."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from resources.data.making.drift import class_drift, value_drift
from resources.data.making.similarity.album import Looks
from resources.data.model import DriftMeasure, Sample, Split
from resources.data.spec import DatasetSpec, DriftLimits
from resources.marks import classes_in
from resources.terms import Label, SampleId

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

COMPARED = {"brightness": "brightness", "contrast": "contrast", "height": "height_px", "width": "width_px"}
"""What is compared, and its column among the looks."""


def drift(
    samples: Sequence[Sample], parent: Sequence[Sample], looks: Looks, spec: DatasetSpec
) -> list[DriftMeasure]:
    """How far a version is from its parent, in each respect for which there is enough that is new."""
    now = {one.id: one.label for one in samples if one.split is Split.TRAIN and one.label is not None}
    before = {one.id: one.label for one in parent if one.split is Split.TRAIN and one.label is not None}
    new = [label for sample, label in now.items() if before.get(sample) != label]
    known = {one.id for one in parent}
    limits = spec.drift

    def named(labels: Iterable[Label]) -> list[Label]:
        return [one for label in labels for one in classes_in(spec.kind, label)]

    classes = class_drift(named(before.values()), named(new), named(now.values()), limits)
    arrived = [one.id for one in samples if one.id not in known]
    return [*([] if classes is None else [classes]), *_values_drift(looks, known, arrived, limits)]


def drift_of_pool(
    samples: Sequence[Sample], before: Sequence[Sample], looks: Looks, limits: DriftLimits
) -> list[DriftMeasure]:
    """How samples without a label that an earlier version did not know differ from all that it knew."""
    known = {one.id for one in before}
    arrived = [one.id for one in samples if one.split is Split.POOL and one.id not in known]
    return _values_drift(looks, known, arrived, limits)


def _values_drift(
    looks: Looks, known: Collection[SampleId], arrived: Collection[SampleId], limits: DriftLimits
) -> list[DriftMeasure]:
    measures = [
        value_drift(what, _values(looks, column, known), _values(looks, column, arrived), limits)
        for what, column in COMPARED.items()
    ]
    return [one for one in measures if one is not None]


def _values(looks: Looks, column: str, samples: Iterable[SampleId]) -> "NDArray[np.float32]":
    import numpy as np

    places: Mapping[SampleId, int] = looks.places
    rows = [places[one] for one in samples if one in places]
    values: NDArray[np.float32] = looks.rows[column][rows].astype(np.float32)
    return values
