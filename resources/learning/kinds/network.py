"""What the networks of all kinds have in common, in torch. Import this module inside functions only.

Each looks at places in a sample: the one that is all of a text, its words, the cells of a picture. At each
place it tells the classes apart, and from nothing where answers are marks.

Letters of tensor shapes: n samples, h rows, w columns, p places, f features, k classes (and nothing).
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from resources.learning.head import widened
from resources.learning.kinds.model import Measured
from resources.learning.model import Images
from resources.terms import Label

Marks = list[tuple[Label, float]]
"""What was found in one sample: each mark as the answer that holds it alone, and how sure the model is."""


@dataclass(frozen=True)
class Shape:
    """What a network is built for."""

    classes: tuple[Label, ...]
    height_px: int
    width_px: int
    channels: int


@dataclass(frozen=True, eq=False)
class Places:
    """What a network sees in samples."""

    features_npf: Tensor
    is_there_np: Tensor
    """Which places a sample has; each has at least one."""


class KindNet(nn.Module, ABC):
    """Samples [n, h, w] of bytes in, logits [n, p, k] out."""

    head: nn.Linear

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape

    def grow(self, classes: tuple[Label, ...]) -> None:
        """Know ``classes``, which begin with those that it knows. Of nothing, where answers are marks, the
        last output tells still.
        """
        known = len(self.shape.classes)
        self.shape = replace(self.shape, classes=classes)
        if len(classes) > known:
            self.head = widened(self.head, known, len(classes) - known)

    @abstractmethod
    def places(self, samples_nhw: Tensor) -> Places:
        """What is seen at each place."""

    def forward(self, samples_nhw: Tensor) -> Tensor:
        """Logits [n, p, k]."""
        logits: Tensor = self.head(self.places(samples_nhw).features_npf)
        return logits

    @abstractmethod
    def targets(self, samples: Images, answers: Sequence[Label]) -> list[Tensor]:
        """What the loss compares with, each [n, ...]."""

    @abstractmethod
    def loss(
        self, samples_nhw: Tensor, targets: Sequence[Tensor], smoothing: float, generator: torch.Generator
    ) -> tuple[Tensor, float]:
        """The loss of a batch, and at what share of its places the network is right."""

    @abstractmethod
    def found(self, samples: Images, device: str) -> list[Marks]:
        """What is found in each sample, also what is not sure enough to be an answer."""

    @abstractmethod
    def answer(self, marks: Marks) -> Label:
        """The answer that these are."""

    @abstractmethod
    def score(self, found: Sequence[Marks], answers: Sequence[Label], classes: tuple[Label, ...]) -> Measured:
        """How well what was found fits the answers of people, who may know more classes than the network."""
