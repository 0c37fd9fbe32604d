"""Writes checkpoints beside the steps. Import this module inside functions only."""

import os
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from torch import distributed, nn
from torch.amp.grad_scaler import GradScaler
from torch.distributed.checkpoint.filesystem import FileSystemWriter
from torch.distributed.checkpoint.planner import SavePlan, SavePlanner
from torch.distributed.checkpoint.staging import DefaultStager, StagingOptions
from torch.distributed.checkpoint.state_dict_saver import async_save
from torch.distributed.checkpoint.storage import WriteResult
from torch.futures import Future as TorchFuture
from torch.optim import Optimizer

from resources.learning.distributed.checkpoints.folder import Checkpoints
from resources.learning.distributed.checkpoints.own import OwnSteps
from resources.learning.distributed.checkpoints.state import state_of
from resources.learning.distributed.progress import Saved
from resources.learning.distributed.world import World

# A copy of its own: else tensors of a CPU would be written as they are, while steps change them.
_COPIED = StagingOptions(
    use_pinned_memory=False, use_shared_memory=False, use_async_staging=False, use_non_blocking_copy=False
)

BEHIND_STEPS = 10
"""By how much threads that write are nicer than those that train."""


class Writer:
    """At most one checkpoint is on its way at a time; the next one waits for it.

    The state is copied into memory while the training stands still; then a thread of each process writes
    its share, in time that the steps leave.
    """

    def __init__(
        self, checkpoints: Checkpoints, keep: int, world: World, tell: Callable[[Saved], None]
    ) -> None:
        self._checkpoints, self._keep, self._world, self._tell = checkpoints, keep, world, tell
        # Threads of their own talk through a group of their own: steps go on in the other one meanwhile.
        self._group = distributed.new_group(backend="gloo")
        self._finisher = ThreadPoolExecutor(1, "checkpoint", initializer=give_way)
        self._under_way: Future[None] | None = None
        # It keeps the memory that it copies into: none is given back and asked for again at each checkpoint.
        self._stager = DefaultStager(_COPIED)

    def begin(self, step: int, model: nn.Module, optimizer: Optimizer | OwnSteps, scaler: GradScaler) -> None:
        """Begin one of the state after ``step`` steps. Raises what went wrong with the one before."""
        began_s = time.monotonic()
        self.wait()
        part = self._checkpoints.part(step)
        if self._world.is_first:
            self._checkpoints.begin(step)
        self._world.told(0)  # nobody writes into it before it is empty
        written = async_save(
            state_of(model, optimizer, scaler),
            storage_writer=_NiceWriter(part, sync_files=False),  # finish() syncs
            process_group=self._group,
            async_stager=self._stager,
        )
        stalled_s = time.monotonic() - began_s
        self._under_way = self._finisher.submit(self._finish, written, part, step, began_s, stalled_s)

    def wait(self) -> None:
        """Wait until none is on its way. Raises what went wrong with it."""
        under_way, self._under_way = self._under_way, None
        if under_way is not None:
            under_way.result()

    def close(self) -> None:
        """Wait, and end its threads."""
        try:
            self.wait()
        finally:
            self._finisher.shutdown()
            self._stager.close()

    def _finish(self, written: Any, part: Path, step: int, began_s: float, stalled_s: float) -> None:
        written.result()  # of the first process: all shares are written
        if not self._world.is_first:
            return
        size_bytes = self._checkpoints.finish(part)
        self._checkpoints.keep(self._keep)
        self._tell(Saved(step, stalled_s, time.monotonic() - began_s, size_bytes))


class _NiceWriter(FileSystemWriter):
    """Writes in the thread that it is called in: one that torch makes for each checkpoint."""

    def write_data(self, plan: SavePlan, planner: SavePlanner) -> TorchFuture[list[WriteResult]]:
        """Give way to the steps first."""
        give_way()
        return super().write_data(plan, planner)


def give_way() -> None:
    """Let this thread have what others leave of the processors; Linux knows that of single threads only."""
    if sys.platform == "linux":
        thread = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, thread, os.getpriority(os.PRIO_PROCESS, thread) + BEHIND_STEPS)
