"""What each way of spreading a model has in common. Import this module inside functions only."""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from torch import nn
from torch.distributed.tensor import DTensor

from resources.learning.distributed.plan import Plan
from resources.learning.distributed.world import World


@dataclass(frozen=True)
class Spread:
    """A model that is ready to be trained by these processes."""

    model: nn.Module
    """What is called."""
    apart: Callable[[], AbstractContextManager[None]]
    """Within it gradients are added up without being exchanged: for all parts of a batch but the last."""


def numbers_here(parameter: nn.Parameter) -> int:
    """How many numbers of a parameter this process holds."""
    return parameter.to_local().numel() if isinstance(parameter, DTensor) else parameter.numel()


Way = Callable[[nn.Module, Iterable[nn.Module], World, Plan], Spread]
