"""The training function in one process: it learns, goes on from where it was, ends when it is asked to."""

from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from resources.errors import BadInput
from resources.learning.distributed import batches as made
from resources.learning.distributed.checkpoints.folder import Checkpoints
from resources.learning.distributed.checkpoints.state import load_model
from resources.learning.distributed.loop import train
from resources.learning.distributed.order import batch_places
from resources.learning.distributed.parallel import copies
from resources.learning.distributed.parallel.way import Spread
from resources.learning.distributed.plan import Parallel, Plan, Precision, TaskChoice
from resources.learning.distributed.progress import PROGRESS, STOP, Ended, Measured, Saved
from resources.learning.distributed.schedule import learning_rate
from resources.learning.distributed.task import Batch
from resources.learning.distributed.tasks.catalogue import build_task
from resources.learning.distributed.tasks.text import Settings, Text
from resources.learning.distributed.world import joined
from tests.resources.learning.distributed.plans import TINY, began, difference, is_done, losses, tiny, told

SMALL = Settings(layers=2, heads=2, width=16, context=16, characters=4000)


def trained(plan: Plan, folder: Path) -> nn.Module:
    with joined("cpu") as world:
        return train(plan, build_task(plan.task), world, folder)


def parameters(folder: Path, step: int) -> list[Tensor]:
    """What a checkpoint keeps of a model of the plan ``tiny``."""
    with joined("cpu"):
        model = Text(SMALL).model()
        load_model(Checkpoints(folder / "checkpoints").path(step), model)
    return [one.detach() for one in model.parameters()]


class Killed(Exception):
    pass


@dataclass
class Dying:
    """A task that ends the training in the middle of a step, as a kill would."""

    task: Text
    batches_left: int

    def __getattr__(self, name: str) -> object:
        return getattr(self.task, name)

    def loss(self, model: nn.Module, batch: Batch) -> Tensor:
        self.batches_left -= 1
        if self.batches_left < 0:
            raise Killed
        return self.task.loss(model, batch)


def test_it_learns_tells_how_it_goes_and_what_came_of_it(tmp_path: Path) -> None:
    trained(tiny(steps=60, log_every_steps=20, learning_rate=1e-2), tmp_path)
    told_losses = [loss for _, loss in losses(tmp_path)]
    assert told_losses[-1] < told_losses[0] - 1
    events = told(tmp_path)
    measured = [one for one in events if isinstance(one, Measured)]
    assert [one.scores.keys() for one in measured] == [{"held_out_loss"}]
    assert measured[0].scores["held_out_loss"] < 5
    assert events[-1] == Ended(60, done=True)


def test_its_steps_are_those_of_plain_adamw_written_out(tmp_path: Path) -> None:
    plan = tiny(
        steps=5,
        warmup_steps=2,
        learning_rate=0.03,
        clip_norm=0.05,
        weight_decay=0.3,
        seed=7,
        log_every_steps=1,
    )
    model = trained(plan, tmp_path)
    torch.manual_seed(7)
    task = Text(SMALL)
    plain = task.model()
    optimizer = torch.optim.AdamW(plain.parameters(), lr=1.0, weight_decay=0.3)
    norms = []
    for step in range(5):
        optimizer.param_groups[0]["lr"] = learning_rate(plan, step)
        optimizer.zero_grad()
        task.loss(plain, task.batch(batch_places(step, count=task.count, batch_size=8, seed=7))).backward()  # type: ignore[no-untyped-call]
        norms.append(float(nn.utils.clip_grad_norm_(plain.parameters(), 0.05)))
        optimizer.step()
    assert min(norms) > 0.1, "clipping does something"
    for mine, theirs in zip(model.parameters(), plain.parameters(), strict=True):
        assert torch.allclose(mine, theirs, atol=1e-6)


class Drawing(Text):
    """Ends after three steps; keeps what each of them drew."""

    def __init__(self) -> None:
        super().__init__(SMALL)
        self.drawn: list[float] = []

    def loss(self, model: nn.Module, batch: Batch) -> Tensor:
        self.drawn.append(float(torch.rand(())))
        if len(self.drawn) == 3:
            raise Killed
        return super().loss(model, batch)


def test_what_a_step_draws_is_of_its_own_and_of_the_seed_and_the_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(made, "parts_of", lambda places, **_: iter([places]))
    drawn: dict[tuple[int, int], list[float]] = {}
    for seed, process in ((0, 0), (1, 0), (0, 1), (0, 0)):
        task = Drawing()
        with joined("cpu") as world, pytest.raises(Killed):
            train(tiny(seed=seed), task, replace(world, process=process), tmp_path / f"{seed}{process}")
        assert drawn.setdefault((seed, process), task.drawn) == task.drawn
    assert len({one for each in drawn.values() for one in each}) == 9


