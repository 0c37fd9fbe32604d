"""What models are scored on, and what they are shown: nothing that gives the answer away."""

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from resources.learning.distributed.plan import TaskChoice
from resources.learning.distributed.scoring import accuracy
from resources.learning.distributed.tasks.catalogue import build_task
from resources.learning.distributed.tasks.sentences import Encoder, Sentences
from resources.learning.distributed.tasks.settings import SentencesSettings, TableSettings, TextSettings
from resources.learning.distributed.tasks.table import Table
from resources.learning.distributed.tasks.text import Gpt, Text


class ByHeart(nn.Module):
    """Knows the classes of some samples, and is wrong about all others."""

    def __init__(self, samples: Tensor, labels: Tensor, classes: int) -> None:
        super().__init__()
        self.nothing = nn.Parameter(torch.zeros(()))
        self.classes = classes
        self.known = {one.numpy().tobytes(): int(label) for one, label in zip(samples, labels, strict=True)}

    def forward(self, samples: Tensor) -> Tensor:
        found = torch.zeros(len(samples), self.classes + 1)
        for row, one in enumerate(samples):
            found[row, self.known.get(one.numpy().tobytes(), self.classes)] = 1.0
        return found


@pytest.mark.parametrize(
    ("name", "samples"), [("table", "rows"), ("sentences", "seen"), ("digits", "images")]
)
def test_who_knows_by_heart_what_is_trained_on_scores_nothing(name: str, samples: str) -> None:
    task = build_task(TaskChoice(name))
    scores = {
        part: task.scores(ByHeart(getattr(task, part)[samples], getattr(task, part)["labels"], 10))[
            "accuracy"
        ]
        for part in ("_train", "_test")
    }
    assert scores == {"_train": 0.0, "_test": 1.0}


def test_a_text_is_scored_on_its_end_alone(tmp_path: Path) -> None:
    class Says(nn.Module):
        def __init__(self, byte: int) -> None:
            super().__init__()
            self.bias = nn.Parameter(50.0 * nn.functional.one_hot(torch.tensor(byte), 256))

        def forward(self, seen: Tensor) -> Tensor:
            return self.bias.expand(*seen.shape, 256)

    (tmp_path / "own.txt").write_bytes(b"a" * 900 + b"b" * 100)
    task = Text(TextSettings(text=str(tmp_path / "own.txt"), context=16))
    assert task.scores(Says(ord("b")))["held_out_loss"] < 1e-6
    assert task.scores(Says(ord("a")))["held_out_loss"] > 49


def test_columns_are_scaled_by_what_is_trained_on_alone() -> None:
    task = Table(TableSettings())
    trained, held_out = task._train["rows"], task._test["rows"]
    assert trained.mean(dim=0).abs().max() < 1e-5
    assert (trained.std(dim=0) - 1).abs().max() < 1e-5
    assert held_out.mean(dim=0).abs().max() > 0.01


def test_no_byte_is_seen_before_its_turn() -> None:
    torch.manual_seed(0)
    model = Gpt(TextSettings(layers=2, heads=2, width=16, context=8))
    seen = torch.randint(256, (1, 8))
    other = seen.clone()
    other[0, 5] = (other[0, 5] + 1) % 256
    one, two = model(seen), model(other)
    assert torch.allclose(one[:, :5], two[:, :5], atol=1e-6)
    assert not torch.allclose(one[:, 5:], two[:, 5:], atol=1e-4)


def test_what_fills_up_a_text_is_neither_read_nor_attended_to() -> None:
    torch.manual_seed(0)
    settings = SentencesSettings(layers=2, width=8, longest=24)
    model, task = Encoder(settings, 3), Sentences(settings)
    seen = torch.stack([task.read("short"), task.read("a somewhat longer one")])
    before = model(seen)
    with torch.no_grad():
        model.tokens.weight[0] = 3 * torch.randn(8)  # a norm takes away what is added to all alike
    assert torch.allclose(model(seen), before, atol=1e-5)


def test_nothing_is_dropped_while_a_model_is_scored_and_it_trains_on_afterwards() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Dropout(0.5), nn.Linear(16, 4))
    samples = torch.randn(400, 16)
    with torch.no_grad():
        labels = model[1](samples).argmax(dim=1)
    assert accuracy(model, samples, labels) == 1.0
    assert model.training
    task = Text(TextSettings(layers=1, heads=1, width=8, context=16, characters=2000, dropout=0.5))
    gpt = task.model()
    assert task.scores(gpt) == task.scores(gpt)
    assert gpt.training
