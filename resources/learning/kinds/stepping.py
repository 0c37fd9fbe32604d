"""How the steps of one training of texts or marks are made, in torch. Import inside functions only.

What has one class goes on by the data set's method, as pictures do; what is marked is trained on everything.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from resources.learning.continual.buffer import Remembered
from resources.learning.continual.going_on import GoingOn
from resources.learning.continual.lesson import Lesson
from resources.learning.kinds.image_classes import indices
from resources.learning.kinds.network import KindNet
from resources.learning.kinds.text_classes import TextNet, blanked
from resources.terms import Label


class OnePlace(nn.Module):
    """A network whose samples are one place each: samples in, logits [n, k] out."""

    def __init__(self, network: KindNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, samples_nhw: Tensor) -> Tensor:
        """Logits [n, k]."""
        logits: Tensor = self.network(samples_nhw)[:, 0]
        return logits


@dataclass(frozen=True)
class Stepping:
    """The samples that steps are made with, and their loss."""

    network: KindNet
    rows: Tensor
    smoothing: float
    going_on: GoingOn | None = None
    """By which method; None for plain training on everything."""

    @classmethod
    def of(
        cls,
        network: KindNet,
        samples: Tensor,
        answers: Sequence[Label],
        classes: tuple[Label, ...],
        lesson: Lesson | None,
        *,
        goes_on: bool,
        seed: int,
        smoothing: float,
    ) -> "Stepping":
        """``network`` is the one that is gone on from, before its head grows, or a new one."""
        if lesson is None or not isinstance(network, TextNet):
            return cls(network, torch.arange(len(samples)), smoothing)
        labels = torch.from_numpy(indices(answers, classes)).to(samples.device)
        earlier = OnePlace(network) if goes_on else None
        going_on = GoingOn.of(lesson, earlier, samples, labels, seed, smoothing, blanked, said_of)
        return cls(network, going_on.rows, smoothing, going_on)

    def step(
        self, samples: Tensor, targets: Sequence[Tensor], generator: torch.Generator
    ) -> tuple[Tensor, float]:
        """The loss of a batch, and at what share of its places the network is right."""
        if self.going_on is None:
            return self.network.loss(samples, targets, self.smoothing, generator)
        (labels,) = targets
        shown = blanked(samples, generator)
        loss, logits = self.going_on.steps.step(OnePlace(self.network), shown, labels, generator)
        return loss, float((logits.detach().argmax(dim=1) == labels).float().mean())

    def memory(
        self, lesson: Lesson | None, samples: Tensor, targets: Sequence[Tensor], seed: int
    ) -> bytes | None:
        """What is to be kept for the next training."""
        if self.going_on is None:
            return None
        self.network.eval()
        return self.going_on.memory(lesson, OnePlace(self.network), samples, targets[0], seed)


def said_of(kept: Remembered) -> NDArray[np.float32]:
    """Texts are near each other where a model says the same of them: their bytes tell nothing of that."""
    said: NDArray[np.float32] = np.nan_to_num(kept.logits)
    return said
