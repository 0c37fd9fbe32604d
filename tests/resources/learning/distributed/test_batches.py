"""Batches made beside the steps are those that the steps would have made, in their order, and no more."""

from pathlib import Path
from threading import current_thread, main_thread
from threading import enumerate as threads

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from resources.learning.distributed.batches import AHEAD, Batches
from resources.learning.distributed.loop import train
from resources.learning.distributed.order import Places, batch_places, parts_of
from resources.learning.distributed.plan import Plan, TaskChoice
from resources.learning.distributed.tasks.catalogue import build_task
from resources.learning.distributed.tasks.text import Text
from resources.learning.distributed.world import World, joined
from tests.resources.learning.distributed.plans import losses, tiny

COUNT = 37


class Asked:
    """A task that remembers what was asked of it, and by whom."""

    count = COUNT

    def __init__(self, *, draws: bool = False, fails_at: int | None = None) -> None:
        self.draws, self.fails_at = draws, fails_at
        self.asked: list[list[int]] = []
        self.by: set[str] = set()

    def batch(self, places: Places) -> dict[str, Tensor]:
        if len(self.asked) == self.fails_at:
            raise OSError("the disk is gone")
        self.asked.append(places.tolist())
        self.by.add(current_thread().name)
        return {"x": torch.rand(len(places)) if self.draws else torch.from_numpy(places.copy())}


def batches(task: Asked, plan: Plan, world: World, step: int = 0) -> Batches:
    return Batches(plan, task, world, step)  # type: ignore[arg-type]


@given(st.integers(0, 5), st.integers(1, 3), st.integers(0, 1))
@settings(max_examples=20, deadline=None)
def test_they_are_the_parts_of_each_step_in_order(begin: int, accumulation: int, process: int) -> None:
    plan = Plan(TaskChoice("text"), steps=begin + 4, batch_size=accumulation * 4, accumulation=accumulation)
    world = World(process, 2, torch.device("cpu"))
    task = Asked()
    made = batches(task, plan, world, begin)
    for step in range(begin, plan.steps):
        places = batch_places(step, count=COUNT, batch_size=plan.batch_size, seed=plan.seed)
        due = parts_of(places, process=process, processes=2, accumulation=accumulation)
        for found, expected in zip(made.of_step(), due, strict=True):
            assert np.array_equal(found["x"].numpy(), expected)
    made.close()
    assert len(task.asked) == 4 * accumulation
    assert "batches" in task.by


def test_only_so_many_are_made_ahead_and_none_once_it_is_closed() -> None:
    with joined("cpu") as world:
        task = Asked()
        made = batches(task, tiny(steps=1000), world)
        list(made.of_step())
        list(made.of_step())
        made.close()
    assert len(task.asked) <= 2 + AHEAD + 1
    assert not [one for one in threads() if one.name == "batches"]


def test_what_fails_there_is_raised_where_the_batch_is_missed() -> None:
    with joined("cpu") as world:
        made = batches(Asked(fails_at=2), tiny(), world)
        list(made.of_step())
        list(made.of_step())
        with pytest.raises(OSError, match="the disk is gone"):
            list(made.of_step())
        made.close()


def test_a_task_that_draws_as_the_steps_do_is_asked_by_them() -> None:
    with joined("cpu") as world:
        task = Asked(draws=True)
        made = batches(task, tiny(), world)
        for _ in range(4):
            list(made.of_step())
        made.close()
    assert task.by == {main_thread().name}


class Here(Text):
    """Draws and throws away, so its batches are made by the steps; the next seed makes that good."""

    def batch(self, places: Places) -> dict[str, Tensor]:
        torch.rand(1)
        return dict(super().batch(places))


def test_losses_are_the_same_to_the_last_bit_wherever_batches_are_made(tmp_path: Path) -> None:
    plan = tiny(accumulation=2)
    beside = build_task(plan.task)
    assert isinstance(beside, Text)
    for name, task in (("beside", beside), ("here", Here(beside.settings))):
        with joined("cpu") as world:
            train(plan, task, world, tmp_path / name)
    assert losses(tmp_path / "beside") == losses(tmp_path / "here")
