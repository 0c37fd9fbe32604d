"""Starting runs on this machine: one process group for each, with its devices in its environment."""

import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

from dagster import DagsterEvent, DagsterInstance, DagsterRun, DagsterRunStatus, Field, IntSource
from dagster._core.launcher import CheckRunHealthResult, LaunchRunContext, RunLauncher, WorkerStatus
from dagster._grpc.types import ExecuteRunArgs
from dagster._serdes import ConfigurableClass, ConfigurableClassData, serialize_value

from resources.errors import TrainplatError, Unavailable
from resources.gpu import tags
from resources.gpu.enforcement.apart import apart
from resources.gpu.enforcement.limits import lift_limits
from resources.gpu.enforcement.start import run_environment, start_mps
from resources.gpu.inventory.model import Device, DeviceId
from resources.gpu.model import ILL_DEVICE, Lease, LeaseState, RunId
from resources.gpu.requests.model import Mode
from resources.gpu.service import GpuService
from resources.home import Home
from resources.process import SUPERVISED_VARIABLE, ProcessIdentity
from resources.runs.mounting import mounts_environment
from resources.runs.reconcile import reconcile
from resources.runs.watching import Watch, WatchThread, limit
from resources.terms import Actor

DEFAULT_MAX_ATTEMPTS = 5
ACTOR = Actor("launcher")


