"""The values of learning: what a training is given, what it returns, how it went."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from resources.errors import BadInput

Images = NDArray[np.uint8]
"""Grey images of one size: [image, row, column], 0 to 255."""

ClassIndices = NDArray[np.int64]
"""For each image the place of its label in the data set's classes."""

Probabilities = NDArray[np.float64]
"""For each image and class a probability: [image, class], each row sums to 1."""

Embeddings = NDArray[np.float32]
"""For each image what the head of a network is given: [image, feature]."""


@dataclass(frozen=True)
class LookSettings:
    """How samples are looked at."""

    members: int = 0
    """How many thinned copies of the network are asked too."""
    seed: int = 0
    """From which those are drawn."""
    device: str = "cpu"
    threads: int = 1
    needs_embeddings: bool = True
    """Whether the embeddings are of use: who has to send them far leaves them out else."""


LOOKING = LookSettings()
"""By the model alone, on the processor."""


@dataclass(frozen=True, eq=False)
class Outlook:
    """What a model makes of images."""

    probabilities: Probabilities
    embeddings: Embeddings
    members: NDArray[np.float64] | None
    """[member, image, class]: what thinned copies of the network say; None where none were asked for."""


@dataclass(frozen=True)
class EpochPoint:
    """How one epoch went, on the images that it trained with."""

    epoch: int
    """From 1."""
    loss: float
    accuracy: float
    """Share of the (distorted) training images that were classified rightly."""


Progress = Callable[[EpochPoint], None]
"""Is told of each epoch when it ends; not again of those that a resumed training skips."""


@dataclass(frozen=True)
class TrainedWeights:
    """What a training returns."""

    weights: bytes
    """The network with its classes and image size."""
    curve: tuple[EpochPoint, ...]
    """Every epoch, those before a kill too."""
    resumed_from_epoch: int
    """How many epochs came from a checkpoint; 0 when none did."""
    memory: bytes | None = None
    """What the next training is to be given beside the weights; None for nothing."""


def check_samples(samples: Images, labels: int) -> None:
    """Raise :class:`BadInput` where ``samples`` cannot be learnt from, or labels are missing."""
    if samples.ndim != 3 or samples.dtype != "uint8":
        raise BadInput(
            f"the samples are an array of {samples.dtype} of shape {samples.shape}; "
            "expected uint8 [sample, row, column]",
            "Give what a version of the data set holds: grey images of one size, or rows of bytes.",
        )
    if len(samples) == 0 or len(samples) != labels:
        raise BadInput(
            f"{len(samples)} samples came with {labels} labels; expected as many, and at least one",
            "Use samples of the split 'train' or 'test', which all have a label.",
        )
