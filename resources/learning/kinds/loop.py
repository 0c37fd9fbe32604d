"""The loop of one training of texts or marks, in torch. Import this module inside functions only.

It keeps the rules of :mod:`resources.learning.loop`: chance is drawn from (seed, epoch) alone, and a training
that was killed goes on from its checkpoint bit for bit.
"""

import copy
import io
import math
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import torch

from resources.files import write_atomically
from resources.kinds import Kind
from resources.learning.kinds.network import KindNet, Shape
from resources.learning.kinds.networks import NETWORKS, check_fit, from_bytes, to_bytes
from resources.learning.model import EpochPoint, Images, Progress, TrainedWeights
from resources.learning.network import thread_limit
from resources.learning.settings import TrainSettings
from resources.terms import Label

WARM = 0.15
"""The share of a training in which the step size rises."""


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

    @property
    def epochs(self) -> int:
        """How many passes it takes."""
        return self.settings.epochs if self.start is None else self.settings.incremental_epochs

    def fingerprint(self) -> str:
        """Differs when anything that decides the outcome differs; how often it is saved does not."""
        settings = {
            name: value for name, value in asdict(self.settings).items() if name != "checkpoint_every_epochs"
        }
        told = (str(self.kind), sorted(settings.items()), self.seed, self.classes, self.samples.shape)
        digest = sha256(repr((told, self.answers)).encode())
        digest.update(np.ascontiguousarray(self.samples).tobytes())
        digest.update(b"" if self.start is None else sha256(self.start).digest())
        return digest.hexdigest()


def run(
    task: Task, *, checkpoint: Path | None, device: str, threads: int, progress: Progress | None
) -> TrainedWeights:
    """Train to the end, from the checkpoint where there is one of this very task."""
    with thread_limit(threads):
        network = _network(task).to(device)
        optimizer = torch.optim.AdamW(
            network.parameters(), lr=task.settings.learning_rate, weight_decay=task.settings.weight_decay
        )
        curve = _resume(checkpoint, task, network, optimizer) if checkpoint else []
        resumed_from = len(curve)
        samples = torch.from_numpy(np.array(task.samples)).to(device)
        targets = [target.to(device) for target in network.targets(task.samples, task.answers)]
        for epoch in range(resumed_from + 1, task.epochs + 1):
            point = _epoch(epoch, task, network, optimizer, [samples, *targets])
            curve.append(point)
            if checkpoint and (epoch % task.settings.checkpoint_every_epochs == 0 or epoch == task.epochs):
                _save(checkpoint, task, network, optimizer, curve)
            if progress:
                progress(point)
        return TrainedWeights(to_bytes(task.kind, network), tuple(curve), resumed_from)


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
    epoch: int, task: Task, network: KindNet, optimizer: torch.optim.Optimizer, parts: list[torch.Tensor]
) -> EpochPoint:
    generator = torch.Generator().manual_seed(task.seed * 1_000_003 + epoch)
    network.train()
    order = torch.randperm(len(task.answers), generator=generator)
    steps = math.ceil(len(order) / task.settings.batch_size)
    loss_sum = right_sum = 0.0
    for step, rows in enumerate(torch.split(order, task.settings.batch_size)):
        for group in optimizer.param_groups:
            group["lr"] = task.settings.learning_rate * _one_cycle((epoch - 1 + step / steps) / task.epochs)
        samples, *targets = (part[rows.to(part.device)] for part in parts)
        loss, right = network.loss(samples, targets, task.settings.label_smoothing, generator)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimizer.step()
        loss_sum += float(loss.detach()) * len(rows)
        right_sum += right * len(rows)
    return EpochPoint(epoch, loss_sum / len(order), right_sum / len(order))


def _one_cycle(done: float) -> float:
    if done < WARM:
        return 0.05 + 0.95 * done / WARM
    return 0.5 * (1 + math.cos(math.pi * (done - WARM) / (1 - WARM)))


def _save(
    path: Path, task: Task, network: KindNet, optimizer: torch.optim.Optimizer, curve: list[EpochPoint]
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


def _resume(path: Path, task: Task, network: KindNet, optimizer: torch.optim.Optimizer) -> list[EpochPoint]:
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
