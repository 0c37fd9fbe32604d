"""The state of a training, to and from checkpoints. Import this module inside functions only."""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.amp.grad_scaler import GradScaler
from torch.distributed.checkpoint.api import CheckpointException
from torch.distributed.checkpoint.default_planner import DefaultLoadPlanner
from torch.distributed.checkpoint.filesystem import FileSystemReader
from torch.distributed.checkpoint.state_dict import (
    StateDictOptions,
    get_model_state_dict,
    get_state_dict,
    set_model_state_dict,
    set_state_dict,
)
from torch.distributed.checkpoint.state_dict_loader import load as read_into
from torch.distributed.tensor import DTensor
from torch.optim import Optimizer

from resources.errors import BadInput
from resources.learning.distributed.checkpoints.own import OwnSteps

MODEL, OPTIMIZER, SCALER, SHARDS = "model", "optimizer", "scaler", "zero"
"""The parts of a checkpoint. What else a training is at is a function of the step."""


def state_of(model: nn.Module, optimizer: Optimizer | OwnSteps, scaler: GradScaler) -> dict[str, Any]:
    """Parameters and optimizer under names that do not depend on how the model is spread."""
    if isinstance(optimizer, OwnSteps):
        return dict(optimizer.state())
    parameters, moments = get_state_dict(model, optimizer)
    scale = {SCALER: scaler.state_dict()} if scaler.is_enabled() else {}
    return {MODEL: parameters, OPTIMIZER: moments, **scale}


def load(path: Path, model: nn.Module, optimizer: Optimizer | OwnSteps, scaler: GradScaler) -> None:
    """Take up a checkpoint, by whatever number of processes and in whatever way it was written.

    The optimizer goes on with its moments, and with its own settings: weight decay is the plan's, which may
    have changed, and not the checkpoint's. Raises :class:`BadInput` for one of another model, and where
    DeepSpeed wrote it in another way.
    """
    _refuse_other_shards(path, optimizer)
    if isinstance(optimizer, OwnSteps):
        optimizer.take_up(lambda state: _read_into(state, path))
        return
    settings = [_settings_of(group) for group in optimizer.param_groups]
    state = state_of(model, optimizer, scaler)
    scale = state.pop(SCALER, None)
    _read_into(state, path)
    set_state_dict(model, optimizer, model_state_dict=state[MODEL], optim_state_dict=state[OPTIMIZER])
    for group, own in zip(optimizer.param_groups, settings, strict=True):
        group.update(own)
    if scale is not None:
        # There only where the one that wrote it scaled losses too; else the scale begins anew.
        found = {SCALER: scale}
        read_into(found, checkpoint_id=path, planner=DefaultLoadPlanner(allow_partial_load=True))
        scaler.load_state_dict(found[SCALER])


def is_finite(model: nn.Module, optimizer: Optimizer | OwnSteps) -> bool:
    """Whether all parameters and moments that this process holds are numbers."""
    states = {} if isinstance(optimizer, OwnSteps) else optimizer.state
    moments = (value for state in states.values() for value in state.values())
    held = [_here(one) for one in (*model.parameters(), *moments) if isinstance(one, Tensor)]
    # The least and the most of numbers with one that is none are none: a tenth of the time of asking each.
    ends = [end.to(held[0].device) for one in held if one.numel() for end in torch.aminmax(one)]
    return not ends or bool(torch.stack([end.isfinite() for end in ends]).all())


def load_model(path: Path, model: nn.Module) -> None:
    """Take up the parameters of a checkpoint alone, as finetuning does. Raises :class:`BadInput` likewise."""
    state = {MODEL: get_model_state_dict(model)}
    _read_into(state, path)
    set_model_state_dict(model, state[MODEL], options=StateDictOptions(strict=True))


def _refuse_other_shards(path: Path, optimizer: Optimizer | OwnSteps) -> None:
    names = FileSystemReader(path).read_metadata().state_dict_metadata
    found = sorted(name.removeprefix(f"{SHARDS}.") for name in names if name.startswith(f"{SHARDS}."))
    if isinstance(optimizer, OwnSteps):
        if optimizer.shard in found:
            return
        wanted = optimizer.shard
    elif not found:
        return
    else:
        wanted = "an optimizer of torch"
    raise BadInput(
        f"the checkpoint {path} has {', '.join(found) or 'an optimizer of torch'}; expected {wanted}",
        "Go on in the way and with as many processes as wrote it, or begin a new training with start_from.",
    )


def _here(tensor: Tensor) -> Tensor:
    return tensor.to_local() if isinstance(tensor, DTensor) else tensor


def _settings_of(group: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in group.items() if name != "params"}


def _read_into(state: dict[str, Any], path: Path) -> None:
    try:
        read_into(state, checkpoint_id=path)
    except (CheckpointException, ValueError) as problem:
        told = str(problem).strip().splitlines()[-1]
        raise BadInput(
            f"the checkpoint {path} is of another model than the plan's: {told}",
            "Train in a folder of its own, or give the task the settings that the checkpoint was made with.",
        ) from problem
