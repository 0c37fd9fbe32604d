"""What each way of spreading a model has in common. Import this module inside functions only."""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from torch import Tensor, nn
from torch.distributed.tensor import DTensor

from resources.learning.distributed.checkpoints.own import OwnSteps
from resources.learning.distributed.plan import Plan
from resources.learning.distributed.world import World


@dataclass(frozen=True)
class Spread:
    """A model that is ready to be trained by these processes."""

    model: nn.Module
    """The model itself, without what some ways wrap around it: its names are the same in each way."""
    called: nn.Module
    """What is called in its place, to train it."""
    apart: Callable[[], AbstractContextManager[None]]
    """Within it gradients are added up without being exchanged: for all parts of a batch but the last."""
    steps: OwnSteps | None = None
    """What updates the parameters, where the way does so itself."""


def numbers_here(parameter: nn.Parameter) -> int:
    """How many numbers of a parameter this process holds."""
    shard = getattr(parameter, "ds_tensor", None)  # of DeepSpeed's third stage
    if isinstance(shard, Tensor):
        return shard.numel()
    return parameter.to_local().numel() if isinstance(parameter, DTensor) else parameter.numel()


Way = Callable[[nn.Module, Iterable[nn.Module], World, Plan], Spread]
