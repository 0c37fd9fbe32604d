"""Names of trainings, and which plans learn the same."""

from dataclasses import replace

import pytest

from resources.errors import BadInput
from resources.learning.distributed.plan import Parallel
from resources.learning.trainings.model import TrainingId, other_fields
from tests.resources.learning.distributed.plans import tiny


@pytest.mark.parametrize("name", ["", "../x", "a/b", "Stories", ".hidden", "a" * 101])
def test_what_can_be_no_folder_is_no_name_and_a_nearby_one_is_told(name: str) -> None:
    with pytest.raises(BadInput, match="the name of a training is") as problem:
        TrainingId(name, "run-1")
    nearest = problem.value.next_step.split("'")[1]
    assert TrainingId(nearest, "run-1").name == nearest


def test_another_way_to_spread_and_other_checkpoints_learn_the_same() -> None:
    now = tiny(parallel=Parallel.FSDP2, checkpoint_every_s=5.0, keep_checkpoints=7)
    assert other_fields(tiny(), now) == ()


def test_other_data_and_other_steps_learn_something_else() -> None:
    before = tiny()
    now = replace(before, seed=7, steps=99, task=replace(before.task, name="digits"))
    assert other_fields(before, now) == ("task", "steps", "seed")
