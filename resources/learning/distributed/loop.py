"""The training function, the same for one process and for many. Import this module inside functions only."""

import time
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from math import isfinite, nan
from pathlib import Path
from typing import cast

import torch
from torch import Tensor, nn
from torch.optim import AdamW, Optimizer

from resources.errors import BadInput
from resources.learning.distributed.arithmetic import numbers, scaler
from resources.learning.distributed.batches import Batches
from resources.learning.distributed.checkpoints.folder import Checkpoints, is_whole
from resources.learning.distributed.checkpoints.own import OwnSteps
from resources.learning.distributed.checkpoints.state import is_finite, load, load_model
from resources.learning.distributed.checkpoints.writer import Writer
from resources.learning.distributed.parallel.chosen import spread
from resources.learning.distributed.parallel.way import Spread, numbers_here
from resources.learning.distributed.plan import Plan
from resources.learning.distributed.progress import (
    STOP,
    Began,
    Ended,
    Event,
    Measured,
    Point,
    ProgressFile,
)
from resources.learning.distributed.schedule import learning_rate
from resources.learning.distributed.task import Task
from resources.learning.distributed.world import World


def train(plan: Plan, task: Task, world: World, folder: Path) -> nn.Module:
    """Train ``task`` by ``plan`` until its last step, or until it is asked to stop; the trained model.

    In ``folder`` lie its checkpoints, which it goes on from, and what it tells. The losses after a resumption
    by as many processes are those that it would have had, to the last bit on CPUs where nothing is compiled.
    Raises :class:`BadInput` where the plan does not fit the processes, or leads to a loss or parameters that
    are no numbers.
    """
    training = _Training(plan, task, world, folder)
    try:
        training.run()
    finally:
        training.close()
    return training.spread.model


@dataclass
class _Since:
    """What was added up since the last point."""

    loss: Tensor
    steps: int
    began_s: float


