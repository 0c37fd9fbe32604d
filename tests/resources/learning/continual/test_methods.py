from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn import Linear, Module, functional

from resources.continual import ContinualSettings, Fill, published_derpp
from resources.learning.continual import methods
from resources.learning.continual.buffer import Buffer, Remembered
from resources.learning.continual.filling import fill
from resources.learning.continual.methods import Consolidation, Distillation, Joint, Method, Task
from resources.learning.continual.network import Perceptron
from resources.learning.continual.replay import DarkReplay, Replay
from tests.resources.learning.continual.examples import heaps

SETTINGS = ContinualSettings(buffer_size=8, replay_batch_size=4)


def task(labels: list[int], number: int = 0) -> Task:
    data = heaps(labels, 10, number)
    return Task(number, data.ids, torch.from_numpy(data.inputs), torch.from_numpy(data.labels))


def network(classes: int = 2) -> Perceptron:
    return Perceptron(2, 6, classes, torch.Generator().manual_seed(0))


def moved(layer: Module, bias: float, weight: float = 0.0) -> None:
    """Add to a layer's parameters."""
    assert isinstance(layer, Linear)
    with torch.no_grad():
        layer.weight.add_(weight)
        layer.bias.add_(bias)


def loss(method: Method, model: Perceptron, new: Task) -> float:
    return float(method.loss(model, new.inputs, new.labels, torch.Generator().manual_seed(0)).detach())


@pytest.mark.parametrize(
    "method",
    [Method(), Joint(), Consolidation(200), Distillation(2), Replay(SETTINGS), DarkReplay(SETTINGS)],
    ids=lambda method: type(method).__name__,
)
def test_before_anything_is_remembered_every_method_is_plain_training(method: Method) -> None:
    first, model = task([0, 1]), network()
    plain = functional.cross_entropy(model(first.inputs), first.labels)
    assert loss(method, model, first) == float(plain.detach())


def test_joint_training_starts_anew_with_everything_so_far() -> None:
    method, one, two = Joint(), task([0, 1]), task([2, 3], 1)
    method.remember(network(), one, 0)
    inputs, labels = method.samples(two)
    assert method.starts_anew
    assert len(inputs) == 40
    assert set(labels.tolist()) == {0, 1, 2, 3}


def test_consolidation_holds_the_weights_where_they_were_and_the_more_the_stronger() -> None:
    first, second, model = task([0, 1]), task([0, 1], 1), network()
    method = Consolidation(100.0)
    method.remember(model, first, seed=0)
    at_rest = loss(method, model, second)
    assert at_rest == loss(Method(), model, second)
    moved(model.hidden, 0.1, 0.1)
    pulls = []
    for strength in (100.0, 200.0):
        method.strength = strength
        pulls.append(loss(method, model, second) - loss(Method(), model, second))
    far = sum(float(method.importances[f"hidden.{one}"].sum()) for one in ("weight", "bias")) * 0.1**2
    assert pulls[0] == pytest.approx(100.0 / 2 * far, rel=1e-4)
    assert pulls[1] == pytest.approx(2 * pulls[0], rel=1e-4)


def test_the_importance_of_a_weight_is_its_fisher_information(monkeypatch: pytest.MonkeyPatch) -> None:
    first, model = task([0, 1]), network()
    with torch.no_grad():
        for weights in model.head.parameters():
            weights.mul_(0.05)  # it is unsure, so that what is drawn is not what is likeliest
    monkeypatch.setattr(methods, "FISHER_BATCH", 8)
    method = Consolidation(1.0)
    method.remember(model, first, seed=3)
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        chances = torch.split(model(first.inputs).softmax(dim=1), 8)
    drawn = torch.cat([torch.multinomial(one, 1, generator=generator).squeeze(1) for one in chances])
    assert 0.2 < float((drawn == torch.cat(chances).argmax(dim=1)).float().mean()) < 0.8
    expected = torch.zeros_like(model.hidden.weight)
    for row in range(len(first.inputs)):
        wrong = functional.cross_entropy(model(first.inputs[row : row + 1]), drawn[row : row + 1])
        (gradient,) = torch.autograd.grad(wrong, [model.hidden.weight])
        expected += gradient**2 / len(first.inputs)
    assert torch.allclose(method.importances["hidden.weight"], expected, rtol=1e-4, atol=1e-9)


def test_consolidation_and_distillation_leave_new_classes_free() -> None:
    first, second = task([0, 1]), task([2], 1)
    for method in (Consolidation(100.0), Distillation(2.0)):
        model = network()
        method.remember(model, first, seed=0)
        model.head.grow(3)
        at_rest = loss(method, model, second) - loss(Method(), model, second)
        moved(model.head.blocks[1], 0.0, 1.0)
        assert loss(method, model, second) - loss(Method(), model, second) == pytest.approx(at_rest, abs=1e-5)


def test_distillation_is_nothing_until_the_model_says_something_else() -> None:
    first, second, model = task([0, 1]), task([0, 1], 1), network()
    method = Distillation(2.0)
    method.remember(model, first, seed=0)
    assert loss(method, model, second) == pytest.approx(loss(Method(), model, second), abs=1e-6)
    with torch.no_grad():
        model.hidden.weight *= -1
    assert loss(method, model, second) > loss(Method(), model, second) + 0.01


