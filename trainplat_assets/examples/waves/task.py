"""A task of one's own, to copy: which of three waves is it?

A pipeline names it as ``task: trainplat_assets.examples.waves.task:Waves``. Its samples are made when they
are asked for, as others are read from disk: none is held in memory.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from resources.learning.distributed.order import Places
from resources.learning.distributed.scoring import accuracy
from resources.learning.distributed.task import Batch

KINDS = ("sine", "square", "saw")
HELD_OUT = 300
"""Waves that are measured with; they come after those that are trained on."""


@dataclass(frozen=True)
class Settings:
    """What ``settings`` of a pipeline or a plan may say; each is checked before anything trains."""

    samples: int = 20_000
    points: int = 64
    noise: float = 0.3
    channels: int = 8

    def __post_init__(self) -> None:
        """What does not fit is refused with a ValueError."""
        if self.points < 8:
            raise ValueError(f"points is {self.points}; expected at least 8")


class Waves:
    """Waves of unknown length and phase, with noise on them."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @property
    def count(self) -> int:
        """Samples to train on."""
        return self.settings.samples

    def model(self) -> nn.Module:
        """A new model, on the CPU, drawn from torch's own random numbers."""
        channels = self.settings.channels
        return nn.Sequential(
            nn.Unflatten(1, (1, self.settings.points)),
            *(nn.Conv1d(1, channels, 7, padding=3), nn.ReLU(), nn.MaxPool1d(2)),
            *(nn.Conv1d(channels, channels, 5, padding=2), nn.ReLU(), nn.AdaptiveMaxPool1d(4)),
            *(nn.Flatten(), nn.Linear(4 * channels, len(KINDS))),
        )

    def batch(self, places: Places) -> Batch:
        """The samples at these places: ``waves`` [n, t] and ``kinds`` [n]. A function of the places alone."""
        kinds = torch.from_numpy(places % len(KINDS))
        waves = np.stack([self._wave(int(place)) for place in places])
        return {"waves": torch.from_numpy(waves), "kinds": kinds}

    def loss(self, model: nn.Module, batch: Batch) -> Tensor:
        """The mean loss of a batch, which is on the model's device by now."""
        return functional.cross_entropy(model(batch["waves"]), batch["kinds"])

    def blocks(self, model: nn.Module) -> Iterator[nn.Module]:  # noqa: ARG002
        """Parts that are sharded in turn, such as the layers of a transformer; none: it is small."""
        yield from ()

    def scores(self, model: nn.Module) -> dict[str, float]:
        """What the model is worth on what it was not trained on, by names of one's own."""
        batch = self.batch(np.arange(self.count, self.count + HELD_OUT))
        return {"accuracy": accuracy(model, batch["waves"], batch["kinds"])}

    def answer(self, model: nn.Module, line: str) -> Mapping[str, Any]:
        """What an ``inference`` pipeline writes for a line. May be left out where nobody asks."""
        points = torch.tensor([float(one) for one in line.split()])
        device = next(model.parameters()).device
        return {"answer": KINDS[int(model(points[None].to(device)).argmax())]}

    def _wave(self, place: int) -> np.ndarray[Any, np.dtype[np.float32]]:
        draw = np.random.Generator(np.random.Philox(key=[place, 0]))
        turns = np.linspace(0, draw.uniform(2, 4), self.settings.points) + draw.uniform()
        shapes = (np.sin(2 * np.pi * turns), np.where(turns % 1 < 0.5, 1.0, -1.0), 2 * (turns % 1) - 1)
        noise = self.settings.noise * draw.standard_normal(self.settings.points)
        return (shapes[place % len(KINDS)] + noise).astype(np.float32)
