"""The way that a plan chooses. Import this module inside functions only."""

from collections.abc import Iterable

from torch import nn

from resources.learning.distributed.parallel import copies, ddp, fsdp2, single, zero
from resources.learning.distributed.parallel.way import Spread, Way
from resources.learning.distributed.plan import ZERO_STAGES, Parallel, Plan
from resources.learning.distributed.world import World


def spread(model: nn.Module, blocks: Iterable[nn.Module], world: World, plan: Plan) -> Spread:
    """Spread ``model``, which lies on this process's device, in the plan's way."""
    ways: dict[Parallel, Way] = {
        Parallel.SINGLE: single.spread,
        Parallel.DATA_PARALLEL: copies.spread,
        Parallel.DDP: ddp.spread,
        Parallel.FSDP2: fsdp2.spread,
        **dict.fromkeys(ZERO_STAGES, zero.spread),
    }
    return ways[plan.parallel](model, blocks, world, plan)
