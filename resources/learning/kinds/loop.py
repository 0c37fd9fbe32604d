"""The loop of one training of texts or marks, in torch. Import this module inside functions only.

Chance is drawn from (seed, epoch) alone: a training that was killed goes on from its checkpoint bit for bit.
"""

import math
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
import torch

from resources.kinds import Kind
from resources.learning.continual.lesson import Lesson
from resources.learning.course import Checkpoint, Course, draws_of
from resources.learning.kinds.network import KindNet, Shape
from resources.learning.kinds.networks import NETWORKS, check_fit, from_bytes, to_bytes
from resources.learning.kinds.stepping import Stepping
from resources.learning.model import EpochPoint, Images, Progress, TrainedWeights
from resources.learning.network import thread_limit
from resources.learning.rounds.telling import Telling
from resources.terms import Label
from resources.train_settings import TrainSettings


@dataclass(frozen=True)
class Task:
    """All that decides the outcome of a training."""

    kind: Kind
    samples: Images
    answers: tuple[Label, ...]
    classes: tuple[Label, ...]
    settings: TrainSettings
    seed: int
    start: bytes | None
    lesson: Lesson | None = None

    @property
    def epochs(self) -> int:
        """How many passes it takes."""
        return self.settings.passes(goes_on=self.start is not None)

    def fingerprint(self) -> str:
        """Differs when anything that decides the outcome differs; how often it is saved does not."""
        told = (str(self.kind), self.settings.deciding(), self.seed, self.classes, self.samples.shape)
        digest = sha256(repr((told, self.answers)).encode())
        digest.update(np.ascontiguousarray(self.samples).tobytes())
        digest.update(b"" if self.start is None else sha256(self.start).digest())
        digest.update(b"" if self.lesson is None else self.lesson.fingerprint().encode())
        return digest.hexdigest()


def run(
    task: Task,
    *,
    checkpoint: Path | None,
    device: str,
    threads: int,
    progress: Progress | None,
    telling: Telling | None = None,
) -> TrainedWeights:
    """Train to the end, from the checkpoint where there is one of this very task."""
    with thread_limit(threads):
        network = _network(task).to(device)
        samples = torch.from_numpy(np.array(task.samples)).to(device)
        stepping = _stepping(task, network, samples)
        network.grow(task.classes)
        kept = Checkpoint(checkpoint, task.fingerprint()) if checkpoint else None
        course = Course.of(network, task.settings, task.epochs, kept, telling)
        targets = [target.to(device) for target in network.targets(task.samples, task.answers)]

        def learn(epoch: int) -> EpochPoint:
            return _epoch(epoch, task, stepping, course, [samples, *targets])

        before = course.resume()
        course.begin(before, math.ceil(len(stepping.rows) / task.settings.batch_size), device)
        curve = course.run(before, learn, progress)
        with course.still():
            memory = stepping.memory(task.lesson, samples, targets, task.seed)
        return TrainedWeights(to_bytes(task.kind, network), tuple(curve), len(before), memory)


def _stepping(task: Task, network: KindNet, samples: torch.Tensor) -> Stepping:
    return Stepping.of(
        network,
        samples,
        task.answers,
        task.classes,
        task.lesson,
        goes_on=task.start is not None,
        seed=task.seed,
        smoothing=task.settings.label_smoothing,
    )


def _network(task: Task) -> KindNet:
    if task.start is not None:
        network = from_bytes(task.kind, task.start)
        check_fit(network.shape, task.samples, task.classes)
        return network
    _, height_px, width_px = task.samples.shape
    with torch.random.fork_rng(devices=[]):  # the caller's random numbers are left as they were
        torch.manual_seed(task.seed)
        return NETWORKS[task.kind](Shape(task.classes, height_px, width_px, task.settings.channels))


def _epoch(
    epoch: int, task: Task, stepping: Stepping, course: Course, parts: list[torch.Tensor]
) -> EpochPoint:
    generator, network = draws_of(task.seed, epoch), stepping.network
    network.train()
    order = stepping.rows[torch.randperm(len(stepping.rows), generator=generator)]
    steps = math.ceil(len(order) / task.settings.batch_size)
    loss_sum = right_sum = 0.0
    for step, rows in enumerate(torch.split(order, task.settings.batch_size)):
        course.set_rate(epoch, step / steps)
        samples, *targets = (part[rows.to(part.device)] for part in parts)
        loss, right = stepping.step(samples, targets, generator)
        course.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        course.optimizer.step()
        value = float(loss.detach())
        loss_sum += value * len(rows)
        right_sum += right * len(rows)
        course.stepped(len(rows), value)
    return EpochPoint(epoch, loss_sum / len(order), right_sum / len(order))