class _Training:
    def __init__(self, plan: Plan, task: Task, world: World, folder: Path) -> None:
        self.plan, self.task, self.world, self.folder = plan, task, world, folder
        self.part = plan.part(world.processes)
        if world.device.type == "cuda":
            torch.use_deterministic_algorithms(plan.deterministic)
        self.progress = ProgressFile(folder) if world.is_first else None
        self.checkpoints = Checkpoints(folder / "checkpoints")
        torch.manual_seed(plan.seed)
        model = task.model()
        self.parameters = sum(one.numel() for one in model.parameters())
        model.to(world.device)
        self.found, self.passed_over = self._newest()
        if self.found is None:
            self._start_from(model)
        self.spread: Spread = spread(model, task.blocks(model), world, plan)
        self.optimizer: Optimizer | OwnSteps = self.spread.steps or AdamW(
            self.spread.model.parameters(),
            lr=plan.learning_rate,
            weight_decay=plan.weight_decay,
            fused=world.device.type == "cuda",
        )
        self.scaler = scaler(world.device.type, plan.precision)
        self.step = self._resume()
        called = torch.compile(self.spread.called) if plan.compile else self.spread.called
        self.called = cast("nn.Module", called)
        self.batches = Batches(plan, task, world, self.step)
        self.writer = Writer(self.checkpoints, plan.keep_checkpoints, world, self._tell)
        self.saved_step, self.saved_s = self.step, time.monotonic()

    def run(self) -> None:
        plan, world = self.plan, self.world
        here = sum(numbers_here(one) for one in self.spread.model.parameters())
        device = str(world.device)
        self._tell(Began(self.step, world.processes, device, self.parameters, here, self.passed_over))
        since = self._since()
        while self.step < plan.steps:
            since.loss += self._step()
            since.steps += 1
            self.step += 1
            if self.progress is not None:
                self.progress.beat()
            if self.step % plan.log_every_steps == 0 or self.step == plan.steps:
                asked = self._point(since)
                since = self._since()
                if asked.stop and self.step < plan.steps:
                    self._save()
                    with self._still():
                        self.writer.wait()
                    self._tell(Ended(self.step, done=False))
                    return
                if asked.save and self.step < plan.steps:
                    self._save()
        if self.saved_step != self.step:
            self._save()
        with self._still():
            self.writer.wait()
            scores = self.task.scores(self.spread.model)
        for name, score in scores.items():
            if not isfinite(score):
                raise _no_number(f"{name} on what is held out", score, self.step)
        self._tell(Measured(self.step, scores))
        self._tell(Ended(self.step, done=True))

    def close(self) -> None:
        self.batches.close()
        self.writer.close()

    def _step(self) -> Tensor:
        """One update; the mean loss of this process's samples, still on its device."""
        plan, world = self.plan, self.world
        self._set_learning_rate(learning_rate(plan, self.step))
        # What is drawn within a step, as by dropout, depends on the step and the process alone.
        torch.manual_seed((plan.seed * 1_000_003 + self.step) * 4_099 + world.process)
        if not isinstance(self.optimizer, OwnSteps):
            self.optimizer.zero_grad(set_to_none=True)
        total = torch.zeros((), device=world.device)
        parts = plan.accumulation
        for number, batch in enumerate(self.batches.of_step(), start=1):
            with self.spread.apart() if number < parts else nullcontext():
                with self._numbers():
                    loss = self.task.loss(self.called, batch) / parts
                self._backward(loss)
            total += loss.detach()
        if not isinstance(self.optimizer, OwnSteps):
            self._update(self.optimizer)
        return total

    def _set_learning_rate(self, rate: float) -> None:
        if isinstance(self.optimizer, OwnSteps):
            self.optimizer.set_learning_rate(rate)
            return
        for group in self.optimizer.param_groups:
            group["lr"] = rate

    def _backward(self, loss: Tensor) -> None:
        if isinstance(self.optimizer, OwnSteps):
            self.optimizer.backward(loss)
        else:
            self.scaler.scale(loss).backward()  # type: ignore[no-untyped-call]

    def _update(self, optimizer: Optimizer) -> None:
        clip_norm = self.plan.clip_norm
        if clip_norm is not None:
            self.scaler.unscale_(optimizer)
            nn.utils.clip_grad_norm_(self.spread.model.parameters(), clip_norm)
        self.scaler.step(optimizer)
        self.scaler.update()

    def _numbers(self) -> AbstractContextManager[object]:
        # FSDP2 casts the parameters itself; what it does not cast is for autocast all the same.
        return numbers(self.world.device.type, self.plan.precision)

    def _point(self, since: _Since) -> "_Asked":
        """Tell how it went, and agree on what comes next: only then processes wait for numbers."""
        seconds = time.monotonic() - since.began_s
        is_due = self._is_due() if self.world.is_first else False
        stop = (self.folder / STOP).exists() if self.world.is_first else False
        loss, due, stops = self.world.summed([float(since.loss), float(is_due), float(stop)])
        point = Point(
            step=self.step,
            loss=loss / self.world.processes / since.steps,
            learning_rate=learning_rate(self.plan, self.step - 1),
            samples_per_s=since.steps * self.plan.batch_size / seconds,
            memory_mib=self.world.memory_mib(),
        )
        if not isfinite(point.loss):
            raise _no_number("the loss", point.loss, self.step)
        self._tell(point)
        return _Asked(save=due > 0, stop=stops > 0)

    def _is_due(self) -> bool:
        plan = self.plan
        by_steps = plan.checkpoint_every_steps
        if by_steps and self.step - self.saved_step >= by_steps:
            return True
        by_clock_s = plan.checkpoint_every_s
        return by_clock_s is not None and time.monotonic() - self.saved_s >= by_clock_s

    def _save(self) -> None:
        # The loss is of the parameters before its step: it can be a number where they are none any more, and
        # nothing could be gone on from such a checkpoint.
        broken = not is_finite(self.spread.model, self.optimizer)
        if self.world.summed([float(broken)])[0]:
            raise _no_number("a parameter or its moment", nan, self.step)
        with self._still():
            self.writer.begin(self.step, self.spread.model, self.optimizer, self.scaler)
        self.saved_step, self.saved_s = self.step, time.monotonic()

    def _newest(self) -> tuple[int | None, int]:
        """The steps that the newest whole checkpoint had done, and how many damaged ones are passed over."""
        found, damaged = self.checkpoints.take_up() if self.world.is_first else (None, 0)
        step = self.world.told(-1 if found is None else found.step)
        return (None if step < 0 else step), damaged

    def _resume(self) -> int:
        if self.found is None:
            return 0
        load(self.checkpoints.path(self.found), self.spread.model, self.optimizer, self.scaler)
        return self.found

    def _start_from(self, model: nn.Module) -> None:
        """Take up the parameters that the plan names, before they are spread."""
        if self.plan.start_from is None:
            return
        start = Path(self.plan.start_from)
        if not self.world.told(int(self.world.is_first and is_whole(start))):
            raise BadInput(
                f"start_from is {start}, which is no whole checkpoint",
                "Name the folder of a checkpoint, such as …/checkpoints/step-00001000.",
            )
        load_model(start, model)

    def _since(self) -> _Since:
        return _Since(torch.zeros((), device=self.world.device), 0, time.monotonic())

    def _still(self) -> AbstractContextManager[None]:
        return self.progress.still() if self.progress is not None else nullcontext()

    def _tell(self, event: Event) -> None:
        if self.progress is not None:
            self.progress.tell(event)


@dataclass(frozen=True)
class _Asked:
    save: bool
    stop: bool


def _no_number(what: str, value: float, step: int) -> BadInput:
    return BadInput(
        f"{what} is {value} after step {step}; expected a number",
        "Lower learning_rate or clip_norm, or choose bf16 or fp32 for precision. Started again, it goes on "
        "from its last checkpoint, whose parameters are numbers.",
    )
