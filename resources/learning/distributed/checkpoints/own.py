"""Optimizers that do whole steps by themselves. Import this module inside functions only."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor

Read = Callable[[dict[str, Any]], None]
"""Fills a state with what a checkpoint has for its names."""


class OwnSteps(ABC):
    """What trains in place of an optimizer of torch, and has its state in a form of its own."""

    shard: str
    """The name of this process's part: only the same way on as many processes can read it."""

    @abstractmethod
    def set_learning_rate(self, rate: float) -> None:
        """For the steps that come."""

    @abstractmethod
    def backward(self, loss: Tensor) -> None:
        """Go back from one part of a batch; after its last part the parameters are updated."""

    @abstractmethod
    def state(self) -> Mapping[str, Any]:
        """The parameters, under the names that they have in any other way, and the state of this process."""

    @abstractmethod
    def take_up(self, read: Read) -> None:
        """Go on from a checkpoint."""
