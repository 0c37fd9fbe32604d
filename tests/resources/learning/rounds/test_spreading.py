"""The steps of a round in parts, in other numbers, and by several processes."""

import shutil
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from resources.continual import ContinualSettings, MethodName
from resources.kinds import Kind
from resources.learning.continual.lesson import Lesson
from resources.learning.distributed.launching import Launch
from resources.learning.distributed.plan import Parallel
from resources.learning.distributed.progress import Began, Event, curve
from resources.learning.distributed.watching import run
from resources.learning.loop import Task
from resources.learning.model import TrainedWeights
from resources.learning.prediction import predict
from resources.learning.rounds.plan import WORKER, plan_of
from resources.learning.rounds.work import read_task, take_trained, write_task
from resources.learning.teaching import Teaching
from resources.learning.training import train
from resources.train_settings import TrainSettings
from tests.resources.learning.examples import CLASSES, QUICK, bars, going_on

IMAGES, LABELS = bars(36)
UNEVEN = replace(QUICK, epochs=3, incremental_epochs=3, batch_size=7)
"""Six steps, the last of one image: no number of processes or parts divides them."""
NEAR = 1e-5


@cache
def champion() -> bytes:
    """What the others go on from."""
    return train(IMAGES, LABELS, CLASSES, QUICK, seed=1).weights


def lesson(method: MethodName) -> Lesson:
    return going_on(ContinualSettings(method=method, buffer_size=12, replay_batch_size=5))


def trained(settings: TrainSettings, method: MethodName | None = None) -> TrainedWeights:
    """On from the champion by a method, or with a teaching where there is none."""
    if method is None:
        teaching = Teaching(bars(20, seed=3)[0], np.full((20, 2), 0.5))
        return train(IMAGES, LABELS, CLASSES, settings, seed=1, teaching=teaching)
    return train(IMAGES, LABELS, CLASSES, settings, seed=1, start=champion(), lesson=lesson(method))


def assert_near(one: TrainedWeights, other: TrainedWeights, within: float = NEAR) -> None:
    """The same losses, and the same said of each image."""
    losses = [[point.loss for point in each.curve] for each in (one, other)]
    assert losses[0] == pytest.approx(losses[1], abs=within)
    said = [predict(each.weights, IMAGES, CLASSES) for each in (one, other)]
    assert np.abs(said[0] - said[1]).max() < within


@pytest.mark.parametrize("method", [*MethodName, None])
def test_a_step_that_is_taken_in_parts_has_the_gradient_of_one_that_is_not(method: MethodName | None) -> None:
    plain = trained(UNEVEN, method)
    assert_near(trained(replace(UNEVEN, accumulation=3), method), plain)
    if method is MethodName.DERPP:
        assert trained(replace(UNEVEN, parallel="ddp"), method).weights == plain.weights, "on one device"


def test_a_step_in_bf16_learns_much_the_same_in_other_numbers() -> None:
    plain, halves = (
        trained(UNEVEN, MethodName.DERPP),
        trained(replace(UNEVEN, precision="bf16"), MethodName.DERPP),
    )
    assert halves.weights != plain.weights
    assert_near(halves, plain, within=0.2)


def test_what_is_to_be_learnt_and_what_came_of_it_go_through_files_unchanged(tmp_path: Path) -> None:
    teaching = Teaching(bars(20, seed=3)[0], np.full((20, 2), 0.5))
    kept = replace(lesson(MethodName.DERPP), memory=b"remembered")
    whole = Task(IMAGES, LABELS, CLASSES, UNEVEN, 3, champion(), kept, teaching)
    bare = Task(IMAGES, LABELS, CLASSES, UNEVEN, 3, None)
    for task in (whole, bare):
        write_task(tmp_path, task)
        assert read_task(tmp_path).fingerprint() == task.fingerprint()
        assert read_task(tmp_path).settings == task.settings


def spread(folder: Path, task: Task, stop_after: int | None = None) -> tuple[list[Event], bool]:
    """Train a task in two processes; what was told, and whether all of it is done."""
    told: list[Event] = []
    plan = plan_of(
        task.settings, Kind.IMAGE_CLASSES, seed=1, count=len(IMAGES), goes_on=task.start is not None
    )
    assert plan.parallel is Parallel.DDP
    folder.mkdir(exist_ok=True)
    write_task(folder, task)
    launch = Launch(plan, folder, processes=2, worker=WORKER)
    done = run(
        launch,
        tell=told.append,
        is_to_stop=lambda: stop_after is not None and len(curve(told)) >= stop_after,
    )
    return told, done


def taken(folder: Path) -> TrainedWeights:
    found = take_trained(folder)
    assert found is not None
    return found


@pytest.mark.slow
@pytest.mark.parametrize(
    ("method", "accumulation"),
    [
        (MethodName.NAIVE, 1),
        (MethodName.JOINT, 1),
        (MethodName.DERPP, 1),
        (MethodName.DERPP, 2),
        (MethodName.EWC, 2),
    ],
)
def test_two_processes_learn_what_one_does(tmp_path: Path, method: MethodName, accumulation: int) -> None:
    settings = replace(UNEVEN, parallel="ddp", accumulation=accumulation)
    task = Task(IMAGES, LABELS, CLASSES, settings, 1, champion(), lesson(method))
    told, done = spread(tmp_path / "two", task)

    assert done
    (began,) = [one for one in told if isinstance(one, Began)]
    assert began.processes == 2
    two, one = taken(tmp_path / "two"), trained(UNEVEN, method)
    assert_near(two, one)
    assert (two.memory is None) == (one.memory is None)


@pytest.mark.slow
def test_two_processes_that_made_room_go_on_to_the_same_weights(tmp_path: Path) -> None:
    settings = replace(UNEVEN, parallel="ddp", incremental_epochs=20)
    task = Task(IMAGES, LABELS, CLASSES, settings, 1, champion(), lesson(MethodName.DERPP))
    _, done = spread(tmp_path / "stopped", task, stop_after=1)
    assert not done
    spread(tmp_path / "stopped", task)
    spread(tmp_path / "whole", task)
    again, whole = taken(tmp_path / "stopped"), taken(tmp_path / "whole")
    assert again.resumed_from_epoch > 0
    assert again.weights == whole.weights


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of what torch itself imports
@pytest.mark.skipif(shutil.which("c++") is None, reason="torch.compile needs a C++ compiler")
def test_compiled_steps_learn_what_others_do() -> None:
    assert_near(
        trained(replace(UNEVEN, compile=True), MethodName.DERPP), trained(UNEVEN, MethodName.DERPP), 1e-3
    )
