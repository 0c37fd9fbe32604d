"""The benchmark of forgetting: its tasks are those that it says, and a slice shows what all of it shows."""

import argparse

import numpy as np
import pytest

from benchmarks import continual
from benchmarks.continual import Asked, matrix_of, sequences

pytestmark = pytest.mark.uncounted


def test_five_tasks_have_two_digits_each_and_no_image_is_in_training_and_test() -> None:
    tasks, tests = sequences("class", 0)
    assert [np.unique(task.labels).tolist() for task in tasks] == [[0, 1], [2, 3], [4, 5], [6, 7], [8, 9]]
    assert sum(len(task.ids) for task in tasks) == 1347
    assert sum(len(test.ids) for test in tests) == 450
    assert not {one for task in tasks for one in task.ids} & {one for test in tests for one in test.ids}


def test_four_tasks_have_every_digit_and_are_turned_by_a_quarter_each() -> None:
    tasks, tests = sequences("domain", 1)
    assert [(len(task.ids), len(test.ids)) for task, test in zip(tasks, tests, strict=True)] == [
        (1347, 450)
    ] * 4
    upright, turned = (task.inputs.reshape(-1, 8, 8) for task in tasks[:2])
    assert np.array_equal(np.rot90(upright, axes=(1, 2)), turned)
    assert float(upright.max()) == 1.0


def test_dark_replay_forgets_little_where_fine_tuning_forgets_all() -> None:
    derpp, naive, joint = (
        matrix_of(Asked("class", method, seed=0, samples=500)).final_mean_accuracy
        for method in ("derpp", "naive", "joint")
    )
    assert derpp > naive + 0.5
    assert joint >= derpp - 0.02


def test_the_default_method_has_the_plain_names() -> None:
    asked = argparse.Namespace(
        seeds="0", methods=["naive", "derpp"], scenarios=["class"], processes=1, samples=60
    )
    told = continual.run(asked)
    assert told["class_incremental"] == told["class_incremental_derpp"] > told["class_incremental_naive"]
    assert {"class_incremental_derpp_sd", "class_incremental_naive_forgetting"} <= set(told)
