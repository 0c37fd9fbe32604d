"""The values of learning one task after another."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resources.errors import BadInput
from resources.learning.continual.buffer import Buffer
from resources.learning.continual.forgetting import ForgettingMatrix
from resources.learning.model import ClassIndices


@dataclass(frozen=True, eq=False)
class TaskData:
    """Samples of one task. Raises :class:`BadInput` where there is none, or something is missing."""

    ids: NDArray[Any]
    inputs: NDArray[np.float32]
    """[sample, input]."""
    labels: ClassIndices

    def __post_init__(self) -> None:
        """Refuse what cannot be learnt."""
        if not len(self.ids) == len(self.inputs) == len(self.labels) > 0:
            raise BadInput(
                f"{len(self.inputs)} inputs came with {len(self.labels)} labels and {len(self.ids)} ids; "
                "expected as many of each, and at least one",
                "Give whole samples.",
            )


@dataclass(frozen=True)
class Schedule:
    """How each task is trained."""

    epochs: int
    """Passes over the task's samples."""
    batch_size: int = 16
    """New samples per step."""
    learning_rate: float = 1e-3
    """Of Adam; its moments go on from task to task."""
    hidden: int = 100
    """Width of the hidden layer."""


@dataclass(frozen=True)
class Learnt:
    """What learning a sequence of tasks came to."""

    matrix: ForgettingMatrix
    buffer: Buffer | None
    """What is remembered, where the method remembers samples."""
