"""The course of a training, whatever is learnt: epoch after epoch, kept now and then, taken up after a kill.

In torch: import this module inside functions only.
"""

import copy
import io
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.amp.grad_scaler import GradScaler

from resources.errors import TrainplatError
from resources.files import write_atomically
from resources.learning.distributed.world import World
from resources.learning.model import EpochPoint, Progress
from resources.learning.rounds.telling import Length, Stopped, Telling
from resources.train_settings import TrainSettings

ALONE = World(0, 1, torch.device("cpu"))
WARM = 0.15
"""The share of a training in which the step size rises."""


@dataclass(frozen=True)
class Checkpoint:
    """Where the state of one training is kept."""

    path: Path
    fingerprint: str
    """Of all that decides the outcome: what was kept under another one is not taken up."""


@dataclass(frozen=True)
class Course:
    """One training from its first epoch to its last."""

    network: nn.Module
    optimizer: torch.optim.Optimizer
    settings: TrainSettings
    epochs: int
    """How many passes it takes."""
    checkpoint: Checkpoint | None
    telling: Telling | None = None
    """Whom it tells while it runs."""
    world: World = ALONE
    """Those who take it together: the first one of them keeps the state."""
    scaler: GradScaler | None = None
    """What scales its loss, where that has a state of its own."""

    @classmethod
    def of(
        cls,
        network: nn.Module,
        settings: TrainSettings,
        epochs: int,
        checkpoint: Checkpoint | None,
        telling: Telling | None = None,
        world: World = ALONE,
        scaler: GradScaler | None = None,
    ) -> "Course":
        """With AdamW over all that the network has to learn."""
        optimizer = torch.optim.AdamW(
            network.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
        )
        return cls(network, optimizer, settings, epochs, checkpoint, telling, world, scaler)

    def resume(self) -> list[EpochPoint]:
        """Take up the state that is kept; returns its curve, which is empty where it does not apply.

        Raises :class:`TrainplatError` where those who train together do not read the same.
        """
        curve = self._resume()
        if self.world.told(len(curve)) != len(curve):
            raise TrainplatError(
                f"process {self.world.process} reads {len(curve)} epochs in {self.checkpoint}, and the first "
                "one another number",
                "Look at that disk, then start the training again.",
            )
        return curve

    def _resume(self) -> list[EpochPoint]:
        if self.checkpoint is None or not self.checkpoint.path.exists():
            return []
        fresh = copy.deepcopy((self.network.state_dict(), self.optimizer.state_dict()))
        try:
            content: dict[str, Any] = torch.load(self.checkpoint.path, map_location="cpu", weights_only=True)
            if content["fingerprint"] != self.checkpoint.fingerprint:
                return []
            self.network.load_state_dict(content["network"])
            self.optimizer.load_state_dict(content["optimizer"])
            curve = [EpochPoint(int(epoch), loss, accuracy) for epoch, loss, accuracy in content["curve"]]
            if self.scaler is not None and self.scaler.is_enabled():
                self.scaler.load_state_dict(content["scaler"])
            return curve
        except Exception:  # noqa: BLE001 - one that is damaged, or of another layout, costs time, never the training
            self.network.load_state_dict(fresh[0])
            self.optimizer.load_state_dict(fresh[1])
            return []

    def run(
        self, curve: list[EpochPoint], learn: Callable[[int], EpochPoint], progress: Progress | None
    ) -> list[EpochPoint]:
        """``learn`` each epoch that ``curve`` does not have yet; returns the whole curve.

        Raises :class:`Stopped` where it was asked to make room, once its state is kept.
        """
        whole = [*curve]
        for epoch in range(len(curve) + 1, self.epochs + 1):
            whole.append(learn(epoch))
            if self.telling:
                self.telling.epoch(whole[-1])
            stops = self._is_to_stop() and epoch < self.epochs
            if epoch % self.settings.checkpoint_every_epochs == 0 or epoch == self.epochs or stops:
                self._save(whole)
            if progress:
                progress(whole[-1])
            if stops:
                self._end(done=False)
                raise Stopped
        self._end(done=True)
        return whole

    def begin(self, curve: list[EpochPoint], steps_each: int, device: str) -> None:
        """Tell that it begins, or goes on after ``curve``, with so many steps in each epoch."""
        if self.telling:
            parameters = sum(one.numel() for one in self.network.parameters())
            length = Length(self.epochs, steps_each)
            processes, of = self.world.processes, World(0, 1, torch.device(device))
            self.telling.began(
                length,
                len(curve),
                processes=processes,
                device=device,
                parameters=parameters,
                memory_mib=of.memory_mib,
            )

    def stepped(self, samples: int, loss: float) -> None:
        """Tell of one more step: how many samples it took, and their mean loss."""
        if self.telling:
            self.telling.stepped(samples, loss, float(self.optimizer.param_groups[0]["lr"]))

    def set_rate(self, epoch: int, done: float) -> None:
        """The step size of ``epoch``, of which a share ``done`` is over."""
        rate = self.settings.learning_rate * _one_cycle((epoch - 1 + done) / self.epochs)
        for group in self.optimizer.param_groups:
            group["lr"] = rate

    @contextmanager
    def still(self) -> Iterator[None]:
        """Tell that no step is done meanwhile, and yet it goes on."""
        if self.telling is None:
            yield
            return
        with self.telling.still():
            yield

    def _save(self, curve: list[EpochPoint]) -> None:
        if self.checkpoint is None or not self.world.is_first:
            return
        file = io.BytesIO()
        content = {
            "fingerprint": self.checkpoint.fingerprint,
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "curve": [[point.epoch, point.loss, point.accuracy] for point in curve],
        }
        if self.scaler is not None and self.scaler.is_enabled():
            content["scaler"] = self.scaler.state_dict()
        began_s = time.monotonic()
        with self.still():
            torch.save(content, file)
            write_atomically(self.checkpoint.path, file.getvalue())
        if self.telling:
            self.telling.saved(time.monotonic() - began_s, file.tell())

    def _is_to_stop(self) -> bool:
        """Whether the first of those who train was asked to; all have come to the same epoch."""
        asked = self.checkpoint is not None and self.telling is not None and self.telling.is_to_stop()
        return bool(self.world.told(int(asked)))

    def _end(self, *, done: bool) -> None:
        if self.telling:
            self.telling.ended(done=done)


def draws_of(seed: int, epoch: int) -> torch.Generator:
    """Random numbers, drawn on the CPU from (seed, epoch) alone: a resumed epoch draws the same ones."""
    return torch.Generator().manual_seed(seed * 1_000_003 + epoch)


def _one_cycle(done: float) -> float:
    """The share of the highest step size when a share ``done`` of the training is over: up, then down."""
    if done < WARM:
        return 0.05 + 0.95 * done / WARM
    return 0.5 * (1 + math.cos(math.pi * (done - WARM) / (1 - WARM)))
