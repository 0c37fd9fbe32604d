"""What a task is to the loop: its data, its model, its loss. Import this module inside functions only."""

from collections.abc import Iterator, Mapping
from typing import Protocol

from torch import Tensor, nn

from resources.learning.distributed.order import Places

Batch = Mapping[str, Tensor]
"""Tensors whose first dimension is the sample."""


class Task(Protocol):
    """One thing to be learnt. All methods are deterministic."""

    @property
    def count(self) -> int:
        """Samples to train on."""

    def model(self) -> nn.Module:
        """A new model, on the CPU, its parameters drawn from torch's own random numbers."""

    def batch(self, places: Places) -> Batch:
        """The samples at these places, on the CPU. Called in a thread beside the steps: batches ahead."""

    def loss(self, model: nn.Module, batch: Batch) -> Tensor:
        """The mean loss of a batch on the model's device; its forward pass is one call of ``model``."""

    def blocks(self, model: nn.Module) -> Iterator[nn.Module]:
        """The parts that are sharded and gathered in turn, such as the layers of a transformer."""

    def scores(self, model: nn.Module) -> dict[str, float]:
        """What the model is worth on samples that it was not trained on."""