def test_distillation_is_the_softened_divergence_from_the_old_model_written_out() -> None:
    first, second, model = task([0, 1]), task([0, 1], 1), network()
    method = Distillation(3.0)
    method.remember(model, first, seed=0)
    with torch.no_grad():
        old = (model(second.inputs) / 3.0).softmax(dim=1)
        model.hidden.weight *= -0.5
        new = (model(second.inputs) / 3.0).softmax(dim=1)
    divergence = float((old * (old.log() - new.log())).sum(dim=1).mean())
    plain = loss(Method(), model, second)
    assert divergence > 0.01
    assert loss(method, model, second) - plain == pytest.approx(9.0 * divergence, rel=1e-4)


def test_plain_replay_keeps_a_reservoir_whatever_the_settings_fill_with() -> None:
    model, first = network(), task([0, 1])
    method = Replay(replace(SETTINGS, fill=Fill.REPRESENTATIVE))
    method.remember(model, first, seed=5)
    kept = [
        fill(Buffer.empty(8), offered(model, first), replace(SETTINGS, fill=how), 5).kept
        for how in (Fill.RESERVOIR, Fill.REPRESENTATIVE)
    ]
    assert method.buffer is not None
    assert method.buffer.kept is not None
    assert kept[0] is not None
    assert kept[1] is not None
    assert method.buffer.kept.ids.tolist() == kept[0].ids.tolist() != kept[1].ids.tolist()


def offered(model: Perceptron, first: Task) -> Remembered:
    with torch.no_grad():
        logits = model(first.inputs).numpy()
    numbers = np.zeros(len(first.ids), dtype=np.int64)
    return Remembered(first.ids, first.inputs.numpy(), first.labels.numpy(), numbers, logits)


def test_replay_adds_the_loss_of_remembered_samples() -> None:
    first, second, model = task([0, 1]), task([0, 1], 1), network()
    method = Replay(SETTINGS)
    method.remember(model, first, seed=0)
    rows = torch.randint(8, (4,), generator=torch.Generator().manual_seed(0))
    assert method.buffer is not None
    assert method.buffer.kept is not None
    kept = method.buffer.kept.take(rows.numpy())
    again = functional.cross_entropy(model(torch.from_numpy(kept.inputs)), torch.from_numpy(kept.labels))
    plain = loss(Method(), model, second)
    assert loss(method, model, second) == pytest.approx(plain + float(again.detach()), rel=1e-5)


def test_dark_replay_holds_to_what_was_said_and_to_the_labels() -> None:
    first, second, model = task([0, 1]), task([0, 1], 1), network()
    plain = loss(Method(), model, second)
    only_logits = DarkReplay(replace(SETTINGS, labels_weight=0.0))
    only_labels = DarkReplay(replace(SETTINGS, logits_weight=0.0))
    for method in (only_logits, only_labels):
        method.remember(model, first, seed=0)
    assert loss(only_logits, model, second) == pytest.approx(plain, abs=1e-6)
    assert loss(only_labels, model, second) > plain + 0.01
    moved(model.hidden, 1.0)
    assert loss(only_logits, model, second) > loss(Method(), model, second) + 0.01


def test_replayed_labels_count_once_for_each_task_in_the_buffer_where_that_is_asked_for() -> None:
    model, third = network(), task([0, 1], 2)
    weighed = DarkReplay(replace(SETTINGS, logits_weight=0.0))
    for number in (0, 1):
        weighed.remember(model, task([0, 1], number), seed=0)
    once = DarkReplay(replace(SETTINGS, logits_weight=0.0, weigh_by_tasks=False), weighed.buffer)
    plain = loss(Method(), model, third)
    assert loss(weighed, model, third) - plain == pytest.approx(
        2 * (loss(once, model, third) - plain), rel=1e-4
    )


@pytest.mark.parametrize("renew", [True, False])
def test_what_was_said_first_stays_unless_it_is_renewed(renew: bool) -> None:
    model = network()
    method = DarkReplay(replace(SETTINGS, renew_logits=renew))
    method.remember(model, task([0, 1]), seed=0)
    assert method.buffer is not None
    assert method.buffer.kept is not None
    before = dict(zip(method.buffer.kept.ids, method.buffer.kept.logits, strict=True))
    moved(model.hidden, 1.0)
    method.remember(model, task([0, 1], 1), seed=0)
    assert method.buffer.kept is not None
    old = [row for row, number in enumerate(method.buffer.kept.tasks) if number == 0]
    assert old
    same = [
        np.array_equal(method.buffer.kept.logits[row], before[method.buffer.kept.ids[row]]) for row in old
    ]
    assert all(same) is not renew
    assert any(same) is not renew


def test_of_classes_that_came_later_nothing_is_held_to_what_was_said() -> None:
    model = network()
    method = DarkReplay(replace(published_derpp(), buffer_size=8, replay_batch_size=4, labels_weight=0.0))
    method.remember(model, task([0, 1]), seed=0)
    model.head.grow(4)
    method.remember(model, task([2, 3], 1), seed=0)
    new = task([2, 3], 2)
    model.head.grow(5)
    moved(model.head.blocks[2], 7.0)
    assert method.buffer is not None
    assert method.buffer.kept is not None
    assert np.isnan(method.buffer.kept.logits).any()
    assert loss(method, model, new) == pytest.approx(loss(Method(), model, new), abs=1e-6)


def test_replay_goes_on_from_a_buffer_that_was_kept() -> None:
    model, first = network(), task([0, 1])
    one = DarkReplay(SETTINGS)
    one.remember(model, first, seed=0)
    other = DarkReplay(SETTINGS, one.buffer)
    second = task([0, 1], 1)
    assert loss(other, model, second) == loss(one, model, second)
    assert DarkReplay(SETTINGS, Buffer.empty(8)).recalled(torch.device("cpu")) is None