@pytest.mark.parametrize("batches", [3, 9, 11])
def test_the_losses_after_a_resumption_are_those_it_would_have_had(tmp_path: Path, batches: int) -> None:
    plan = tiny(task=TaskChoice("text", {**TINY, "dropout": 0.2}))
    trained(plan, tmp_path / "whole")
    with joined("cpu") as world, pytest.raises(Killed):
        train(plan, Dying(Text(replace(SMALL, dropout=0.2)), batches), world, tmp_path / "killed")  # type: ignore[arg-type]
    trained(plan, tmp_path / "killed")
    assert began(tmp_path / "killed")[1] in {batches // 4 * 4, max(0, batches // 4 * 4 - 4)}
    assert losses(tmp_path / "killed") == losses(tmp_path / "whole")
    assert told(tmp_path / "killed")[-2:] == told(tmp_path / "whole")[-2:]


def test_where_the_newest_checkpoint_is_damaged_the_one_before_is_gone_on_from(tmp_path: Path) -> None:
    trained(tiny(), tmp_path / "whole")
    trained(tiny(), tmp_path / "damaged")
    newest = Checkpoints(tmp_path / "damaged/checkpoints").path(12)
    (newest / "__0_0.distcp").write_bytes(b"damaged")
    trained(tiny(), tmp_path / "damaged")
    assert began(tmp_path / "damaged") == [0, 8]
    assert losses(tmp_path / "damaged") == losses(tmp_path / "whole")


def test_a_training_that_is_done_does_no_step_again(tmp_path: Path) -> None:
    trained(tiny(), tmp_path)
    before = losses(tmp_path)
    trained(tiny(), tmp_path)
    assert began(tmp_path) == [0, 12]
    assert losses(tmp_path) == before


def test_parts_one_after_the_other_are_as_good_as_the_whole_batch(tmp_path: Path) -> None:
    trained(tiny(), tmp_path / "1")
    trained(tiny(accumulation=2), tmp_path / "2")
    assert difference(tmp_path / "1", tmp_path / "2") < 1e-6


def test_one_that_is_asked_to_stop_leaves_a_checkpoint_and_is_resumed(tmp_path: Path) -> None:
    trained(tiny(), tmp_path / "whole")
    (tmp_path / "stopped").mkdir()
    (tmp_path / "stopped" / STOP).touch()
    trained(tiny(), tmp_path / "stopped")
    assert told(tmp_path / "stopped")[-1] == Ended(2, done=False)
    (tmp_path / "stopped" / STOP).unlink()
    trained(tiny(), tmp_path / "stopped")
    assert began(tmp_path / "stopped") == [0, 2]
    assert is_done(tmp_path / "stopped")
    assert losses(tmp_path / "stopped") == losses(tmp_path / "whole")


def test_finetuning_starts_from_what_was_learnt_before(tmp_path: Path) -> None:
    trained(tiny(steps=60, learning_rate=1e-2, log_every_steps=20), tmp_path / "base")
    start = Checkpoints(tmp_path / "base/checkpoints").path(60)
    other = TaskChoice("text", {**TINY, "text": "sums"})
    trained(tiny(task=other, start_from=str(start)), tmp_path / "tuned")
    trained(tiny(task=other), tmp_path / "new")
    assert began(tmp_path / "tuned") == [0]
    assert losses(tmp_path / "tuned")[0][1] < losses(tmp_path / "new")[0][1] - 0.5
    with pytest.raises(BadInput, match=r"start_from is .*, which is no whole checkpoint"):
        trained(tiny(start_from=str(tmp_path)), tmp_path / "nowhere")


def test_checkpoints_come_by_the_clock_too_and_the_last_step_has_one(tmp_path: Path) -> None:
    trained(tiny(checkpoint_every_steps=None, checkpoint_every_s=1e-9), tmp_path / "often")
    trained(tiny(checkpoint_every_steps=None), tmp_path / "never")
    saved = {
        name: [one.step for one in told(tmp_path / name) if isinstance(one, Saved)]
        for name in ("often", "never")
    }
    assert saved == {"often": [2, 4, 6, 8, 10, 12], "never": [12]}
    kept = [one.step for one in Checkpoints(tmp_path / "often/checkpoints").all()]
    assert kept == [12, 10]


def test_a_loss_that_is_no_number_ends_it_with_what_to_do(tmp_path: Path) -> None:
    class Broken(Text):
        def loss(self, model: nn.Module, batch: Batch) -> Tensor:
            return super().loss(model, batch) * torch.nan

    with joined("cpu") as world, pytest.raises(BadInput, match="the loss is nan after step 2") as problem:
        train(tiny(), Broken(SMALL), world, tmp_path)
    assert "Lower learning_rate" in problem.value.next_step
    assert "NaN" not in (tmp_path / PROGRESS).read_text(), "JSON has no such number"


class Spiked(Text):
    """Its loss is a number at each step; at one of them its gradient is none."""

    def __init__(self, settings: Settings, at: int) -> None:
        super().__init__(settings)
        self.losses_left = at

    def loss(self, model: nn.Module, batch: Batch) -> Tensor:
        self.losses_left -= 1
        loss = super().loss(model, batch)
        if self.losses_left != 0:
            return loss
        one = next(model.parameters()).flatten()[0]
        return loss + (one - one.detach()).abs().sqrt()  # 0, and its slope is infinite


@pytest.mark.parametrize("at", [8, 12])
def test_parameters_that_are_no_numbers_are_never_kept(tmp_path: Path, at: int) -> None:
    with joined("cpu") as world, pytest.raises(BadInput, match=f"parameter .* is nan after step {at}"):
        train(tiny(), Spiked(SMALL, at), world, tmp_path)
    assert Checkpoints(tmp_path / "checkpoints").all()[0].step == at - 4
    trained(tiny(), tmp_path)
    assert began(tmp_path) == [0, at - 4]
    assert is_done(tmp_path)


def test_moments_that_grew_beyond_numbers_are_never_kept(tmp_path: Path) -> None:
    class Steep(Text):
        def loss(self, model: nn.Module, batch: Batch) -> Tensor:
            one = next(model.parameters()).flatten()[0]
            return super().loss(model, batch) + 1e25 * (one - one.detach())

    with joined("cpu") as world, pytest.raises(BadInput, match="a parameter or its moment is nan"):
        train(tiny(clip_norm=None), Steep(SMALL), world, tmp_path)
    assert not Checkpoints(tmp_path / "checkpoints").all()


def test_scores_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    class Unscored(Text):
        def scores(self, model: nn.Module) -> dict[str, float]:
            return {**super().scores(model), "worth": float("inf")}

    with (
        joined("cpu") as world,
        pytest.raises(BadInput, match="worth on what is held out is inf after step 12"),
    ):
        train(tiny(), Unscored(SMALL), world, tmp_path)
    assert not is_done(tmp_path)


def test_the_plan_may_change_its_weight_decay_on_the_way(tmp_path: Path) -> None:
    for name, decay in (("kept", 0.0), ("raised", 0.5)):
        trained(tiny(steps=4, warmup_steps=0), tmp_path / name)
        trained(tiny(steps=4 + 2, warmup_steps=0, weight_decay=decay), tmp_path / name)
    assert losses(tmp_path / "kept")[:2] == losses(tmp_path / "raised")[:2]
    norms = [
        sum(float(one.square().sum()) for one in parameters(tmp_path / name, 6))
        for name in ("kept", "raised")
    ]
    assert norms[1] < norms[0]


def test_what_copies_of_a_model_learnt_is_gone_on_from_in_every_other_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = tiny(steps=4, parallel=Parallel.DATA_PARALLEL)

    def copied(model: nn.Module, *_: object) -> Spread:
        return Spread(model, nn.DataParallel(model), nullcontext)

    with monkeypatch.context() as changed:
        changed.setattr(torch.cuda, "device_count", lambda: 2)
        with joined("cpu") as world:
            on_gpus = replace(world, device=torch.device("cuda"))
            spread = copies.spread(nn.Linear(2, 2), (), on_gpus, plan)
        assert isinstance(spread.called, nn.DataParallel)
        assert list(spread.model.state_dict()) == ["weight", "bias"]
        changed.setattr(copies, "spread", copied)
        trained(plan, tmp_path)
    trained(tiny(steps=8, parallel=Parallel.SINGLE), tmp_path)
    trained(tiny(steps=12, parallel=Parallel.DDP), tmp_path)
    assert began(tmp_path) == [0, 4, 8]


def test_fewer_bits_learn_as_well(tmp_path: Path) -> None:
    trained(tiny(), tmp_path / "fp32")
    trained(tiny(precision=Precision.BF16), tmp_path / "bf16")
    assert 0 < difference(tmp_path / "fp32", tmp_path / "bf16") < 0.05


@pytest.mark.parametrize("parallel", list(Parallel))
def test_every_way_of_spreading_is_the_same_with_one_process(tmp_path: Path, parallel: Parallel) -> None:
    trained(tiny(), tmp_path / "single")
    trained(tiny(parallel=parallel), tmp_path / "other")
    assert losses(tmp_path / "other") == losses(tmp_path / "single")


def test_the_loop_leaves_no_thread_and_no_group_behind(tmp_path: Path) -> None:
    import threading

    before = set(threading.enumerate())
    trained(tiny(), tmp_path)
    assert not torch.distributed.is_initialized()
    left = set(threading.enumerate()) - before
    assert not [one for one in left if one.name.startswith("checkpoint")]
