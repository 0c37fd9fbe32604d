"""The benchmark of trainings: it measures what it says, on small models."""

import argparse
from pathlib import Path

import pytest
import torch

from benchmarks import training
from benchmarks.training.checkpoints import costs_of_checkpoints
from benchmarks.training.loops import loop_metrics
from benchmarks.training.utilisation import Size, utilisation_metrics
from resources.errors import BadInput
from resources.learning.distributed.plan import Plan, TaskChoice
from resources.learning.distributed.progress import Event, Point, Saved
from resources.learning.distributed.tasks.settings import TextSettings
from resources.learning.distributed.tasks.text import Gpt


def test_what_steps_take_longer_while_a_checkpoint_is_written_is_its_cost() -> None:
    def point(step: int, seconds: float) -> Point:
        return Point(step, 1.0, 0.1, 4 / seconds, 1.0)

    chosen = Plan(TaskChoice("text"), steps=12, batch_size=4, log_every_steps=1)
    events: list[Event] = [
        *(point(step, 1.0) for step in range(1, 5)),
        point(5, 1.5),  # it stood still for half a second
        point(6, 1.2),  # and was slowed down
        Saved(4, 0.5, 1.8, 100),
        point(7, 1.1),
        *(point(step, 1.0) for step in range(8, 13)),
        Saved(12, 0.5, 0.9, 100),
    ]
    costs, quiet_s = costs_of_checkpoints(events, chosen)
    assert quiet_s == 1.0
    assert costs == [pytest.approx(0.8)]


def test_both_loops_are_measured_by_turns(tmp_path: Path) -> None:
    metrics = loop_metrics(tmp_path, turns=2, steps=12, context=8)
    assert {"loop_over_plain", "loop_samples_per_s", "plain_samples_per_s"} <= set(metrics)
    assert all(value > 0 for value in metrics.values())


def test_what_a_token_takes_is_counted_as_for_gpt_2_small() -> None:
    settings = TextSettings(layers=12, heads=12, width=768, context=1024)
    with torch.device("meta"):
        matrices = [one.numel() for one in Gpt(settings).parameters() if one.dim() == 2]
    looked_up = 256 * 768 + 1024 * 768
    attention = 12 * 12 * 768 * 1024
    assert Size().flops_per_token() == 6 * (sum(matrices) - looked_up) + attention


def test_the_share_of_the_peak_is_what_is_done_of_what_could_be(tmp_path: Path) -> None:
    size = Size(layers=1, heads=2, width=16, context=16, batch_size=4)
    found = utilisation_metrics(tmp_path, size, turns=1, steps=12, peak=1e9, device="cpu", compile=False)
    assert found["plain_utilisation"] > 0
    ratio = found["loop_utilisation"] / found["plain_utilisation"]
    assert found["loop_over_plain_on_gpu"] == pytest.approx(ratio)


def test_without_a_gpu_it_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(BadInput, match="torch sees no GPU; expected one"):
        training.run(argparse.Namespace(turns=1, steps=12, width=64, context=16, gpu=True))


@pytest.mark.slow
def test_all_of_it_is_measured() -> None:
    metrics = training.run(argparse.Namespace(turns=1, steps=12, width=64, context=16, gpu=False))
    assert metrics["resumed_is_identical"] == 1.0
    assert metrics["resumed_after_kills"] == 1.0
    assert metrics["fsdp2_loss_difference"] < 1e-5
    assert metrics["fsdp2_parameter_share"] <= 0.6
    assert {"ddp_over_one", "loop_over_plain", "checkpoint_stall_percent"} <= set(metrics)
