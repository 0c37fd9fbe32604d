"""How a model does on parts of a test set: pure."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from resources.registry.evaluations.model import BoolArray, FloatArray, SliceName, SliceScore

LEAST = 5
"""A part with fewer samples says nothing about a model."""


def slice_name(what: str, which: str) -> SliceName:
    """The name of a part, such as ``brightness:dark``."""
    return SliceName(f"{what}:{which}")


def thirds(what: str, values: NDArray[np.float64], names: tuple[str, str, str]) -> dict[SliceName, BoolArray]:
    """The samples with the lowest, middle and highest values; none where hardly any differ.

    Those with one value stay together.
    """
    if len(values) == 0:
        return {}
    low, high = np.quantile(values, (1 / 3, 2 / 3))
    parts = (values <= low, (values > low) & (values <= high), values > high)
    found = {slice_name(what, name): part for name, part in zip(names, parts, strict=True) if part.any()}
    return found if len(found) > 1 else {}


def by_class(named: Sequence[frozenset[str]], classes: Sequence[str]) -> dict[SliceName, BoolArray]:
    """The samples whose right answer names each class."""
    return {
        slice_name("class", label): np.array([label in one for one in named], dtype=np.bool_)
        for label in classes
    }


def by_source(sources: Sequence[str]) -> dict[SliceName, BoolArray]:
    """The samples that came from each source; none where all came from one."""
    names = sorted(set(sources))
    if len(names) < 2:
        return {}
    return {
        slice_name("source", name): np.array([one == name for one in sources], np.bool_) for name in names
    }


def score_slices(scores: FloatArray, parts: Mapping[SliceName, BoolArray]) -> dict[SliceName, SliceScore]:
    """The mean score of each part that has enough samples."""
    return {
        name: SliceScore(float(scores[part].mean()), int(part.sum()))
        for name, part in parts.items()
        if part.sum() >= LEAST
    }
