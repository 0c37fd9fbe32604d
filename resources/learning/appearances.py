"""By what samples look apart, in one number each: for the parts of a test set."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from resources.kinds import Kind
from resources.learning.model import Images

Values = NDArray[np.float64]

NAMES: Mapping[str, tuple[str, str, str]] = {
    "brightness": ("dark", "middle", "bright"),
    "contrast": ("flat", "middle", "strong"),
    "length": ("short", "middle", "long"),
}
"""What the lowest, middle and highest third are called."""


def appearances(kind: Kind, samples: Images) -> dict[str, Values]:
    """Of texts how many bytes they have; of pictures the mean of their pixels and how much those differ."""
    flat = samples.reshape(len(samples), -1)
    if kind.is_text:
        return {"length": (flat > 0).sum(axis=1).astype(np.float64)}
    return {"brightness": flat.mean(axis=1), "contrast": flat.std(axis=1)}
