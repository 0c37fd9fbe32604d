"""How the steps of one training of texts or marks are made, in torch. Import inside functions only.

Classes of texts and names in them go on by the data set's method, as pictures do; boxes are learnt jointly.
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from resources.learning.continual.buffer import NO_PLACE, Remembered
from resources.learning.continual.going_on import GoingOn
from resources.learning.continual.lesson import Lesson
from resources.learning.kinds.entities import EntityNet
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


class Words(nn.Module):
    """A network of names: samples in, logits [n, p, k] out, of nothing first, so that classes come behind."""

    def __init__(self, network: EntityNet, drawn: torch.Generator | None = None) -> None:
        super().__init__()
        self.network = network
        self.drawn = drawn
        """What a few words are blanked by while they are learnt."""

    def forward(self, samples_nhw: Tensor) -> Tensor:
        """Logits [n, p, k]."""
        logits: Tensor = self.network.head(self.network.seen(samples_nhw, self.drawn).features_npf)
        return logits.roll(1, dims=-1)


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
        if lesson is None or not isinstance(network, TextNet | EntityNet):
            return cls(network, torch.arange(len(samples)), smoothing)
        grown = copy.deepcopy(network)
        grown.grow(classes)
        (targets,) = grown.targets(samples.cpu().numpy(), answers)
        labels = _labels(grown, targets.to(samples.device))
        earlier = _as_method_sees(network) if goes_on else None
        shown = blanked if isinstance(network, TextNet) else unchanged
        going_on = GoingOn.of(lesson, earlier, samples, labels, seed, smoothing, shown, said_of)
        return cls(network, going_on.rows, smoothing, going_on)

    def step(
        self, samples: Tensor, targets: Sequence[Tensor], generator: torch.Generator
    ) -> tuple[Tensor, float]:
        """The loss of a batch, and at what share of its places the network is right."""
        if self.going_on is None:
            return self.network.loss(samples, targets, self.smoothing, generator)
        labels = _labels(self.network, targets[0])
        seen = _as_method_sees(self.network, generator)
        shown = blanked(samples, generator) if isinstance(self.network, TextNet) else samples
        loss, logits = self.going_on.steps.step(seen, shown, labels, generator)
        right = (logits.detach().argmax(dim=-1) == labels)[labels != NO_PLACE].float()
        return loss, float(right.mean()) if len(right) else 1.0

    def memory(
        self, lesson: Lesson | None, samples: Tensor, targets: Sequence[Tensor], seed: int
    ) -> bytes | None:
        """What is to be kept for the next training."""
        if self.going_on is None:
            return None
        self.network.eval()
        labels = _labels(self.network, targets[0])
        return self.going_on.memory(lesson, _as_method_sees(self.network), samples, labels, seed)


def said_of(kept: Remembered) -> NDArray[np.float32]:
    """Texts are near each other where a model says the same of them: their bytes tell nothing of that."""
    said: NDArray[np.float32] = np.nan_to_num(kept.logits)
    return said if said.ndim == 2 else said.mean(axis=1)


def unchanged(samples: Tensor, generator: torch.Generator) -> Tensor:  # noqa: ARG001 - for those that draw
    """The texts as they are: their words are blanked inside the network."""
    return samples


def _as_method_sees(network: KindNet, drawn: torch.Generator | None = None) -> nn.Module:
    return Words(network, drawn) if isinstance(network, EntityNet) else OnePlace(network)


def _labels(network: KindNet, targets: Tensor) -> Tensor:
    """The targets, of words with nothing first."""
    if not isinstance(network, EntityNet):
        return targets
    nothing = len(network.shape.classes)
    moved = torch.where(targets == nothing, 0, targets + 1)
    return torch.where(targets == NO_PLACE, NO_PLACE, moved)
