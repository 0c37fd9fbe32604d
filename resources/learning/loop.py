"""The loop of one training, in torch. Import this module inside functions only."""

import math
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from resources.learning.continual.going_on import GoingOn
from resources.learning.continual.lesson import Lesson
from resources.learning.course import Checkpoint, Course, draws_of
from resources.learning.distributed.world import World
from resources.learning.model import ClassIndices, EpochPoint, Images, Progress, TrainedWeights
from resources.learning.network import ImageNet, Shape, check_fit, from_bytes, thread_limit, to_bytes
from resources.learning.rounds.spreading import Steps
from resources.learning.rounds.telling import Telling
from resources.learning.taught import Taught
from resources.learning.teaching import Teaching
from resources.terms import Label
from resources.train_settings import TrainSettings


@dataclass(frozen=True)
class Task:
    """All that decides the outcome of a training."""

    images: Images
    labels: ClassIndices
    classes: tuple[Label, ...]
    settings: TrainSettings
    seed: int
    start: bytes | None
    lesson: Lesson | None = None
    teaching: Teaching | None = None

    @property
    def epochs(self) -> int:
        """How many passes it takes."""
        return self.settings.passes(goes_on=self.start is not None)

    def fingerprint(self) -> str:
        """Differs when anything that decides the outcome differs; how often it is saved does not."""
        told = (self.settings.deciding(), self.seed, self.classes, self.images.shape)
        digest = sha256(repr(told).encode())
        digest.update(np.ascontiguousarray(self.images).tobytes())
        digest.update(np.ascontiguousarray(self.labels, dtype=np.int64).tobytes())
        digest.update(b"" if self.start is None else sha256(self.start).digest())
        digest.update(b"" if self.lesson is None else self.lesson.fingerprint().encode())
        digest.update(b"" if self.teaching is None else self.teaching.fingerprint().encode())
        return digest.hexdigest()


def run(
    task: Task,
    *,
    checkpoint: Path | None,
    device: str,
    threads: int,
    progress: Progress | None,
    telling: Telling | None = None,
    world: World | None = None,
) -> TrainedWeights:
    """See :func:`resources.learning.training.train`. ``world``: who trains it together, this one of them."""
    world = world or World(0, 1, torch.device(device))
    with thread_limit(threads):
        network = _network(task).to(device)
        images = torch.from_numpy(np.array(task.images)).to(device)
        labels = torch.from_numpy(np.array(task.labels, dtype=np.int64)).to(device)
        going_on = _going_on(task, network, images, labels)
        network.grow(task.classes)
        kept = Checkpoint(checkpoint, task.fingerprint()) if checkpoint else None
        steps = Steps(network, task.settings, world)
        course = Course.of(network, task.settings, task.epochs, kept, telling, world, steps.scaler)

        def learn(epoch: int) -> EpochPoint:
            return _epoch(epoch, task, network, steps, course, going_on, images, labels)

        before = course.resume()
        course.begin(before, _steps_each(task, going_on), device)
        curve = course.run(before, learn, progress)
        with course.still():
            lesson = task.lesson if world.is_first else None
            memory = going_on.memory(lesson, network, images, labels, task.seed)
        return TrainedWeights(to_bytes(network), tuple(curve), len(before), memory)


def _network(task: Task) -> ImageNet:
    if task.start is not None:
        network = from_bytes(task.start)
        check_fit(network.shape, task.images, task.classes)
        return network
    _, height_px, width_px = task.images.shape
    with torch.random.fork_rng(devices=[]):  # the caller's random numbers are left as they were
        torch.manual_seed(task.seed)
        shape = Shape(task.classes, height_px, width_px, task.settings.channels, depth=task.settings.depth)
        return ImageNet(shape)


def _going_on(task: Task, network: ImageNet, images: Tensor, labels: Tensor) -> GoingOn:
    def shown(remembered: Tensor, generator: torch.Generator) -> Tensor:
        return _distort(remembered.float(), task.settings, generator)

    earlier = None if task.start is None else network
    smoothing = task.settings.label_smoothing
    going_on = GoingOn.of(task.lesson, earlier, images, labels, task.seed, smoothing, shown)
    if task.teaching is None:
        return going_on
    return replace(going_on, steps=Taught(task.teaching, smoothing, shown, str(images.device)))


def _epoch(
    epoch: int,
    task: Task,
    network: ImageNet,
    by: Steps,
    course: Course,
    going_on: GoingOn,
    images: Tensor,
    labels: Tensor,
) -> EpochPoint:
    generator = draws_of(task.seed, epoch)
    network.train()
    count = len(going_on.rows)
    order = going_on.rows[torch.randperm(count, generator=generator)]
    steps = _steps_each(task, going_on)
    loss_sum = 0.0
    right = 0
    for step, rows in enumerate(torch.split(order, task.settings.batch_size)):
        course.set_rate(epoch, step / steps)
        here = rows.to(images.device)
        batch = _distort(images[here].float(), task.settings, generator)
        loss, logits = going_on.steps.step(by.network, batch, labels[here], generator)
        by.take(loss, course.optimizer)
        value = float(loss.detach())
        loss_sum += value * len(rows)
        right += int((logits.detach().argmax(dim=1) == labels[here]).sum())
        course.stepped(len(rows), value)
    return EpochPoint(epoch, loss_sum / count, right / count)


def _steps_each(task: Task, going_on: GoingOn) -> int:
    return math.ceil(len(going_on.rows) / task.settings.batch_size)


def _distort(images_nhw: Tensor, settings: TrainSettings, generator: torch.Generator) -> Tensor:
    """Each image moved, turned and scaled a little, at random."""
    n = len(images_nhw)
    drawn = torch.rand(n, 4, generator=generator) * 2 - 1
    angle = drawn[:, 0] * math.radians(settings.rotation_degrees)
    scale = 1 + drawn[:, 1] * settings.scale_fraction
    moved = drawn[:, 2:] * 2 * settings.shift_fraction  # affine_grid's image is 2 wide
    theta = torch.stack(
        [
            torch.stack([scale * angle.cos(), -scale * angle.sin(), moved[:, 0]], dim=1),
            torch.stack([scale * angle.sin(), scale * angle.cos(), moved[:, 1]], dim=1),
        ],
        dim=1,
    ).to(images_nhw.device)
    grid = nn.functional.affine_grid(theta, [n, 1, *images_nhw.shape[1:]], align_corners=False)
    return nn.functional.grid_sample(images_nhw.unsqueeze(1), grid, align_corners=False).squeeze(1)