class LocalGpuRunLauncher(RunLauncher[DagsterInstance], ConfigurableClass):
    """Launches a run once its lease is claimed, however often the daemon asks for it.

    The stock daemon can dequeue a run twice; the claim is one row that changes once, so that the second
    launch does nothing. A run whose process dies is put back in the queue, up to ``max_attempts`` times.
    """

    def __init__(
        self, max_attempts: int = DEFAULT_MAX_ATTEMPTS, inst_data: ConfigurableClassData | None = None
    ) -> None:
        self.max_attempts = max_attempts
        self._inst_data = inst_data
        self._watch: WatchThread | None = None
        super().__init__()  # type: ignore[no-untyped-call]

    @property
    def inst_data(self) -> ConfigurableClassData | None:
        """What dagster.yaml says of the launcher."""
        return self._inst_data

    @classmethod
    def config_type(cls) -> dict[str, Any]:
        """``max_attempts``: how often a run is started in all when its process keeps dying."""
        return {"max_attempts": Field(IntSource, is_required=False, default_value=DEFAULT_MAX_ATTEMPTS)}

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> Self:
        """The launcher that dagster.yaml describes."""
        return cls(max_attempts=config_value["max_attempts"], inst_data=inst_data)

    def launch_run(self, context: LaunchRunContext) -> None:
        """Start the run's process, or put the run back in the queue when it has no lease to claim."""
        run = context.dagster_run
        service = _service()
        home = Home.from_environment()
        logs = home.logs / "runs"
        try:
            devices = service.devices()
            granted = service.newest_lease(RunId(run.run_id))
            if granted is not None and (gone := _gone(granted, devices)):
                self._take_back(service, run, granted, gone)
                return
            if granted is not None and granted.request.mode is Mode.FRACTION:
                start_mps(home, service.fractions)  # that of others may not start, which is their trouble
            lease = service.claim(RunId(run.run_id), ProcessIdentity.current())
        except Unavailable as problem:  # a full disk, a busy database, an ill driver: not the run's fault
            self._enqueue(run, f"Back to the queue: {problem}")
            return
        if lease is None:
            self._without_claim(service, run)
            return
        log_file = logs / f"{run.run_id}.{lease.attempt}.log"
        try:
            worker = start_worker(
                self._worker_command(run, lease),
                run_environment(lease, devices, home) | mounts_environment(run),
                log_file,
            )
        except OSError as problem:
            # Not the run's fault either. Reconciliation sees the claim expire and puts the run back.
            self._note(run, f"Its process could not be started ({problem}); it is tried again in a minute.")
            return
        self._note(
            run,
            f"Started process {worker.pid} with {', '.join(lease.devices) or 'no device'}; "
            f"its output is in {log_file}",
        )
        self._limit(run, lease, worker.pid, devices)
        threading.Thread(target=self._wait_for, args=(worker, lease.run_id), daemon=True).start()
        self._ensure_watch(service, home)

    def terminate(self, run_id: str) -> bool:
        """Ask the run's process to end; what does not end within the grace is killed by reconciliation."""
        run = self._instance.get_run_by_id(run_id)
        if run is None or run.is_finished:
            return False
        self._instance.report_run_canceling(run)
        holder = _process_of(_service(), RunId(run_id))
        if holder is not None and holder.is_alive():
            with suppress(ProcessLookupError):
                os.kill(holder.pid, signal.SIGTERM)  # Dagster's own worker ends its steps and reports
            return True
        try:
            reconcile(self._instance, _service(), ACTOR)
        except TrainplatError:
            logging.getLogger(__name__).warning("left to the arbiter's next pass", exc_info=True)
        return True

    @property
    def supports_check_run_worker_health(self) -> bool:
        """True: a process is there or it is not."""
        return True

    def check_run_worker_health(self, run: DagsterRun) -> CheckRunHealthResult:
        """Whether the run's process lives. A dead one is put back in the queue here, not failed."""
        service = _service()
        self._ensure_watch(service, Home.from_environment())  # a daemon that was restarted has none yet
        lease = service.newest_lease(RunId(run.run_id))
        if lease is None or lease.holder is None or lease.holder.is_alive():
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        reconcile(self._instance, _service(), ACTOR)
        return CheckRunHealthResult(WorkerStatus.RUNNING, "its process died; the run was taken up")

    def dispose(self) -> None:
        """End the watch with the instance that it writes to."""
        if self._watch is not None:
            self._watch.stop()
            self._watch = None

    def _ensure_watch(self, service: GpuService, home: Home) -> None:
        if self._watch is None:
            self._watch = WatchThread(Watch(self._instance, service, home))
        self._watch.ensure()

    def _limit(self, run: DagsterRun, lease: Lease, pid: int, devices: tuple[Device, ...]) -> None:
        """Keep the run within its lease, and say on it by what. One that cannot be limited is watched."""
        leader = ProcessIdentity.of(pid)
        if leader is None:
            return
        started = replace(lease, holder=leader)
        try:
            reason = limit(started, _service().live_leases())
        except (OSError, TrainplatError) as problem:
            reason = f"It is only watched: {problem}."
        kept = apart(started, devices)
        told = [one.reason for one in kept.devices] + list(kept.told)
        sentences = [f"{one.rule}: {one.text}" for one in told] + ([reason] if reason and kept.told else [])
        if sentences:
            self._note(run, " ".join(sentences))

    def _take_back(self, service: GpuService, run: DagsterRun, granted: Lease, gone: list[DeviceId]) -> None:
        """What was granted fell ill before it was taken up: the run waits for another device."""
        self._instance.add_run_tags(run.run_id, {tags.ADMISSION: tags.PENDING, tags.DEVICES: ""})
        self._enqueue(run, f"Back to the queue: of its lease {', '.join(gone)} is out of order.")
        service.try_again(granted.run_id, granted.attempt, reason=ILL_DEVICE, actor=ACTOR, seen=granted)

    def _without_claim(self, service: GpuService, run: DagsterRun) -> None:
        lease = service.newest_lease(RunId(run.run_id))
        if lease is not None and lease.state is LeaseState.CLAIMED:
            return  # dequeued twice: the other launch has it
        fresh = self._instance.get_run_by_id(run.run_id)
        if fresh is None or fresh.is_finished:
            return  # cancelled while it was dequeued
        if fresh.status is DagsterRunStatus.CANCELING:
            self._instance.report_run_canceled(fresh)
            return
        self._instance.add_run_tags(run.run_id, {tags.ADMISSION: tags.PENDING})
        self._enqueue(run, "Back to the queue: no lease is granted to this run.")
        reconcile(self._instance, service, ACTOR)

    def _note(self, run: DagsterRun, text: str) -> None:
        """Say it on the run. An error here would make the daemon fail a run whose process lives."""
        try:
            self._instance.report_engine_event(text, run)
        except Exception:
            logging.getLogger(__name__).warning(
                "run %s: not noted on it: %s", run.run_id, text, exc_info=True
            )

    def _enqueue(self, run: DagsterRun, reason: str) -> None:
        self._instance.report_engine_event(reason, run)
        self._instance.report_dagster_event(DagsterEvent.job_enqueue(run), run_id=run.run_id)

    def _worker_command(self, run: DagsterRun, lease: Lease) -> list[str]:
        origin = run.job_code_origin
        if origin is None:
            raise ValueError(f"run {run.run_id} does not say which code it runs; it has no job_code_origin")
        arguments = ExecuteRunArgs(
            job_origin=origin,
            run_id=run.run_id,
            instance_ref=self._instance.get_ref(),
            set_exit_code_on_failure=True,
        )
        python = origin.repository_origin.executable_path or sys.executable
        return [
            *(python, "-m", "resources.runs.worker", run.run_id, str(lease.attempt)),
            serialize_value(arguments),
        ]

    def _wait_for(self, worker: "subprocess.Popen[bytes]", run_id: RunId) -> None:
        worker.wait()
        lift_limits(run_id)
        try:
            reconcile(self._instance, _service(), ACTOR)
        except Exception:
            # The instance may be closing; the arbiter's next pass does the same.
            logging.getLogger(__name__).debug("reconciliation after a run's end failed", exc_info=True)


def start_worker(
    command: list[str], environment: Mapping[str, str], log_file: Path
) -> "subprocess.Popen[bytes]":
    """Start a run worker in a session of its own, so that it outlives whoever starts it.

    Raises OSError when its log cannot be opened, or there is no process to be had.
    """
    log_file.parent.mkdir(parents=True, exist_ok=True)
    inherited = {key: value for key, value in os.environ.items() if key != SUPERVISED_VARIABLE}
    with log_file.open("ab") as output:
        return subprocess.Popen(
            command,
            env=inherited | dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _gone(granted: Lease, well: tuple[Device, ...]) -> list[DeviceId]:
    """The devices that are no more to be had of a lease that was not taken up yet."""
    if granted.state is not LeaseState.GRANTED:
        return []
    there = {device.id for device in well}
    return [device for device in granted.devices if device not in there]


def _process_of(service: GpuService, run_id: RunId) -> ProcessIdentity | None:
    """The process that a run has now; of a direct run also the one that waits."""
    lease = service.newest_lease(run_id)
    if lease is not None and lease.state is not LeaseState.RELEASED and lease.holder is not None:
        return lease.holder
    asked = service.newest_request(run_id)
    return None if asked is None else asked.holder


def _service() -> GpuService:
    return GpuService(Home.from_environment().database())
