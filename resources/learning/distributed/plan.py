"""What a training is asked to do. No torch here: plans are written and read by processes that never train."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from math import inf
from typing import Any

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass as checked

from resources.errors import BadInput

SEEDS = 2**32
"""So many can be told apart: torch draws from 64 bits, and a step and a process go in too."""


class Parallel(StrEnum):
    """How a model and its batches are spread over devices."""

    SINGLE = "single"
    """One process on one device."""
    DATA_PARALLEL = "data_parallel"
    """One process that copies the model to each of its devices at each step (torch.nn.DataParallel)."""
    DDP = "ddp"
    """A process for each device, each with the whole model; gradients are averaged."""
    FSDP2 = "fsdp2"
    """A process for each device, each with a shard of parameters, gradients and optimizer."""
    ZERO1 = "zero1"
    """DeepSpeed: each process has a shard of the optimizer."""
    ZERO2 = "zero2"
    """And of the gradients."""
    ZERO3 = "zero3"
    """And of the parameters."""


ZERO_STAGES = {Parallel.ZERO1: 1, Parallel.ZERO2: 2, Parallel.ZERO3: 3}
"""The ways that take DeepSpeed, which is installed apart."""


class Precision(StrEnum):
    """The number format of most of the arithmetic. Parameters are kept in fp32 in any case."""

    FP32 = "fp32"
    BF16 = "bf16"
    FP16 = "fp16"
    """With a loss that is scaled on GPUs, for those without bf16; on CPUs it is not scaled."""


@dataclass(frozen=True)
class TaskChoice:
    """Which task is trained, with the settings that are its own."""

    name: str
    settings: Mapping[str, Any] = field(default_factory=dict)


@checked(frozen=True, config=ConfigDict(extra="forbid"))
class Plan:
    """One training. Raises :class:`BadInput` through :func:`read_plan` for a value outside its range."""

    task: TaskChoice
    steps: int
    """Updates of the parameters, all in all."""
    batch_size: int
    """Samples in one update, over all processes."""
    accumulation: int = 1
    """In how many parts each process takes its share of a batch, one after the other, to save memory."""
    learning_rate: float = 1e-3
    """The highest of the schedule."""
    warmup_steps: int = 0
    """Over so many steps the learning rate rises; then it falls as a half cosine."""
    last_rate_share: float = 0.1
    """Which share of the highest learning rate is left at the last step."""
    weight_decay: float = 0.0
    clip_norm: float | None = 1.0
    """The norm that all gradients together may have; None for any."""
    seed: int = 0
    parallel: Parallel = Parallel.SINGLE
    precision: Precision = Precision.FP32
    compile: bool = False
    """Whether torch.compile makes the model faster; the first step takes longer for it."""
    deterministic: bool = False
    """Whether a GPU takes algorithms that give the same bits each time; on CPUs all do but compiled ones."""
    log_every_steps: int = 10
    """How often losses are told. What processes must agree on is agreed then: checkpoints and stops too."""
    checkpoint_every_steps: int | None = None
    checkpoint_every_s: float | None = 60.0
    """A checkpoint is begun when losses are told and either is due; None for never. The last step has one."""
    keep_checkpoints: int = 2
    """How many are kept: all but the newest serve when that one is damaged."""
    least_processes: int | None = None
    """It goes on with as few where devices are lost, or processes die on one; None: never with fewer."""
    most_processes: int | None = None
    """So many are started at most, however many devices there are; None for any number."""
    start_from: str | None = None
    """The folder of a checkpoint whose parameters are taken over before the first step, to finetune them."""

    def __post_init__(self) -> None:
        """Refuse what cannot be trained."""
        wrong = [f"{name} of the training is {value}; expected {what}" for name, value, what in self._wrong()]
        if wrong:
            names = ", ".join(name for name, _, _ in self._wrong())
            raise BadInput("; ".join(wrong), f"Correct {names}.")

    def _wrong(self) -> Iterator[tuple[str, object, str]]:
        least = {"steps": 1, "batch_size": 1, "accumulation": 1, "log_every_steps": 1, "keep_checkpoints": 1}
        for name, lowest in {**least, "warmup_steps": 0, "seed": 0}.items():
            if getattr(self, name) < lowest:
                yield name, getattr(self, name), f"a whole number of at least {lowest}"
        if self.seed >= SEEDS:
            yield "seed", self.seed, f"below {SEEDS}"
        if not 0 < self.learning_rate < 1:
            yield "learning_rate", self.learning_rate, "above 0 and below 1"
        if not 0 <= self.last_rate_share <= 1:
            yield "last_rate_share", self.last_rate_share, "from 0 to 1"
        if not 0 <= self.weight_decay < inf:
            yield "weight_decay", self.weight_decay, "0 or more"
        yield from self._wrong_way()
        yield from self._wrong_bounds()
        if self.warmup_steps > max(1, self.steps):
            yield "warmup_steps", self.warmup_steps, f"at most the {self.steps} steps of the training"
        for name in ("clip_norm", "checkpoint_every_steps", "checkpoint_every_s"):
            value = getattr(self, name)
            if value is not None and not 0 < value < inf:
                yield name, value, "above 0, or nothing"

    def _wrong_way(self) -> Iterator[tuple[str, object, str]]:
        shards = self.parallel is Parallel.FSDP2 or self.parallel in ZERO_STAGES
        if self.precision is Precision.FP16 and shards:
            yield "precision", self.precision, f"bf16 or fp32 where parallel is {self.parallel}"
        if self.compile and self.parallel in ZERO_STAGES:
            yield "compile", self.compile, f"false where parallel is {self.parallel}"

    def _wrong_bounds(self) -> Iterator[tuple[str, object, str]]:
        least, most = self.least_processes, self.most_processes
        for name, value in (("least_processes", least), ("most_processes", most)):
            if value is not None and value < 1:
                yield name, value, "a whole number of at least 1, or nothing"
        if least is not None and most is not None and most < least:
            yield "most_processes", most, f"at least the {least} of least_processes"
        if least is not None and self.parallel in ZERO_STAGES:
            yield (
                "least_processes",
                least,
                f"nothing where parallel is {self.parallel}",
            )

    def part(self, processes: int) -> int:
        """Samples in one forward pass of one process. :class:`BadInput` where it is no whole number."""
        parts = processes * self.accumulation
        if self.batch_size % parts:
            raise BadInput(
                f"batch_size {self.batch_size} cannot be divided among {processes} processes in "
                f"{self.accumulation} parts each",
                f"Choose a multiple of {parts} for batch_size, such as "
                f"{parts * max(1, round(self.batch_size / parts))}.",
            )
        return self.batch_size // parts


def read_plan(text: str) -> Plan:
    """The plan that JSON describes. Raises :class:`BadInput`, which names each field that is wrong."""
    try:
        return _PLANS.validate_json(text)
    except ValidationError as problem:
        wrong = [f"{_place(one['loc'])}: {one['msg']}" for one in problem.errors(include_url=False)]
        raise BadInput(
            f"the plan of a training is wrong in {len(wrong)} places: {'; '.join(wrong)}",
            "Correct these fields; docs/training.md lists them all.",
        ) from problem


def write_plan(plan: Plan) -> str:
    """JSON that :func:`read_plan` reads: equal plans give equal text."""
    return json.dumps(asdict(plan), sort_keys=True)


def _place(where: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in where) or "the text"


_PLANS = TypeAdapter(Plan)
