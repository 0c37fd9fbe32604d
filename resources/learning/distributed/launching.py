"""Starting the processes of a training on this machine. No torch here: whoever starts them need not train."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import psutil

from resources.errors import BadInput
from resources.files import write_atomically
from resources.learning.distributed.plan import ZERO_STAGES, Parallel, Plan, write_plan
from resources.learning.distributed.progress import STOP
from resources.learning.distributed.refusals import forget_refusal
from resources.learning.distributed.tasks.catalogue import settings_of

PLAN, LOGS, AGENT_LOG = "plan.json", "logs", "agent.log"
"""What a start leaves in the folder of a training, beside what the training itself does."""
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
"""Each library reads its own. Where one has another number of threads, its sums have other bits."""
WORKER = "resources.learning.distributed.worker"
"""Trains a task of the catalogue."""
_CUBLAS = {"CUBLAS_WORKSPACE_CONFIG": ":4096:8"}
"""Without it cuBLAS refuses to be deterministic, or is not; unless somebody knows a better one."""
_ONE_PROCESS = (Parallel.SINGLE, Parallel.DATA_PARALLEL)


@dataclass(frozen=True)
class Launch:
    """One training on this machine."""

    plan: Plan
    folder: Path
    """Where it tells and keeps everything; what is there already is gone on from."""
    processes: int = 1
    device: str = "cpu"
    """``cpu`` or ``cuda``: then each process has the GPU of its number among those that are visible."""
    restarts: int = 3
    """How often ``torchrun`` starts all processes again, from the last checkpoint, after one of them died."""
    threads: int = 1
    """CPU threads of each process."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """On top of the starter's own."""
    worker: str = WORKER
    """The module of a process that trains."""

    def __post_init__(self) -> None:
        """Refuse what the processes would refuse, before they start."""
        if self.processes < 1 or self.threads < 1 or self.restarts < 0:
            raise BadInput(
                f"a training of {self.processes} processes with {self.threads} threads each and "
                f"{self.restarts} restarts cannot be started",
                "Give at least 1 process, 1 thread and 0 restarts.",
            )
        if self.device not in {"cpu", "cuda"}:
            raise BadInput(f"device is {self.device!r}; expected cpu or cuda", "Correct device.")
        if self.processes > 1 and self.plan.parallel in _ONE_PROCESS:
            raise BadInput(
                f"parallel is {self.plan.parallel}, which is one process; {self.processes} were asked for",
                "Start one process, or choose ddp or fsdp2 for parallel.",
            )
        if self.plan.parallel in ZERO_STAGES and find_spec("deepspeed") is None:
            raise BadInput(
                f"parallel is {self.plan.parallel}, which takes DeepSpeed; it is not installed here",
                "Install it: pip install --no-build-isolation 'trainplat[deepspeed]'; or choose fsdp2.",
            )
        least, most = self.plan.least_processes or 1, self.plan.most_processes or self.processes
        if not least <= self.processes <= most:
            raise BadInput(
                f"{self.processes} processes were asked for; the plan has from {least} to {most}",
                "Start as many, or change least_processes and most_processes.",
            )
        if self.worker == WORKER:
            settings_of(self.plan.task)
            self.plan.part(self.processes)


class Group:
    """The processes of a training that runs: ``torchrun`` and what it started. They die with this process."""

    def __init__(self, launch: Launch) -> None:
        folder = launch.folder.resolve()
        folder.mkdir(parents=True, exist_ok=True)
        forget_refusal(folder)
        (folder / STOP).unlink(missing_ok=True)  # it was for those before
        write_atomically(folder / PLAN, write_plan(launch.plan))
        self.folder = folder
        with (folder / AGENT_LOG).open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "resources.learning.distributed.agent", *_arguments(launch, folder)],
                env={**_environment(launch), **launch.environment},
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def exit_code(self) -> int | None:
        """What ``torchrun`` ended with; None while it runs."""
        return self._process.poll()

    def workers(self) -> list[psutil.Process]:
        """The processes that train, and live."""
        if self.exit_code is not None:
            return []
        try:
            return psutil.Process(self._process.pid).children()
        except psutil.NoSuchProcess:
            return []

    def ask_for_stacks(self) -> None:
        """Let each process that trains write where its threads are."""
        for worker in self.workers():
            with suppress(psutil.NoSuchProcess):
                worker.send_signal(signal.SIGUSR2)

    def ask_to_stop(self) -> None:
        """Let it write a checkpoint at the next point, and end."""
        (self.folder / STOP).touch()

    def kill(self) -> None:
        """End all of it now. Its checkpoints stay."""
        workers = self.workers()
        self._process.kill()
        self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()
        for worker in workers:
            with suppress(psutil.NoSuchProcess):
                worker.kill()
        psutil.wait_procs(workers, timeout=10)


def _arguments(launch: Launch, folder: Path) -> list[str]:
    return [
        "--standalone",
        *("--nnodes", "1", "--nproc-per-node", str(launch.processes)),
        # Where it may go on with fewer, whoever watches starts it again.
        *("--max-restarts", str(launch.restarts if launch.plan.least_processes is None else 0)),
        *("--log-dir", str(folder / LOGS), "--redirects", "3"),
        *("-m", launch.worker, str(folder / PLAN), str(folder), launch.device),
    ]


def _environment(launch: Launch) -> dict[str, str]:
    return {**_CUBLAS, **os.environ, **dict.fromkeys(THREADS, str(launch.threads))}
