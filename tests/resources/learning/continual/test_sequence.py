import pytest
import torch

from resources.continual import ContinualSettings, MethodName
from resources.errors import BadInput
from resources.learning.continual.buffer import to_bytes
from resources.learning.continual.model import Learnt, Schedule, TaskData
from resources.learning.continual.sequence import learn
from tests.resources.learning.continual.examples import heaps

PAIRS = [[0, 1], [2, 3]]
TASKS, TESTS = [heaps(pair, 20, 1) for pair in PAIRS], [heaps(pair, 40, 2) for pair in PAIRS]
SCHEDULE = Schedule(epochs=40, learning_rate=1e-2, hidden=20)


def learnt(method: MethodName, seed: int = 0) -> Learnt:
    settings = ContinualSettings(method, buffer_size=10, replay_batch_size=8)
    return learn(TASKS, TESTS, SCHEDULE, settings, seed=seed, classes=2)


@pytest.mark.parametrize("method", MethodName)
def test_every_method_learns_what_is_new_as_its_head_grows(method: MethodName) -> None:
    matrix = learnt(method).matrix
    assert matrix.accuracies[0][0] > 0.95
    assert matrix.accuracies[0][1] == 0
    assert matrix.accuracies[1][1] > 0.8


@pytest.mark.parametrize("method", [MethodName.DERPP, MethodName.ER, MethodName.JOINT])
def test_those_that_keep_samples_forget_little_where_fine_tuning_forgets_all(method: MethodName) -> None:
    assert learnt(MethodName.NAIVE).matrix.forgetting > 0.6
    assert learnt(method).matrix.forgetting < 0.2


@pytest.mark.parametrize("method", MethodName)
def test_the_same_seed_gives_the_same_numbers_and_bytes(two_threads: None, method: MethodName) -> None:
    one, same = learnt(method, 3), learnt(method, 3)
    assert one.matrix == same.matrix
    if one.buffer is not None:
        assert same.buffer is not None
        assert to_bytes(one.buffer) == to_bytes(same.buffer)
    assert (one.buffer is not None) is (method in {MethodName.DERPP, MethodName.ER})


def test_random_numbers_and_threads_of_others_are_left_alone(two_threads: None) -> None:
    torch.manual_seed(7)
    before = torch.random.get_rng_state()
    learnt(MethodName.EWC)
    assert torch.equal(before, torch.random.get_rng_state())
    assert torch.get_num_threads() == 2


def test_tasks_without_their_tests_are_refused() -> None:
    for tasks, tests in (([], []), (TASKS, TESTS[:1])):
        with pytest.raises(BadInput, match="test sets"):
            learn(tasks, tests, SCHEDULE, ContinualSettings(), seed=0)


def test_samples_without_labels_are_refused() -> None:
    with pytest.raises(BadInput, match="expected as many of each"):
        TaskData(TASKS[0].ids, TASKS[0].inputs, TASKS[0].labels[:3])
