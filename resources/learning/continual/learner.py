"""A perceptron that learns task after task, in torch. Import this module inside functions only."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from resources.continual import ContinualSettings, MethodName
from resources.learning.continual.methods import Consolidation, Distillation, Joint, Method, Task
from resources.learning.continual.model import Schedule, TaskData
from resources.learning.continual.network import Perceptron
from resources.learning.continual.replay import DarkReplay, Replay
from resources.learning.model import ClassIndices


def make_method(settings: ContinualSettings) -> Method:
    """The method that ``settings`` name, with nothing remembered yet."""
    match settings.method:
        case MethodName.DERPP:
            return DarkReplay(settings)
        case MethodName.ER:
            return Replay(settings)
        case MethodName.EWC:
            return Consolidation(settings.ewc_strength)
        case MethodName.LWF:
            return Distillation(settings.lwf_temperature)
        case MethodName.JOINT:
            return Joint()
        case MethodName.NAIVE:
            return Method()


class Learner:
    """A network, its optimiser and its method. Deterministic on a CPU: all is drawn from the seed."""

    def __init__(self, classes: int, schedule: Schedule, settings: ContinualSettings, seed: int) -> None:
        self.first_classes = classes
        self.schedule = schedule
        self.seed = seed
        self.method = make_method(settings)
        self.generator = torch.Generator().manual_seed(seed)
        self.learnt_tasks = 0
        self.network: Perceptron | None = None
        self.optimizer: torch.optim.Optimizer | None = None

    def learn(self, data: TaskData) -> None:
        """Go on with one more task; labels that are new make the head grow."""
        task = Task(
            number=self.learnt_tasks,
            ids=data.ids,
            inputs=torch.from_numpy(np.ascontiguousarray(data.inputs, dtype=np.float32)),
            labels=torch.from_numpy(np.ascontiguousarray(data.labels, dtype=np.int64)),
        )
        inputs, labels = self.method.samples(task)
        network, optimizer = self._ready(inputs, int(labels.max()) + 1)
        for _ in range(self.schedule.epochs):
            order = torch.randperm(len(inputs), generator=self.generator)
            batches = zip(
                torch.split(inputs[order], self.schedule.batch_size),
                torch.split(labels[order], self.schedule.batch_size),
                strict=True,
            )
            for some_inputs, some_labels in batches:
                loss = self.method.loss(network, some_inputs, some_labels, self.generator)
                optimizer.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
        self.method.remember(network, task, self.seed)
        self.learnt_tasks += 1

    def predict(self, inputs: NDArray[np.float32]) -> ClassIndices:
        """The likeliest class of each; among all that the network knows, whichever task it came with."""
        if self.network is None:
            raise RuntimeError("nothing was learnt yet")
        with torch.inference_mode():
            logits: Tensor = self.network(torch.from_numpy(np.ascontiguousarray(inputs, dtype=np.float32)))
            found: ClassIndices = logits.argmax(dim=1).numpy()
        return found

    def _ready(self, inputs: Tensor, classes: int) -> tuple[Perceptron, torch.optim.Optimizer]:
        if self.network is None or self.optimizer is None or self.method.starts_anew:
            known = max(classes, self.first_classes)
            self.network = Perceptron(inputs.shape[1], self.schedule.hidden, known, self.generator)
            self.optimizer = torch.optim.Adam(
                self.network.parameters(), lr=self.schedule.learning_rate, fused=True
            )
        elif new := self.network.head.grow(classes):
            self.optimizer.add_param_group({"params": new})
        return self.network, self.optimizer
