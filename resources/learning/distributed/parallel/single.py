"""One process, one device."""

from collections.abc import Iterable
from contextlib import nullcontext

from torch import nn

from resources.errors import BadInput
from resources.learning.distributed.parallel.way import Spread
from resources.learning.distributed.plan import Plan
from resources.learning.distributed.world import World


def spread(model: nn.Module, blocks: Iterable[nn.Module], world: World, plan: Plan) -> Spread:  # noqa: ARG001
    """The model as it is. Raises :class:`BadInput` where several processes were started for it."""
    refuse_several(world, plan)
    return Spread(model, model, nullcontext)


def refuse_several(world: World, plan: Plan) -> None:
    """Raise :class:`BadInput` where a way for one process was started in several."""
    if world.processes > 1:
        raise BadInput(
            f"parallel is {plan.parallel}, which is one process; {world.processes} were started",
            "Start one process, or choose ddp or fsdp2 for parallel.",
        )
