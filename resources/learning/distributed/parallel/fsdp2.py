"""A process for each device, each with a shard of everything (Zhao et al., PyTorch FSDP, VLDB 2023)."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import torch
from torch import nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import FSDPModule, MixedPrecisionPolicy, fully_shard

from resources.learning.distributed.parallel import single
from resources.learning.distributed.parallel.way import Spread
from resources.learning.distributed.plan import Plan, Precision
from resources.learning.distributed.world import World

HALVES = {Precision.BF16: torch.bfloat16, Precision.FP16: torch.float16}


def spread(model: nn.Module, blocks: Iterable[nn.Module], world: World, plan: Plan) -> Spread:
    """Each block, then what is left, is gathered when it is needed. One process has nothing to shard."""
    if world.processes == 1:
        return single.spread(model, blocks, world, plan)
    mesh = init_device_mesh(world.device.type, (world.processes,))
    half = HALVES.get(plan.precision)
    policy = MixedPrecisionPolicy(param_dtype=half, reduce_dtype=torch.float32 if half else None)
    for block in blocks:
        fully_shard(block, mesh=mesh, mp_policy=policy)
    sharded: FSDPModule = fully_shard(model, mesh=mesh, mp_policy=policy)

    @contextmanager
    def apart() -> Iterator[None]:
        sharded.set_requires_gradient_sync(False)
        try:
            yield
        finally:
            sharded.set_requires_gradient_sync(True)

    return Spread(model, model, apart)
