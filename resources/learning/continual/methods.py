"""The methods' one interface, and those without a buffer. Import this module inside functions only.

A method says what a task is trained with, how a step's loss is made, and what is remembered after a task.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from resources.learning.continual import importances
from resources.learning.continual.buffer import NO_PLACE, Buffer, Covered, inputs_of

FISHER_BATCH = 256
"""Samples whose gradients are held at once, at most."""
FISHER_NUMBERS = 1 << 26
"""Numbers in these gradients, at most."""


@dataclass(frozen=True)
class Task:
    """What is new."""

    number: int
    """From 0."""
    ids: NDArray[Any]
    inputs: Tensor
    labels: Tensor


Shown = Callable[[Tensor, torch.Generator], Tensor]
"""How the network is shown remembered samples: distorted, say, as new ones are."""


class Method:
    """Fine-tuning: only what is new is learnt, nothing is remembered. The others build on it."""

    starts_anew = False
    """Whether each task starts from fresh weights; else from those of the task before."""

    buffer: Buffer | None = None
    """What is remembered of samples, where something is."""

    known_tasks: int = 0
    """How many tasks came before the next one, as far as is remembered."""

    label_smoothing: float = 0.0
    """The share of each label that is spread over all classes."""

    shown: Shown = staticmethod(lambda inputs, _generator: inputs)

    covered: Covered = staticmethod(inputs_of)
    """By what remembered samples are near each other, where those that are kept are to cover all."""

    def samples(self, task: Task) -> tuple[Tensor, Tensor]:
        """The inputs and labels that ``task`` is trained with."""
        return task.inputs, task.labels

    def loss(self, network: nn.Module, inputs: Tensor, labels: Tensor, generator: torch.Generator) -> Tensor:
        """The loss of one step on a batch of :meth:`samples`. What is drawn is drawn with ``generator``."""
        return self.step(network, inputs, labels, generator)[0]

    def step(
        self,
        network: nn.Module,
        inputs: Tensor,
        labels: Tensor,
        generator: torch.Generator,  # noqa: ARG002 - for those that draw
    ) -> tuple[Tensor, Tensor]:
        """The same, and the logits of the batch."""
        logits = network(inputs)
        return self.wrongness(logits, labels), logits

    def wrongness(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Cross-entropy; of all places together where samples have several, 0 where they have none at all."""
        if logits.dim() == 2:
            return functional.cross_entropy(logits, labels, label_smoothing=self.label_smoothing)
        together = functional.cross_entropy(
            logits.flatten(0, 1),
            labels.flatten(),
            ignore_index=NO_PLACE,
            label_smoothing=self.label_smoothing,
            reduction="sum",
        )
        return together / (labels != NO_PLACE).sum().clamp(min=1)

    def recall(self, network: nn.Module, earlier: Task | None, memory: bytes | None, seed: int) -> None:
        """Be as after the training of ``network``, which goes on now.

        ``memory`` is what :meth:`memory` gave then. Where it is of another method, or there is none, what
        ``network`` says of ``earlier`` takes its place: what it was trained with. What is remembered of
        samples that are not among these any more, or have another label there, is forgotten.
        """

    def memory(self) -> bytes | None:
        """What is to be kept for the next training, beside the weights; None for nothing."""
        return None

    def remember(self, network: nn.Module, task: Task, seed: int) -> None:
        """Keep what later tasks need; ``network`` has just learnt ``task``."""


class Joint(Method):
    """Trained anew on all tasks so far, so all samples are kept: the bound, and no method to go on with."""

    starts_anew = True

    def __init__(self) -> None:
        self.earlier: list[tuple[Tensor, Tensor]] = []

    def samples(self, task: Task) -> tuple[Tensor, Tensor]:
        """Everything so far."""
        parts = [*self.earlier, (task.inputs, task.labels)]
        return torch.cat([part[0] for part in parts]), torch.cat([part[1] for part in parts])

    def remember(self, network: nn.Module, task: Task, seed: int) -> None:  # noqa: ARG002 - no need of them
        """Keep the whole task."""
        self.earlier.append((task.inputs, task.labels))


