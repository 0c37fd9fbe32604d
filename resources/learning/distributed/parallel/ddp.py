"""A process for each device, each with the whole model (Li et al., PyTorch Distributed, VLDB 2020)."""

from collections.abc import Iterable

from torch import nn
from torch.nn.parallel import DistributedDataParallel

from resources.learning.distributed.parallel import single
from resources.learning.distributed.parallel.way import Spread
from resources.learning.distributed.plan import Plan
from resources.learning.distributed.world import World


def spread(model: nn.Module, blocks: Iterable[nn.Module], world: World, plan: Plan) -> Spread:
    """Gradients are averaged while the backward pass goes on. One process has nothing to average."""
    if world.processes == 1:
        return single.spread(model, blocks, world, plan)
    devices = [world.device] if world.device.type == "cuda" else None
    wrapped = DistributedDataParallel(model, device_ids=devices, gradient_as_bucket_view=True)
    return Spread(model, wrapped, wrapped.no_sync)
