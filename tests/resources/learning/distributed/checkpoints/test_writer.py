"""Checkpoints are written beside the steps: each is the state of its own step."""

import os
import sys
import threading
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.amp.grad_scaler import GradScaler
from torch.distributed.checkpoint.filesystem import FileSystemWriter
from torch.distributed.checkpoint.planner import SavePlan, SavePlanner
from torch.optim import AdamW

from resources.errors import BadInput
from resources.learning.distributed.checkpoints.folder import Checkpoints
from resources.learning.distributed.checkpoints.state import is_finite, load, load_model
from resources.learning.distributed.checkpoints.writer import BEHIND_STEPS, Writer
from resources.learning.distributed.progress import Saved
from resources.learning.distributed.world import joined

NONE = GradScaler("cpu", enabled=False)


def step(model: nn.Linear, optimizer: AdamW) -> None:
    optimizer.zero_grad()
    model(torch.ones(2, model.in_features)).pow(2).mean().backward()
    optimizer.step()


def linear(seed: int, width: int = 64) -> tuple[nn.Linear, AdamW]:
    torch.manual_seed(seed)
    model = nn.Linear(width, width)
    return model, AdamW(model.parameters(), lr=0.1)


def test_a_checkpoint_is_the_state_of_its_step_whatever_steps_do_meanwhile(tmp_path: Path) -> None:
    told: list[Saved] = []
    model, optimizer = linear(0, width=512)
    with joined("cpu") as world:
        writer = Writer(Checkpoints(tmp_path), 3, world, told.append)
        kept = []
        for number in range(1, 4):
            step(model, optimizer)
            kept.append([one.detach().clone() for one in model.parameters()])
            writer.begin(number, model, optimizer, NONE)
            for _ in range(3):
                step(model, optimizer)
        writer.close()
        for number, then in enumerate(kept, start=1):
            other, its_optimizer = linear(1, width=512)
            load(Checkpoints(tmp_path).path(number), other, its_optimizer, NONE)
            assert all(torch.equal(a, b) for a, b in zip(then, other.parameters(), strict=True))
            first = next(iter(its_optimizer.state.values()))
            assert int(first["step"]) == 1 + 4 * (number - 1)
    assert [one.step for one in told] == [1, 2, 3]
    assert all(0 < one.stalled_s <= one.seconds and one.size_bytes > 3 * 512 * 512 * 4 for one in told)


def test_the_optimizer_goes_on_with_its_moments_and_the_settings_that_are_given_now(tmp_path: Path) -> None:
    model, optimizer = linear(0)
    other, its_optimizer = linear(1)
    optimizer.param_groups[0]["weight_decay"] = 0.5
    its_optimizer.param_groups[0] |= {"weight_decay": 0.0, "eps": 1e-6}
    step(model, optimizer)
    with joined("cpu") as world:
        writer = Writer(Checkpoints(tmp_path), 1, world, lambda _: None)
        writer.begin(1, model, optimizer, NONE)
        writer.close()
        load(Checkpoints(tmp_path).path(1), other, its_optimizer, NONE)
    settings = its_optimizer.param_groups[0]
    assert (settings["weight_decay"], settings["eps"], settings["lr"]) == (0.0, 1e-6, 0.1)
    assert torch.equal(optimizer.state[model.weight]["exp_avg"], its_optimizer.state[other.weight]["exp_avg"])


def test_what_goes_wrong_while_one_is_written_is_raised_by_the_next(tmp_path: Path) -> None:
    model, optimizer = linear(0)
    with joined("cpu") as world:
        writer = Writer(Checkpoints(tmp_path), 1, world, lambda _: None)

        class Full(Checkpoints):
            def finish(self, part: Path) -> int:  # noqa: ARG002
                raise OSError(28, "No space left on device")

        writer._checkpoints = Full(tmp_path)
        writer.begin(1, model, optimizer, NONE)
        with pytest.raises(OSError, match="No space left"):
            writer.begin(2, model, optimizer, NONE)
        writer.close()  # it is raised once


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux knows how nice a single thread is")
def test_threads_that_write_give_way_to_those_that_train(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, seen = own_niceness(), dict[str, int]()

    class Looking(Checkpoints):
        def finish(self, part: Path) -> int:
            seen["finish"] = own_niceness()
            return super().finish(part)

    written = FileSystemWriter.write_data

    def looked(writer: FileSystemWriter, plan: SavePlan, planner: SavePlanner) -> object:
        seen["write"] = own_niceness()
        return written(writer, plan, planner)

    monkeypatch.setattr(FileSystemWriter, "write_data", looked)
    model, optimizer = linear(0)
    with joined("cpu") as world:
        writer = Writer(Looking(tmp_path), 2, world, lambda _: None)
        for number in (1, 2):
            writer.begin(number, model, optimizer, NONE)
            writer.wait()
            behind = min(19, own + BEHIND_STEPS)
            assert seen == {"finish": behind, "write": behind}, "of each checkpoint alike"
        writer.close()
    assert own_niceness() == own


def own_niceness() -> int:
    return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())


@pytest.mark.parametrize("what", ["a parameter", "a moment"])
@pytest.mark.parametrize("wrong", [torch.nan, torch.inf, -torch.inf])
@pytest.mark.parametrize("place", [0, 7, 63])
def test_one_number_that_is_none_among_all_is_found(what: str, wrong: float, place: int) -> None:
    model, optimizer = linear(0, width=8)
    step(model, optimizer)
    assert is_finite(model, optimizer)
    held = model.weight.data if what == "a parameter" else optimizer.state[model.weight]["exp_avg_sq"]
    held.view(-1)[place] = wrong
    assert not is_finite(model, optimizer)


def test_a_checkpoint_of_another_model_is_refused_in_words(tmp_path: Path) -> None:
    model, optimizer = linear(0)
    with joined("cpu") as world:
        writer = Writer(Checkpoints(tmp_path), 1, world, lambda _: None)
        writer.begin(1, model, optimizer, NONE)
        writer.close()
        path = Checkpoints(tmp_path).path(1)
        with pytest.raises(BadInput, match="is of another model than the plan's"):
            load(path, *linear(0, width=32), NONE)
        with pytest.raises(BadInput, match="is of another model than the plan's"):
            load_model(path, nn.Sequential(nn.Linear(64, 64)))
