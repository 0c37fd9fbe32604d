"""The loop of one training, in torch. Import this module inside functions only."""

import copy
import io
import math
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from resources.files import write_atomically
from resources.learning.continual.going_on import GoingOn
from resources.learning.continual.lesson import Lesson
from resources.learning.model import ClassIndices, EpochPoint, Images, Progress, TrainedWeights
from resources.learning.network import ImageNet, Shape, check_fit, from_bytes, thread_limit, to_bytes
from resources.learning.settings import TrainSettings
from resources.terms import Label


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

    @property
    def epochs(self) -> int:
        """How many passes it takes."""
        return self.settings.epochs if self.start is None else self.settings.incremental_epochs

    def fingerprint(self) -> str:
        """Differs when anything that decides the outcome differs; how often it is saved does not."""
        settings = {
            name: value for name, value in asdict(self.settings).items() if name != "checkpoint_every_epochs"
        }
        digest = sha256(repr((sorted(settings.items()), self.seed, self.classes, self.images.shape)).encode())
        digest.update(np.ascontiguousarray(self.images).tobytes())
        digest.update(np.ascontiguousarray(self.labels, dtype=np.int64).tobytes())
        digest.update(b"" if self.start is None else sha256(self.start).digest())
        digest.update(b"" if self.lesson is None else self.lesson.fingerprint().encode())
        return digest.hexdigest()


def run(
    task: Task, *, checkpoint: Path | None, device: str, threads: int, progress: Progress | None
) -> TrainedWeights:
    """See :func:`resources.learning.training.train`."""
    with thread_limit(threads):
        network = _network(task).to(device)
        images = torch.from_numpy(np.array(task.images)).to(device)
        labels = torch.from_numpy(np.array(task.labels, dtype=np.int64)).to(device)
        going_on = _going_on(task, network, images, labels)
        network.grow(task.classes)
        optimizer = torch.optim.AdamW(
            network.parameters(), lr=task.settings.learning_rate, weight_decay=task.settings.weight_decay
        )
        curve = _resume(checkpoint, task, network, optimizer) if checkpoint else []
        resumed_from = len(curve)
        for epoch in range(resumed_from + 1, task.epochs + 1):
            point = _epoch(epoch, task, network, optimizer, going_on, images, labels)
            curve.append(point)
            if checkpoint and (epoch % task.settings.checkpoint_every_epochs == 0 or epoch == task.epochs):
                _save(checkpoint, task, network, optimizer, curve)
            if progress:
                progress(point)
        memory = going_on.memory(task.lesson, network, images, labels, task.seed)
        return TrainedWeights(to_bytes(network), tuple(curve), resumed_from, memory)


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
    return GoingOn.of(task.lesson, earlier, images, labels, task.seed, smoothing, shown)


def _epoch(
    epoch: int,
    task: Task,
    network: ImageNet,
    optimizer: torch.optim.Optimizer,
    going_on: GoingOn,
    images: Tensor,
    labels: Tensor,
) -> EpochPoint:
    # Random numbers are drawn on the CPU from (seed, epoch) alone: a resumed epoch draws the same ones.
    generator = torch.Generator().manual_seed(task.seed * 1_000_003 + epoch)
    network.train()
    count = len(going_on.rows)
    order = going_on.rows[torch.randperm(count, generator=generator)]
    steps = math.ceil(count / task.settings.batch_size)
    loss_sum = 0.0
    right = 0
    for step, rows in enumerate(torch.split(order, task.settings.batch_size)):
        rate = task.settings.learning_rate * _one_cycle((epoch - 1 + step / steps) / task.epochs)
        for group in optimizer.param_groups:
            group["lr"] = rate
        here = rows.to(images.device)
        batch = _distort(images[here].float(), task.settings, generator)
        loss, logits = going_on.steps.step(network, batch, labels[here], generator)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        loss_sum += float(loss.detach()) * len(rows)
        right += int((logits.detach().argmax(dim=1) == labels[here]).sum())
    return EpochPoint(epoch, loss_sum / count, right / count)


def _one_cycle(done: float) -> float:
    """The share of the highest step size when a share ``done`` of the training is over: up, then down."""
    warm = 0.15
    if done < warm:
        return 0.05 + 0.95 * done / warm
    return 0.5 * (1 + math.cos(math.pi * (done - warm) / (1 - warm)))


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


def _save(
    path: Path, task: Task, network: ImageNet, optimizer: torch.optim.Optimizer, curve: list[EpochPoint]
) -> None:
    file = io.BytesIO()
    content = {
        "fingerprint": task.fingerprint(),
        "network": network.state_dict(),
        "optimizer": optimizer.state_dict(),
        "curve": [[point.epoch, point.loss, point.accuracy] for point in curve],
    }
    torch.save(content, file)
    write_atomically(path, file.getvalue())


def _resume(path: Path, task: Task, network: ImageNet, optimizer: torch.optim.Optimizer) -> list[EpochPoint]:
    """Take up the state at ``path``; returns its curve, which is empty where it does not apply."""
    if not path.exists():
        return []
    fresh = copy.deepcopy((network.state_dict(), optimizer.state_dict()))
    try:
        content: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        if content["fingerprint"] != task.fingerprint():
            return []
        network.load_state_dict(content["network"])
        optimizer.load_state_dict(content["optimizer"])
        return [EpochPoint(int(epoch), loss, accuracy) for epoch, loss, accuracy in content["curve"]]
    except Exception:  # noqa: BLE001 - one that is damaged, or of another layout, costs time, never the training
        network.load_state_dict(fresh[0])
        optimizer.load_state_dict(fresh[1])
        return []