class Consolidation(Method):
    """EWC: a weight may move the less, the more the earlier tasks depended on it.

    Kirkpatrick et al., "Overcoming catastrophic forgetting in neural networks", PNAS 114 (2017). The Fisher
    informations of the tasks are added up around the latest weights: Schwarz et al., "Progress & compress",
    ICML 2018, without their decay.
    """

    def __init__(self, strength: float) -> None:
        self.strength = strength
        self.anchors: dict[str, Tensor] = {}
        self.importances: dict[str, Tensor] = {}

    def step(
        self, network: nn.Module, inputs: Tensor, labels: Tensor, generator: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """Cross-entropy, and half the strength times the weighted distance from the anchors."""
        loss, logits = super().step(network, inputs, labels, generator)
        for name, weights in network.named_parameters():
            if name in self.anchors:
                anchor = self.anchors[name]  # of fewer classes, maybe: those that came later are behind
                moved = (weights if weights.shape == anchor.shape else weights[: len(anchor)]) - anchor
                loss = loss + self.strength / 2 * (self.importances[name] * moved * moved).sum()
        return loss, logits

    def remember(self, network: nn.Module, task: Task, seed: int) -> None:
        """Add the task's Fisher information, its labels drawn from what the network says."""
        generator = torch.Generator().manual_seed(seed)
        weights = {name: tensor.detach().clone() for name, tensor in network.named_parameters()}

        def wrongness(parameters: dict[str, Tensor], one: Tensor, label: Tensor) -> Tensor:
            said = torch.func.functional_call(network, parameters, (one.unsqueeze(0),))
            return functional.cross_entropy(said, label.unsqueeze(0))

        gradients = torch.func.vmap(torch.func.grad(wrongness), in_dims=(None, 0, 0))
        count = sum(tensor.numel() for tensor in weights.values())
        for inputs in torch.split(task.inputs, max(1, min(FISHER_BATCH, FISHER_NUMBERS // count))):
            with torch.no_grad():
                chances = network(inputs).softmax(dim=1).cpu()
            drawn = torch.multinomial(chances, 1, generator=generator).squeeze(1).to(inputs.device)
            for name, gradient in gradients(weights, inputs, drawn).items():
                squares = (gradient * gradient).sum(dim=0) / len(task.inputs)
                before = self.importances.get(name, torch.zeros_like(squares))
                if before.shape != squares.shape:
                    before = torch.cat([before, torch.zeros_like(squares[len(before) :])])
                self.importances[name] = before + squares
        self.anchors = weights

    def recall(self, network: nn.Module, earlier: Task | None, memory: bytes | None, seed: int) -> None:
        """The importances that were kept, around the weights of the network."""
        weights = {name: tensor.detach().clone() for name, tensor in network.named_parameters()}
        kept = None if memory is None else importances.from_bytes(memory)
        if kept is not None and {name: one.shape for name, one in kept.items()} == {
            name: tuple(one.shape) for name, one in weights.items()
        }:
            self.importances = {
                name: torch.from_numpy(one).to(weights[name].device) for name, one in kept.items()
            }
            self.anchors = weights
        elif earlier is not None:
            self.remember(network, earlier, seed)

    def memory(self) -> bytes | None:
        """The importances."""
        return importances.to_bytes({name: one.cpu().numpy() for name, one in self.importances.items()})


class Distillation(Method):
    """LwF: of the new samples, the new model is to say of the old classes what the old model says.

    Li and Hoiem, "Learning without forgetting", ECCV 2016.
    """

    def __init__(self, temperature: float) -> None:
        self.temperature = temperature
        self.teacher: nn.Module | None = None

    def step(
        self, network: nn.Module, inputs: Tensor, labels: Tensor, generator: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """Cross-entropy, and the divergence from what the old model says, both softened."""
        if self.teacher is None:
            return super().step(network, inputs, labels, generator)
        logits = network(inputs)
        with torch.no_grad():
            said = self.teacher(inputs)
        mine, theirs = logits[..., : said.shape[-1]], said
        if logits.dim() == 3:
            mine, theirs = mine[labels != NO_PLACE], theirs[labels != NO_PLACE]
        mine = (mine / self.temperature).log_softmax(dim=1)
        theirs = (theirs / self.temperature).log_softmax(dim=1)
        divergence = functional.kl_div(mine, theirs, reduction="sum", log_target=True) / max(1, len(mine))
        return self.wrongness(logits, labels) + self.temperature**2 * divergence, logits

    def recall(self, network: nn.Module, earlier: Task | None, memory: bytes | None, seed: int) -> None:  # noqa: ARG002 - no need of them
        """The network is the teacher."""
        self.teacher = copy.deepcopy(network).requires_grad_(False)

    def remember(self, network: nn.Module, task: Task, seed: int) -> None:  # noqa: ARG002 - no need of them
        """Keep the network as it is now."""
        self.teacher = copy.deepcopy(network).requires_grad_(False)
