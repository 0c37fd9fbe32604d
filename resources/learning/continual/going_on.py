"""A training's method, from what was kept to what is kept. Import this module inside functions only."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from resources.learning.continual.buffer import Covered, inputs_of
from resources.learning.continual.learner import make_method
from resources.learning.continual.lesson import Lesson
from resources.learning.continual.methods import Method, Shown, Task


@dataclass(frozen=True)
class GoingOn:
    """One training by one method; without a lesson it is plain training on all images."""

    steps: Method
    """Makes the loss of each step."""
    keeps: Method | None
    """Remembers what was learnt; None where nothing is to be kept."""
    rows: Tensor
    """The rows of the images that the steps are made with."""

    @classmethod
    def of(
        cls,
        lesson: Lesson | None,
        earlier: nn.Module | None,
        images: Tensor,
        labels: Tensor,
        seed: int,
        label_smoothing: float,
        shown: Shown,
        covered: Covered = inputs_of,
    ) -> "GoingOn":
        """``earlier`` is the network that is gone on from, before its head grows; None for a new one."""
        steps = Method()
        keeps = None if lesson is None else make_method(lesson.settings)
        for method in (steps, keeps or steps):
            method.label_smoothing, method.shown, method.covered = label_smoothing, shown, covered
        rows = torch.arange(len(images))
        if lesson is not None and keeps is not None and earlier is not None:
            old = task_of(0, lesson, ~lesson.is_new, images, labels)
            keeps.recall(earlier, old, lesson.memory, seed)
            rows = torch.from_numpy(lesson.trained_with)
            steps = steps if lesson.takes_all else keeps
        return cls(steps, keeps, rows)

    def memory(
        self, lesson: Lesson | None, network: nn.Module, images: Tensor, labels: Tensor, seed: int
    ) -> bytes | None:
        """Remember what ``network`` has learnt; what is to be kept for the next training."""
        if lesson is None or self.keeps is None:
            return None
        new = task_of(self.keeps.known_tasks, lesson, lesson.is_new, images, labels)
        if new is not None:
            self.keeps.remember(network, new, seed)
        return self.keeps.memory()


def task_of(
    number: int, lesson: Lesson, chosen: NDArray[np.bool_], images: Tensor, labels: Tensor
) -> Task | None:
    """The chosen images as a task; None where there are none."""
    rows = np.flatnonzero(chosen)
    if len(rows) == 0:
        return None
    places = torch.from_numpy(rows).to(images.device)
    return Task(
        number, np.array([lesson.ids[row] for row in rows], dtype=np.str_), images[places], labels[places]
    )
