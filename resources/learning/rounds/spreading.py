"""The steps of a training of the loop, by one process or many. Import this module inside functions only.

Every process draws the same batch and makes the whole loss of it, whatever a method's loss is; only the
network is asked in shares, and what each process found is gathered. So a step has the gradient that one
process would have.

Letters of tensor shapes: n images, k classes.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any, cast

import torch
from torch import Tensor, distributed, nn
from torch.amp.grad_scaler import GradScaler

from resources.learning.distributed.arithmetic import numbers, scaler
from resources.learning.distributed.plan import Parallel, Plan, Precision, TaskChoice
from resources.learning.distributed.world import World
from resources.train_settings import TrainSettings


class Steps:
    """Makes the gradient of each step, and takes it. On one device, by what is usual, nothing is added."""

    def __init__(self, network: nn.Module, settings: TrainSettings, world: World) -> None:
        precision = Precision(settings.precision)
        self.scaler: GradScaler = scaler(world.device.type, precision)
        self._shared: Shared | None = None
        if world.processes > 1 or not settings.is_plain:
            self._shared = Shared(network, settings, world)
        self.network: nn.Module = network if self._shared is None else self._shared
        """What a method asks in place of the network, once in each step."""

    def take(self, loss: Tensor, optimizer: torch.optim.Optimizer) -> None:
        """One update of the parameters."""
        optimizer.zero_grad()
        scaled = self.scaler.scale(loss)
        if self._shared is None:
            scaled.backward()  # type: ignore[no-untyped-call]
        else:
            self._shared.backward(scaled)
        self.scaler.step(optimizer)
        self.scaler.update()


class Shared(nn.Module):
    """A network, each process of which looks at its share of a batch."""

    def __init__(self, network: nn.Module, settings: TrainSettings, world: World) -> None:
        super().__init__()
        self._world, self._accumulation = world, settings.accumulation
        self._precision = Precision(settings.precision)
        called, self._apart = _spread(network, settings, world)
        if settings.compile:
            called = cast("nn.Module", torch.compile(called))
        # No submodules of this one: names of parameters stay those of the network.
        self._held = (network, called)
        self._left: _Left | None = None

    def named_parameters(self, *args: Any, **kwargs: Any) -> Iterator[tuple[str, nn.Parameter]]:
        """Those of the network, by its names."""
        return self._held[0].named_parameters(*args, **kwargs)

    def forward(self, images: Tensor) -> Tensor:
        """Logits [n, k] of the whole batch."""
        n, world = len(images), self._world
        each = -(-n // world.processes)
        mine = _padded(images, each * world.processes)[world.process * each :][:each]
        if self._accumulation == 1 or not torch.is_grad_enabled():
            return cast("Tensor", _Gathered.apply(self._said(mine), n, world))  # type: ignore[no-untyped-call]
        parts = torch.tensor_split(mine, min(self._accumulation, each))
        with torch.no_grad():
            here = torch.cat([self._said(part) for part in parts])
            logits = _gathered(here, n, world)
        self._left = _Left(parts, logits.requires_grad_(), each)
        return logits

    def backward(self, loss: Tensor) -> None:
        """The gradients of all parameters, those of all processes together."""
        left, self._left = self._left, None
        if left is None:
            loss.backward()  # type: ignore[no-untyped-call]
            return
        with self._apart():
            loss.backward()  # type: ignore[no-untyped-call]  # to the logits, and to what a method adds of parameters
        gradient = _own(left.logits.grad, left.each, self._world)
        begin = 0
        for number, part in enumerate(left.parts, start=1):
            with self._apart() if number < len(left.parts) else nullcontext():
                self._said(part).backward(gradient[begin : begin + len(part)])  # type: ignore[no-untyped-call]
            begin += len(part)

    def _said(self, images: Tensor) -> Tensor:
        with numbers(self._world.device.type, self._precision):
            logits: Tensor = self._held[1](images)
        return logits.float()


class _Left:
    """What is left to do of a step whose network was asked in parts: the gradient of each part."""

    def __init__(self, parts: tuple[Tensor, ...], logits: Tensor, each: int) -> None:
        self.parts, self.logits, self.each = parts, logits, each


class _Gathered(torch.autograd.Function):
    """The logits of all processes; the gradient of a process is that of its own, which are then averaged."""

    @staticmethod
    def forward(ctx: Any, here: Tensor, n: int, world: World) -> Tensor:
        ctx.each, ctx.world = len(here), world
        return _gathered(here, n, world)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        return _own(gradients[0], ctx.each, ctx.world), None, None


def _gathered(here: Tensor, n: int, world: World) -> Tensor:
    if world.processes == 1:
        return here[:n].clone()
    found = [torch.empty_like(here) for _ in range(world.processes)]
    distributed.all_gather(found, here.contiguous())
    return torch.cat(found)[:n]


def _own(gradient: Tensor | None, each: int, world: World) -> Tensor:
    """Of this process's logits, as often as there are processes: what they have is averaged afterwards."""
    if gradient is None:
        raise RuntimeError("the loss of a step does not depend on what the network said")
    wide = gradient.new_zeros(each * world.processes, *gradient.shape[1:])
    wide[: len(gradient)] = gradient
    return wide[world.process * each :][:each] * world.processes


def _padded(images: Tensor, count: int) -> Tensor:
    """So many images, the last one again where there are too few: its gradient is 0."""
    missing = count - len(images)
    return images if missing == 0 else torch.cat([images, images[-1:].expand(missing, *images.shape[1:])])


def _spread(
    network: nn.Module, settings: TrainSettings, world: World
) -> tuple[nn.Module, Callable[[], AbstractContextManager[None]]]:
    if world.processes == 1:
        return network, nullcontext
    from resources.learning.distributed.parallel.chosen import spread

    plan = Plan(TaskChoice("round"), steps=1, batch_size=1, parallel=Parallel(settings.parallel))
    spread_ = spread(network, (), world, plan)
    return spread_.called, spread_.apart
