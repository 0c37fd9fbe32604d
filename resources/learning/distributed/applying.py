"""A trained model at work: measured, or answering. Import this module inside functions only."""

import json
import warnings
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from resources.errors import BadInput
from resources.learning.distributed.checkpoints.state import load_model
from resources.learning.distributed.plan import TaskChoice
from resources.learning.distributed.task import Task
from resources.learning.distributed.tasks.catalogue import build_task
from resources.learning.distributed.tasks.digits import Digits
from resources.learning.distributed.tasks.sentences import Sentences
from resources.learning.distributed.tasks.table import Table
from resources.learning.distributed.tasks.text import Text

AT_A_TIME = 256


def measure(choice: TaskChoice, checkpoint: Path, device: str, threads: int) -> dict[str, float]:
    """What the model of a checkpoint is worth, by the measures of a task, on what that task holds out."""
    task, model = _taken_up(choice, checkpoint, device, threads)
    return task.scores(model)


class Answerer:
    """A model that answers lines. Raises :class:`BadInput` for one that its task cannot read."""

    def __init__(self, choice: TaskChoice, checkpoint: Path, device: str, threads: int, longest: int) -> None:
        self._task, self._model = _taken_up(choice, checkpoint, device, threads)
        self._device, self._longest = device, longest
        self._model.eval()

    def answers(self, lines: Iterable[tuple[int, str]]) -> Iterator[dict[str, Any]]:
        """For each numbered line what was read, and the answer."""
        for number, line in lines:
            with torch.no_grad():
                yield {"line": number, "input": line, **self._answer(number, line)}

    def _answer(self, number: int, line: str) -> dict[str, Any]:
        answer = getattr(self._task, "answer", None)
        if callable(answer):
            return dict(answer(self._model, line))
        if isinstance(self._task, Text):
            return {"answer": self._go_on(self._task, line)}
        if isinstance(self._task, Sentences):
            return self._class(self._task.read(line), self._task.classes)
        if isinstance(self._task, Digits | Table):
            return self._class(self._task.read(_numbers(number, line)), self._task.classes)
        raise BadInput(
            f"models of the task {type(self._task).__name__} answer no lines",
            "Choose a model of the task text, sentences, digits or table; a task of yours answers "
            "where it has a method answer(model, line).",
        )

    def _class(self, sample: Tensor, classes: list[str]) -> dict[str, Any]:
        shares = self._model(sample[None].to(self._device)).softmax(dim=1)[0].cpu()
        best = int(shares.argmax())
        return {"answer": classes[best], "confidence": round(float(shares[best]), 4)}

    def _go_on(self, task: Text, line: str) -> str:
        context = task.settings.context
        seen = list(line.encode()) or [ord("\n")]
        begin = len(seen)
        while len(seen) < begin + self._longest:
            logits = self._model(torch.tensor([seen[-context:]], device=self._device))
            found = int(logits[0, -1].argmax())
            if found == ord("\n"):
                break
            seen.append(found)
        return bytes(seen[begin:]).decode(errors="replace")


def _taken_up(choice: TaskChoice, checkpoint: Path, device: str, threads: int) -> tuple[Task, nn.Module]:
    torch.set_num_threads(threads)
    task = build_task(choice)
    model = task.model()
    with warnings.catch_warnings():
        warnings.filterwarnings(
            "ignore", "torch.distributed is disabled", UserWarning
        )  # as it should be here
        load_model(checkpoint, model)
    return task, model.to(device)


def _numbers(number: int, line: str) -> list[float]:
    try:
        found = json.loads(line)
        values = list(found.values()) if isinstance(found, Mapping) else found
        return [float(one) for one in values]
    except (ValueError, TypeError) as problem:
        raise BadInput(
            f"line {number} of the inputs is {line[:60]!r}; expected a list of numbers as JSON",
            "Correct that line, such as [0.1, 2, 3].",
        ) from problem
