"""What each method keeps for the next training, and takes up again."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from resources.continual import ContinualSettings, MethodName
from resources.errors import BadInput
from resources.learning.continual import importances
from resources.learning.continual.buffer import buffer_of
from resources.learning.continual.learner import make_method
from resources.learning.continual.methods import Consolidation, Distillation, Method, Task
from resources.learning.continual.network import Perceptron
from resources.learning.continual.replay import Replay
from tests.resources.learning.continual.examples import heaps

SMALL = ContinualSettings(buffer_size=8, replay_batch_size=4)


def task(labels: list[int], number: int = 0) -> Task:
    data = heaps(labels, 10, number)
    return Task(number, data.ids, torch.from_numpy(data.inputs), torch.from_numpy(data.labels))


def network() -> Perceptron:
    return Perceptron(2, 6, 2, torch.Generator().manual_seed(0))


def loss(method: Method, model: Perceptron, new: Task) -> float:
    return float(method.loss(model, new.inputs, new.labels, torch.Generator().manual_seed(0)).detach())


@pytest.mark.parametrize("name", list(MethodName))
@pytest.mark.parametrize("is_kept", [True, False])
def test_a_method_goes_on_from_what_it_kept_and_without_it_from_what_the_model_knows(
    name: MethodName, is_kept: bool
) -> None:
    model, first, second = network(), task([0, 1]), task([0, 1], 1)
    one, other = (make_method(replace(SMALL, method=name)) for _ in range(2))
    one.remember(model, first, seed=0)
    other.recall(model, first, one.memory() if is_kept else None, seed=0)
    with torch.no_grad():
        for weights in model.parameters():
            weights.add_(0.1)
    assert loss(other, model, second) == loss(one, model, second)
    assert other.memory() == one.memory()
    if isinstance(other, Replay):
        assert other.known_tasks == 1


@pytest.mark.parametrize("name", [MethodName.DERPP, MethodName.ER])
def test_a_sample_that_has_another_label_now_or_is_gone_is_not_replayed(name: MethodName) -> None:
    model, first = network(), task([0, 1])
    one, other = (make_method(replace(SMALL, method=name)) for _ in range(2))
    one.remember(model, first, seed=0)
    before = buffer_of(one.memory())
    assert before is not None
    assert before.kept is not None
    assert before.kept.inputs.size == 0
    corrected, gone = before.kept.ids[:2]
    labels = first.labels.clone()
    labels[list(first.ids).index(corrected)] = 1 - labels[list(first.ids).index(corrected)]
    left = np.array([one != gone for one in first.ids])
    now = Task(0, first.ids[left], first.inputs[torch.from_numpy(left)], labels[torch.from_numpy(left)])
    other.recall(model, now, one.memory(), seed=0)
    assert other.buffer is not None
    assert other.buffer.kept is not None
    assert other.buffer.kept.ids.tolist() == before.kept.ids[2:].tolist()
    where = {str(one): row for row, one in enumerate(now.ids)}
    for row, sample in enumerate(other.buffer.kept.ids):
        assert np.array_equal(other.buffer.kept.inputs[row], now.inputs[where[str(sample)]].numpy())


def test_a_buffer_whose_samples_are_all_gone_is_plain_training() -> None:
    model, second = network(), task([0, 1], 1)
    one, other = make_method(SMALL), make_method(SMALL)
    one.remember(model, task([0, 1]), seed=0)
    others = replace(second, ids=np.array([f"other {one}" for one in second.ids]))
    other.recall(model, others, one.memory(), seed=0)
    assert loss(other, model, second) == loss(Method(), model, second)
    assert other.known_tasks == 1


@pytest.mark.parametrize(("size", "held"), [(4, 4), (50, 8)])
def test_a_buffer_gets_the_bound_that_is_wanted_now(size: int, held: int) -> None:
    model, first = network(), task([0, 1])
    one, other = make_method(SMALL), make_method(replace(SMALL, buffer_size=size))
    one.remember(model, first, seed=0)
    other.recall(model, first, one.memory(), seed=0)
    assert other.buffer is not None
    assert (other.buffer.capacity, len(other.buffer), other.buffer.seen) == (size, held, 20)


def test_what_another_method_kept_is_not_taken_for_ones_own() -> None:
    model, first, second = network(), task([0, 1]), task([0, 1], 1)
    replay, weights = make_method(SMALL), make_method(replace(SMALL, method=MethodName.EWC))
    replay.remember(model, first, seed=0)
    weights.remember(model, first, seed=0)
    for name, kept in ((MethodName.EWC, replay.memory()), (MethodName.DERPP, weights.memory())):
        settings = replace(SMALL, method=name)
        found, expected = make_method(settings), make_method(settings)
        found.recall(model, first, kept, seed=0)
        expected.recall(model, first, None, seed=0)
        assert loss(found, model, second) == loss(expected, model, second)


def test_importances_come_back_and_those_of_other_weights_are_made_anew() -> None:
    model, first = network(), task([0, 1])
    one = Consolidation(10.0)
    one.remember(model, first, seed=0)
    wider = Perceptron(2, 9, 2, torch.Generator().manual_seed(0))
    other = Consolidation(10.0)
    other.recall(wider, first, one.memory(), seed=0)
    assert other.importances["hidden.weight"].shape == (9, 2)
    kept = importances.to_bytes({"a": np.ones(2, dtype=np.float32)})
    assert importances.from_bytes(b"something else") is None
    with pytest.raises(BadInput, match="are not importances of weights"):
        importances.from_bytes(kept + b"more")
    with pytest.raises(BadInput, match="are not importances of weights"):
        importances.from_bytes(kept[:-3])


def test_the_teacher_is_the_model_that_is_gone_on_from_and_nothing_is_kept() -> None:
    model = network()
    method = Distillation(2.0)
    method.recall(model, None, None, seed=0)
    assert method.teacher is not None
    assert method.memory() is None
    with torch.no_grad():
        model.hidden.weight += 1
    assert not torch.equal(method.teacher.state_dict()["hidden.weight"], model.hidden.weight)
