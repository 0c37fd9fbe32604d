"""The methods that replay samples of a bounded buffer. Import this module inside functions only."""

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from resources.continual import ContinualSettings, Fill
from resources.learning.continual.buffer import (
    NO_PLACE,
    Buffer,
    Remembered,
    among,
    buffer_of,
    to_bytes,
    without_inputs,
)
from resources.learning.continual.filling import bounded, fill
from resources.learning.continual.methods import Method, Task

LOOKED_AT = 4096
"""Samples per forward pass when nothing is learnt; bounds the memory."""


@dataclass(frozen=True)
class Memory:
    """A buffer's samples where the network is."""

    inputs: Tensor
    labels: Tensor
    logits: Tensor
    known: Tensor | None
    """Where the logits are numbers; None where all are."""
    tasks: int
    """How many tasks the samples are of."""

    @classmethod
    def of(cls, kept: Remembered, device: torch.device) -> "Memory":
        """What ``kept`` holds."""
        logits = torch.from_numpy(kept.logits).to(device)
        known = ~logits.isnan()
        return cls(
            inputs=torch.from_numpy(kept.inputs).to(device),
            labels=torch.from_numpy(kept.labels).to(device),
            logits=logits.nan_to_num(),
            known=None if bool(known.all()) else known,
            tasks=len(np.unique(kept.tasks)),
        )


