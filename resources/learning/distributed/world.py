"""The processes of a training and their devices. Import this module inside functions only."""

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import torch
from torch import distributed

from resources.errors import BadInput

MIB = 1024 * 1024
LONGEST_WAIT = timedelta(hours=1)
"""That one process waits for another, such as for a checkpoint to be read: who watches sees hangs sooner."""


@dataclass(frozen=True)
class World:
    """One process, the one that asks, among those that train together."""

    process: int
    """From 0."""
    processes: int
    device: torch.device

    @property
    def is_first(self) -> bool:
        """Whether it is the one that tells what all have come to."""
        return self.process == 0

    def summed(self, values: list[float]) -> list[float]:
        """Each value summed over all processes: all must ask at the same step."""
        if self.processes == 1:
            return values
        # In double precision, on whatever the group of processes talks through.
        given = torch.tensor(values, dtype=torch.float64, device=self.device)
        distributed.all_reduce(given)
        return [float(value) for value in given.tolist()]

    def told(self, value: int) -> int:
        """The value of the first process."""
        if self.processes == 1:
            return value
        given = torch.tensor([value], dtype=torch.int64, device=self.device)
        distributed.broadcast(given, src=0)
        return int(given.item())

    def memory_mib(self) -> float:
        """The most that this process held so far: of its GPU's memory, on CPUs of the machine's."""
        if self.device.type == "cuda":
            return torch.cuda.max_memory_allocated(self.device) / MIB
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@contextmanager
def joined(device: str) -> Iterator[World]:
    """Join the processes that torchrun started, if it did; ``device`` is ``cpu`` or ``cuda``."""
    processes = int(os.environ.get("WORLD_SIZE", "1"))
    process, local = int(os.environ.get("RANK", "0")), int(os.environ.get("LOCAL_RANK", "0"))
    mine = torch.device("cuda", local) if device == "cuda" else torch.device("cpu")
    if mine.type == "cuda":
        _check_gpu(local)
        torch.cuda.set_device(mine)
    # gloo serves beside nccl: what is staged for a checkpoint lies in the machine's memory.
    backend = "cpu:gloo,cuda:nccl" if mine.type == "cuda" else "gloo"
    if "WORLD_SIZE" in os.environ:
        distributed.init_process_group(backend, timeout=LONGEST_WAIT)
    else:
        store = distributed.HashStore()  # type: ignore[attr-defined]  # one process is a group too
        distributed.init_process_group(backend, rank=0, world_size=1, store=store)
    try:
        yield World(process, processes, mine)
    finally:
        if distributed.is_initialized():
            distributed.destroy_process_group()


def _check_gpu(number: int) -> None:
    seen = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if number >= seen:
        raise BadInput(
            f"device is cuda, and process {number} of this machine sees {seen} GPUs; expected one for each",
            "Start as many processes as there are GPUs, or choose cpu for device.",
        )
