"""What a training of the loop tells while it runs, in the words and the folder of every other training.

No torch here: who is told need not train.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from resources.learning.distributed.launching import LOGS
from resources.learning.distributed.progress import Began, Ended, Event, Point, ProgressFile, Saved
from resources.learning.model import EpochPoint

EACH_S = 10.0
"""An epoch that takes longer tells points amid it."""
LOG = ("attempt_0", "0", "stdout.log")
"""torchrun's own layout, so that whoever tails the log of a training finds this one too."""


class Stopped(Exception):
    """It was asked to make room: a checkpoint is written, and no more is learnt now."""


@dataclass(frozen=True)
class Length:
    """How long a training is."""

    epochs: int
    steps_each: int
    """Steps of an epoch."""

    @property
    def steps(self) -> int:
        """All of them."""
        return self.epochs * self.steps_each


class Telling:
    """Tells of one training, from the thread that trains."""

    def __init__(
        self,
        folder: Path,
        tell: Callable[[Event], None] = lambda _: None,
        is_to_stop: Callable[[], bool] = lambda: False,
        clock_s: Callable[[], float] = time.monotonic,
        say: Callable[[str], None] | None = None,
    ) -> None:
        """``say`` gets the lines of its log; None for a file in the folder."""
        self.folder = folder
        self.is_to_stop = is_to_stop
        self.steps_begun = False
        self._progress = ProgressFile(folder)
        self._tell_others, self._clock_s = tell, clock_s
        self._length, self._step = Length(0, 1), 0
        self._memory_mib: Callable[[], float] = lambda: 0.0
        self._say = say or _LogFile(folder).say
        self._since = _Since(clock_s())

    def began(
        self,
        length: Length,
        epochs: int,
        *,
        processes: int,
        device: str,
        parameters: int,
        memory_mib: Callable[[], float],
    ) -> None:
        """It begins, or goes on after so many ``epochs``."""
        self._length, self._step = length, epochs * length.steps_each
        self._memory_mib = memory_mib
        self._say(
            f"begins after epoch {epochs} of {length.epochs}, {length.steps_each} steps each, on {device}"
        )
        self._tell(Began(self._step, processes, device, parameters, parameters))
        self._since = _Since(self._clock_s())

    def stepped(self, samples: int, loss: float, rate: float) -> None:
        """One more step is done: with how many samples, their mean loss, and the learning rate."""
        self._step += 1
        self.steps_begun = True
        self._progress.beat()
        self._since.add(samples, loss, rate)
        if self._clock_s() - self._since.began_s >= EACH_S:
            self._point()

    def epoch(self, point: EpochPoint) -> None:
        """An epoch is over."""
        self._step = point.epoch * self._length.steps_each
        self._say(
            f"epoch {point.epoch} of {self._length.epochs}: loss {point.loss:.4f}, "
            f"right in training {point.accuracy:.1%}"
        )
        self._point()

    def saved(self, seconds: float, size_bytes: int) -> None:
        """A checkpoint is whole; the training stood still for it."""
        self._tell(Saved(self._step, seconds, seconds, size_bytes))

    def ended(self, *, done: bool) -> None:
        """It ends by itself."""
        self._say("all epochs are done" if done else f"makes room after step {self._step}")
        self._tell(Ended(self._step, done))

    @contextmanager
    def still(self) -> Iterator[None]:
        """No step is done meanwhile, and yet it goes on."""
        with self._progress.still():
            yield

    def _point(self) -> None:
        since, now_s = self._since, self._clock_s()
        if since.samples == 0:
            return
        seconds = max(now_s - since.began_s, 1e-9)
        loss = since.loss_sum / since.samples
        self._tell(Point(self._step, loss, since.rate, since.samples / seconds, self._memory_mib()))
        self._since = _Since(self._clock_s())

    def _tell(self, event: Event) -> None:
        self._progress.tell(event)
        self._tell_others(event)


class _LogFile:
    """Of one start, as long as that lives."""

    def __init__(self, folder: Path) -> None:
        self._path = folder.joinpath(LOGS, f"{os.getpid()}-{time.time_ns():x}", *LOG)
        self._path.parent.mkdir(parents=True, exist_ok=True)

    def say(self, text: str) -> None:
        with self._path.open("a") as file:
            file.write(f"{text}\n")


@dataclass
class _Since:
    """What was added up since the last point."""

    began_s: float
    samples: int = 0
    loss_sum: float = 0.0
    rate: float = 0.0

    def add(self, samples: int, loss: float, rate: float) -> None:
        self.samples += samples
        self.loss_sum += loss * samples
        self.rate = rate
