"""DeepSpeed's ZeRO (Rajbhandari et al., SC 2020), stages 1 to 3. It is imported when it is chosen."""

import io
import logging
import os
from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import AdamW

from resources.learning.distributed.checkpoints.own import OwnSteps, Read
from resources.learning.distributed.checkpoints.state import MODEL, SHARDS
from resources.learning.distributed.parallel import single
from resources.learning.distributed.parallel.way import Spread
from resources.learning.distributed.plan import ZERO_STAGES, Plan
from resources.learning.distributed.world import World

LAST_STAGE = 3
"""The one that shards parameters too."""


def spread(model: nn.Module, blocks: Iterable[nn.Module], world: World, plan: Plan) -> Spread:
    """Hand the model and its steps to DeepSpeed. One process has nothing to shard."""
    if world.processes == 1:
        return single.spread(model, blocks, world, plan)
    stage = ZERO_STAGES[plan.parallel]
    os.environ.setdefault("DS_ACCELERATOR", world.device.type)
    logging.getLogger("DeepSpeed").setLevel(logging.WARNING)
    import deepspeed

    # On CPUs it would compile this one first, for minutes; a kill meanwhile would hang every later start.
    deepspeed.ops.__compatible_ops__["deepspeed_shm_comm"] = False
    deepspeed.init_distributed(dist_backend="nccl" if world.device.type == "cuda" else "gloo")
    optimizer = AdamW(model.parameters(), lr=plan.learning_rate, weight_decay=plan.weight_decay)
    engine, *_ = deepspeed.initialize(model=model, optimizer=optimizer, config=_config(plan, world, stage))
    steps = ZeroSteps(engine, stage, f"zero{stage} {world.process} of {world.processes}")
    return Spread(engine, engine, nullcontext, steps)


def _config(plan: Plan, world: World, stage: int) -> dict[str, Any]:
    return {
        "train_micro_batch_size_per_gpu": plan.part(world.processes),
        "gradient_accumulation_steps": plan.accumulation,
        "gradient_clipping": plan.clip_norm or 0.0,
        "zero_optimization": {"stage": stage},
        # Ours is torch's own: DeepSpeed's would be compiled first, on the machine that trains.
        "zero_force_ds_cpu_optimizer": False,
        "zero_allow_untested_optimizer": True,
        "steps_per_print": 10**9,
    }


class ZeroSteps(OwnSteps):
    """The engine of DeepSpeed as what trains."""

    def __init__(self, engine: Any, stage: int, shard: str) -> None:
        self._engine, self._stage, self.shard = engine, stage, shard

    def set_learning_rate(self, rate: float) -> None:
        """For the steps that come."""
        for group in self._engine.optimizer.param_groups:
            group["lr"] = rate

    def backward(self, loss: Tensor) -> None:
        """The loop has divided the loss by the number of parts; the engine counts them."""
        self._engine.backward(loss, scale_wrt_gas=False)
        self._engine.step()

    def state(self) -> Mapping[str, Any]:
        """The whole parameters, which for the last stage are gathered into the machine's memory."""
        buffer = io.BytesIO()
        torch.save(self._engine.optimizer.state_dict(), buffer)
        return {MODEL: self._parameters(), SHARDS: {self.shard: buffer.getvalue()}}

    def take_up(self, read: Read) -> None:
        """Parameters in place, then what each process has for itself."""
        state: dict[str, Any] = {SHARDS: {self.shard: b""}}
        if self._stage < LAST_STAGE:
            state[MODEL] = self._engine.module.state_dict()
        read(state)
        # Classes of DeepSpeed are in it; its hash is that of the checkpoint, which we wrote.
        mine = torch.load(io.BytesIO(state[SHARDS][self.shard]), weights_only=False)
        shards = {torch.distributed.get_rank(): mine}
        self._engine.optimizer.load_state_dict(shards, load_optimizer_states=True)

    def _parameters(self) -> dict[str, Tensor]:
        module: nn.Module = self._engine.module
        if self._stage < LAST_STAGE:
            return dict(module.state_dict())
        from deepspeed.runtime.zero import GatheredParameters

        with GatheredParameters(list(module.parameters())):
            return {name: value.detach().cpu().clone() for name, value in module.state_dict().items()}