class Replay(Method):
    """ER: each step takes as many samples from the buffer as it needs, with their labels.

    Chaudhry et al., "On tiny episodic memories in continual learning", 2019.
    """

    def __init__(self, settings: ContinualSettings, buffer: Buffer | None = None) -> None:
        self.settings = replace(settings, fill=Fill.RESERVOIR)
        self.buffer = buffer or Buffer.empty(settings.buffer_size)
        self.held: Memory | None = None

    def step(
        self, network: nn.Module, inputs: Tensor, labels: Tensor, generator: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """Cross-entropy of the new batch, and of one from the buffer."""
        memory = self.recalled(inputs.device)
        if memory is None:
            return super().step(network, inputs, labels, generator)
        rows = self.draw(memory, generator, 1)
        shown = self.shown(memory.inputs[rows], generator)
        new, old = network(torch.cat([inputs, shown])).split([len(inputs), len(rows)])
        return self.wrongness(new, labels) + self.wrongness(old, memory.labels[rows]), new

    def remember(self, network: nn.Module, task: Task, seed: int) -> None:
        """Offer the task's samples to the buffer, with what the network says of them now."""
        offered = Remembered(
            ids=np.asarray(task.ids, dtype=np.str_),
            inputs=task.inputs.cpu().numpy(),
            labels=task.labels.cpu().numpy(),
            tasks=np.full(len(task.ids), task.number, dtype=np.int64),
            logits=said(network, task.inputs, task.labels),
        )
        self.buffer = fill(
            self.buffer or Buffer.empty(self.settings.buffer_size), offered, self.settings, seed, self.covered
        )
        self.held = None
        self.known_tasks = task.number + 1

    def recall(self, network: nn.Module, earlier: Task | None, memory: bytes | None, seed: int) -> None:
        """The samples that were kept, with the inputs and labels that they have among ``earlier``."""
        kept = buffer_of(memory)
        if earlier is None:
            return
        if kept is None:
            self.remember(network, earlier, seed)
            return
        self.known_tasks = int(kept.kept.tasks.max(initial=-1)) + 1 if kept.kept is not None else 0
        found = among(
            kept, np.asarray(earlier.ids), earlier.inputs.cpu().numpy(), earlier.labels.cpu().numpy()
        )
        self.buffer = bounded(found, self.settings, seed, self.covered)

    def memory(self) -> bytes | None:
        """The buffer, without the inputs: each version has those of its samples."""
        return None if self.buffer is None else to_bytes(without_inputs(self.buffer))

    def recalled(self, device: torch.device) -> Memory | None:
        """What there is to replay; None before anything is remembered."""
        if self.held is None and self.buffer is not None and self.buffer.kept is not None:
            self.held = Memory.of(self.buffer.kept, device) if len(self.buffer) else None
        return self.held

    def draw(self, memory: Memory, generator: torch.Generator, times: int) -> Tensor:
        """Rows for ``times`` batches from the buffer."""
        count = times * self.settings.replay_batch_size
        return torch.randint(len(memory.labels), (count,), generator=generator).to(memory.labels.device)


class DarkReplay(Replay):
    """DER++: one batch from the buffer is held to what the model said of it, another to its labels.

    Buzzega et al., "Dark experience for general continual learning", NeurIPS 2020. What differs by default
    (``published_derpp`` has the paper's form, but for the moment of its logits: the end of the task that a
    sample came with): the buffer holds representatives, as many of each class and task, that cover what the
    model is less sure of; logits are those of the end of the latest task, not of the moment when a sample
    came (Boschini et al., "Class-incremental continual learning into the extended DER-verse", TPAMI 2022,
    renew a part of them); and the replayed labels count once for each task in the buffer, as they would in
    the sum of all tasks' losses.
    """

    def __init__(self, settings: ContinualSettings, buffer: Buffer | None = None) -> None:
        super().__init__(settings, buffer)
        self.settings = settings

    def step(
        self, network: nn.Module, inputs: Tensor, labels: Tensor, generator: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """Cross-entropy of the new batch, distance from what was said, cross-entropy of remembered labels."""
        memory = self.recalled(inputs.device)
        if memory is None:
            return Method.step(self, network, inputs, labels, generator)
        rows = self.draw(memory, generator, 2)
        size = self.settings.replay_batch_size
        logits = network(torch.cat([inputs, self.shown(memory.inputs[rows], generator)]))
        new, dark, plain = logits.split([len(inputs), size, size])
        labels_weight = self.settings.labels_weight * (memory.tasks if self.settings.weigh_by_tasks else 1)
        loss = self.wrongness(new, labels)
        loss = loss + self.settings.logits_weight * distance(dark, memory, rows[:size])
        return loss + labels_weight * self.wrongness(plain, memory.labels[rows[size:]]), new

    def remember(self, network: nn.Module, task: Task, seed: int) -> None:
        """As replay does; then what is said now of the whole buffer takes the place of what was said."""
        super().remember(network, task, seed)
        if self.settings.renew_logits and self.buffer is not None and self.buffer.kept is not None:
            old = self.buffer.kept
            device = task.inputs.device
            inputs, labels = (torch.from_numpy(one).to(device) for one in (old.inputs, old.labels))
            logits = said(network, inputs, labels)
            renewed = Remembered(old.ids, old.inputs, old.labels, old.tasks, logits)
            self.buffer = Buffer(self.buffer.capacity, self.buffer.seen, renewed)
            self.held = None


def distance(logits: Tensor, memory: Memory, rows: Tensor) -> Tensor:
    """Mean square from what is remembered; classes of which nothing was said then do not count."""
    remembered = memory.logits[rows]
    mine = logits[..., : remembered.shape[-1]]
    if memory.known is None:
        return functional.mse_loss(mine, remembered)
    known = memory.known[rows]
    squares = functional.mse_loss(mine[known], remembered[known], reduction="sum")
    return squares / known.sum().clamp(min=1)  # of texts without a word nothing was said


def said(network: nn.Module, inputs: Tensor, labels: Tensor) -> NDArray[np.float32]:
    """The logits, nothing learnt; not-a-number at what is no place."""
    with torch.no_grad():
        parts = [network(some).float().cpu().numpy() for some in torch.split(inputs, LOOKED_AT)]
    logits: NDArray[np.float32] = np.concatenate(parts)
    if logits.ndim == 3:
        logits[(labels == NO_PLACE).cpu().numpy()] = np.nan
    return logits
