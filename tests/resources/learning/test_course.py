"""The course of a training: what is kept of it, when, and what is taken up."""

import io
from pathlib import Path

import pytest
import torch
from torch import nn

from resources.learning.course import Checkpoint, Course, draws_of
from resources.learning.model import EpochPoint
from resources.train_settings import TrainSettings

SETTINGS = TrainSettings(epochs=5, checkpoint_every_epochs=2)


def course(path: Path | None, fingerprint: str = "this", epochs: int = 5) -> Course:
    kept = None if path is None else Checkpoint(path, fingerprint)
    torch.manual_seed(3)
    return Course.of(nn.Linear(2, 1), SETTINGS, epochs, kept)


def learn(epoch: int) -> EpochPoint:
    return EpochPoint(epoch, 1 / epoch, 0.5)


def test_the_state_is_kept_every_few_epochs_and_at_the_end(tmp_path: Path) -> None:
    kept: list[int] = []

    def look(point: EpochPoint) -> None:
        del point
        kept.append(len(course(tmp_path / "kept.pt").resume()))

    whole = course(tmp_path / "kept.pt").run([], learn, look)

    assert kept == [0, 2, 2, 4, 5]
    assert [point.epoch for point in whole] == [1, 2, 3, 4, 5]
    assert course(tmp_path / "kept.pt").resume() == whole


def test_only_epochs_that_are_not_over_yet_are_learnt() -> None:
    learnt: list[int] = []

    def note(epoch: int) -> EpochPoint:
        learnt.append(epoch)
        return learn(epoch)

    whole = course(None).run([learn(1), learn(2)], note, None)

    assert learnt == [3, 4, 5]
    assert [point.epoch for point in whole] == [1, 2, 3, 4, 5]


def states(of: Course) -> bytes:
    content = io.BytesIO()
    torch.save((of.network.state_dict(), of.optimizer.state_dict()), content)
    return content.getvalue()


@pytest.mark.parametrize("damage", ["cut", "other network", "other training", "no curve"])
def test_what_cannot_be_taken_up_leaves_network_and_optimizer_as_they_were(
    tmp_path: Path, damage: str
) -> None:
    path = tmp_path / "kept.pt"
    other = Course.of(nn.Linear(3, 1), SETTINGS, 5, Checkpoint(path, "this"))
    (other if damage == "other network" else course(path)).run([], learn, None)
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:200])
    if damage == "no curve":
        content = torch.load(path, weights_only=True)
        content["optimizer"]["param_groups"][0]["lr"] = 7.0
        torch.save({**content, "curve": None}, path)
    one = course(path, "that" if damage == "other training" else "this")
    before = states(one)

    assert one.resume() == []
    assert states(one) == before


def test_no_two_epochs_of_two_seeds_draw_alike() -> None:
    drawn = {
        tuple(torch.rand(2, generator=draws_of(seed, epoch)).tolist())
        for seed in range(4)
        for epoch in range(4)
    }
    assert len(drawn) == 16


def test_the_step_size_rises_and_then_falls() -> None:
    one = course(None, epochs=10)
    rates = []
    for epoch in range(1, 11):
        one.set_rate(epoch, 0.5)
        rates.append(one.optimizer.param_groups[0]["lr"])

    top = rates.index(max(rates))
    assert rates[: top + 1] == sorted(rates[: top + 1])
    assert rates[top:] == sorted(rates[top:], reverse=True)
    assert 0 < min(rates) < max(rates) <= SETTINGS.learning_rate
