"""The launcher over a real instance and ledger: once for each claim, and no run lost to trouble around it."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dagster import DagsterInstance, DagsterRun, DagsterRunStatus
from dagster._core.launcher import LaunchRunContext, WorkerStatus
from dagster._core.origin import JobPythonOrigin, RepositoryPythonOrigin

from resources.errors import Unavailable
from resources.gpu.model import LeaseState, Origin, RunId
from resources.gpu.service import GpuService
from resources.process import ProcessIdentity
from resources.runs import launcher as launcher_module
from tests.resources.runs import test_reconcile
from tests.resources.runs.test_reconcile import DEAD, ME, SLEEP, later, lease, mend, of, status

instance = test_reconcile.instance
service = test_reconcile.service
worker = test_reconcile.worker


def dequeued(instance: DagsterInstance, service: GpuService) -> DagsterRun:
    """A run that the daemon is about to launch: granted, and STARTING."""
    from dagster._core.code_pointer import ModuleCodePointer

    repository = RepositoryPythonOrigin("python", ModuleCodePointer("tests.servers.gpu_location", "defs"))
    origin = JobPythonOrigin("one_device_job", repository)
    run = test_reconcile.new_run(instance, DagsterRunStatus.STARTING, code_origin=origin)
    lease(service, instance, run)
    return run


def launch(instance: DagsterInstance, run: DagsterRun) -> None:
    instance.run_launcher.launch_run(LaunchRunContext(run, workspace=None))


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Iterator[list["subprocess.Popen[bytes]"]]:
    """The workers that were started; each only sleeps."""
    processes: list[subprocess.Popen[bytes]] = []

    def start(*_given: Any) -> "subprocess.Popen[bytes]":
        processes.append(subprocess.Popen(SLEEP, start_new_session=True))
        return processes[-1]

    monkeypatch.setattr(launcher_module, "start_worker", start)
    yield processes
    for process in processes:
        process.kill()
        process.wait()


def test_a_run_that_is_dequeued_twice_is_started_once(
    instance: DagsterInstance, service: GpuService, started: list["subprocess.Popen[bytes]"]
) -> None:
    run = dequeued(instance, service)
    launch(instance, run)
    launch(instance, run)
    assert len(started) == 1
    assert status(instance, run) is DagsterRunStatus.STARTING


def test_a_process_that_cannot_be_started_costs_an_attempt_and_not_the_run(
    instance: DagsterInstance, service: GpuService, trainplat_home: Path
) -> None:
    (trainplat_home / "logs").mkdir(parents=True)
    (trainplat_home / "logs" / "runs").write_text("in the way of the folder of logs")
    run = dequeued(instance, service)
    launch(instance, run)
    assert status(instance, run) is DagsterRunStatus.STARTING
    assert "could not be started" in "".join(str(entry) for entry in instance.all_logs(run.run_id))
    mend(instance, service, later(seconds=61))
    assert status(instance, run) is DagsterRunStatus.QUEUED
    assert [(one.attempt, one.state) for one in service.live_leases()] == [(2, LeaseState.GRANTED)]


def test_an_ill_driver_sends_a_run_back_to_the_queue_and_leaves_it_its_devices(
    instance: DagsterInstance, service: GpuService, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = dequeued(instance, service)

    def ill(_service: GpuService) -> None:
        raise Unavailable("NVML does not answer", "Run nvidia-smi.")

    monkeypatch.setattr(GpuService, "devices", ill)
    launch(instance, run)
    assert status(instance, run) is DagsterRunStatus.QUEUED
    assert [one.state for one in service.live_leases()] == [LeaseState.GRANTED]


def test_a_run_whose_device_falls_ill_before_it_starts_waits_for_another_one(
    instance: DagsterInstance,
    service: GpuService,
    started: list["subprocess.Popen[bytes]"],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = dequeued(instance, service)
    (before,) = service.live_leases()
    well = tuple(one for one in service.devices() if one.id not in before.devices)
    with monkeypatch.context() as patched:
        patched.setattr(GpuService, "devices", lambda _service: well)
        launch(instance, run)
    assert started == []
    assert status(instance, run) is DagsterRunStatus.QUEUED
    assert f"of its lease {before.devices[0]} is out of order" in "".join(
        str(entry) for entry in instance.all_logs(run.run_id)
    )
    assert service.live_leases() == []
    assert [(one.run_id, one.attempt) for one in service.waiting()] == [(run.run_id, 2)]


def test_a_note_that_cannot_be_written_fails_no_run_whose_process_lives(
    instance: DagsterInstance,
    service: GpuService,
    started: list["subprocess.Popen[bytes]"],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = dequeued(instance, service)

    def full(*_given: object, **_named: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(DagsterInstance, "report_engine_event", full)
        launch(instance, run)
    assert len(started) == 1
    assert status(instance, run) is DagsterRunStatus.STARTING


def test_a_worker_that_is_dead_is_no_failure_of_the_run(
    instance: DagsterInstance, service: GpuService
) -> None:
    run = test_reconcile.new_run(instance, DagsterRunStatus.STARTED)
    lease(service, instance, run, claimer=ME, holder=DEAD)
    health = instance.run_launcher.check_run_worker_health(run)
    assert health.status is WorkerStatus.RUNNING
    assert status(instance, run) is DagsterRunStatus.QUEUED
    assert service.live_leases()[0].attempt == 2


@pytest.mark.parametrize("waits", [True, False])
def test_the_process_of_a_direct_run_is_asked_to_end_whether_it_waits_or_works(
    instance: DagsterInstance, service: GpuService, worker: "subprocess.Popen[bytes]", waits: bool
) -> None:
    if waits:
        for _ in range(2):
            blocker = test_reconcile.new_run(instance, DagsterRunStatus.STARTED)
            lease(service, instance, blocker, claimer=ME, holder=ME)
    run = test_reconcile.new_run(instance, DagsterRunStatus.STARTED)
    claimer: ProcessIdentity | None = None if waits else of(worker.pid)
    lease(service, instance, run, claimer=claimer, holder=of(worker.pid), origin=Origin.DIRECT)
    assert (RunId(run.run_id) in {one.run_id for one in service.waiting()}) == waits
    assert instance.run_launcher.terminate(run.run_id)
    assert worker.wait(10) == -15
    assert status(instance, run) is DagsterRunStatus.CANCELING
