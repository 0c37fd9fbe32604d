"""One process with several GPUs: the model is copied to each at every step. Simple, and not the fastest."""

from collections.abc import Iterable
from contextlib import nullcontext

import torch
from torch import nn

from resources.learning.distributed.parallel.single import refuse_several
from resources.learning.distributed.parallel.way import Spread
from resources.learning.distributed.plan import Plan
from resources.learning.distributed.world import World


def spread(model: nn.Module, blocks: Iterable[nn.Module], world: World, plan: Plan) -> Spread:  # noqa: ARG001
    """A batch is split among the GPUs that this process sees; on CPUs and with one GPU there is one part."""
    refuse_several(world, plan)
    if world.device.type != "cuda" or torch.cuda.device_count() < 2:
        return Spread(model, model, nullcontext)
    return Spread(model, nn.DataParallel(model), nullcontext)
