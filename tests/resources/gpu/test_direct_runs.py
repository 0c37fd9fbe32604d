"""Runs that people start with ``dagster`` itself, past the coordinator: real processes, and ``kill -9``."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from dagster import DagsterRunStatus

from resources.gpu.model import Lease, Origin, Owner, RunId, WaitingRequest
from resources.gpu.service import GpuService
from resources.home import Home
from resources.process import ProcessIdentity
from resources.runs.instance import open_instance
from resources.runs.reconcile import reconcile
from resources.terms import Actor
from tests.servers.dagster_instances import copy_instance
from tests.servers.dagster_servers import CHECKOUT, wait_until

pytestmark = pytest.mark.real

LOCATION = ["-m", "tests.servers.gpu_location"]
IN_PROCESS = """
import sys
from dagster import DagsterInstance
from tests.servers.gpu_location import defs
job = defs.get_job_def(sys.argv[1])
done = job.execute_in_process(instance=DagsterInstance.get(), raise_on_error=False)
sys.exit(0 if done.success else 1)
"""
COMMANDS = {
    "asset materialize": ["-m", "dagster", "asset", "materialize", *LOCATION, "--select", "{}"],
    "job execute": ["-m", "dagster", "job", "execute", *LOCATION, "-j", "{}_job"],
    "execute_in_process": ["-c", IN_PROCESS, "{}_job"],
}
ANN = Actor("user:ann")

Started = list["subprocess.Popen[str]"]


def each_command(first: str) -> pytest.MarkDecorator:
    """Once for each way to start a run. Each costs some seconds of its own, so the others are slow tests."""
    others = [pytest.param(one, marks=pytest.mark.slow) for one in COMMANDS if one != first]
    return pytest.mark.parametrize("command", [first, *others])


@pytest.fixture
def environment(trainplat_home: Path, tmp_path: Path, dagster_template: Path) -> dict[str, str]:
    """Of a machine with one CPU slot, with an instance of its own."""
    folder = copy_instance(dagster_template, tmp_path / "dagster")
    return os.environ | {
        "DAGSTER_HOME": str(folder),
        "TEST_GATES": str(tmp_path),
        "TRAINPLAT_CPU_SLOTS": "1",
    }


@pytest.fixture
def started() -> Iterator[Started]:
    """What a test has started; killed after it."""
    processes: Started = []
    yield processes
    for process in processes:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def start(command: str, asset: str, environment: dict[str, str], started: Started) -> "subprocess.Popen[str]":
    *arguments, target = COMMANDS[command]
    process = subprocess.Popen(
        [sys.executable, *arguments, target.format(asset)],
        cwd=CHECKOUT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    started.append(process)
    return process


def service() -> GpuService:
    return GpuService(Home.from_environment().database())


def one_lease() -> Lease:
    [lease] = wait_until(service().live_leases, "the lease")
    return lease


def one_waiting() -> WaitingRequest:
    [waiting] = wait_until(lambda: [one for one in service().waiting() if one.reason], "somebody to wait")
    return waiting


@each_command(first="asset materialize")
def test_kill_9_of_a_direct_run_gives_its_devices_back_to_the_next(
    command: str, environment: dict[str, str], tmp_path: Path, started: Started
) -> None:
    first = start(command, "one_device", environment, started)
    lease = one_lease()
    wait_until(lambda: list(tmp_path.glob("*.notes")), "the first step")
    second = start(command, "one_device", environment, started)
    waiting = one_waiting()
    assert waiting.reason is not None
    assert lease.run_id[:8] in waiting.reason
    first.kill()
    first.wait()
    (tmp_path / "all.go").touch()
    said, _ = second.communicate(timeout=120)
    assert second.returncode == 0, said
    assert waiting.reason in said
    assert service().live_leases() == []
    reasons = {one.run_id: one.release_reason for one in service().status().past}
    assert reasons == {lease.run_id: "its process is gone", waiting.run_id: "the run ended"}


@each_command(first="job execute")
def test_kill_9_of_a_direct_run_that_waits_leaves_nothing_in_the_queue(
    command: str, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, started: Started
) -> None:
    monkeypatch.setenv("TRAINPLAT_CPU_SLOTS", "1")
    gpu, holder = service(), RunId("holder")
    me = ProcessIdentity.current()
    owner = Owner("other", "bob")
    gpu.submit(holder, "1", owner=owner, origin=Origin.DIRECT, instance="elsewhere", actor=ANN, holder=me)
    gpu.decide_now(ANN)
    lease = gpu.claim(holder, me)
    assert lease is not None
    waiter = start(command, "one_device", environment, started)
    waiting = one_waiting()
    assert "in use by run holder of other (cpu:0)" in str(waiting.reason)
    waiter.kill()
    waiter.wait()
    gpu.release(holder, lease.attempt, reason="done", actor=ANN)
    gpu.free_dead_holders(ANN)
    gpu.decide_now(ANN)
    assert gpu.waiting() == []
    assert gpu.live_leases() == []


@each_command(first="execute_in_process")
def test_a_direct_run_that_asks_for_too_much_says_so_and_exits_with_an_error(
    command: str, environment: dict[str, str], started: Started
) -> None:
    refused = start(command, "two_devices", environment, started)
    said, _ = refused.communicate(timeout=120)
    assert refused.returncode != 0
    assert "GPU request '2' asks for 2 devices; this machine has 1" in said
    assert service().status().leases == ()


@pytest.mark.slow
def test_a_direct_run_that_waits_ends_when_it_is_cancelled(
    environment: dict[str, str], tmp_path: Path, started: Started
) -> None:
    first = start("job execute", "one_device", environment, started)
    one_lease()
    second = start("job execute", "one_device", environment, started)
    waiting = one_waiting()
    with open_instance(Path(environment["DAGSTER_HOME"])) as instance:
        assert instance.run_coordinator.cancel_run(waiting.run_id)
        said, _ = second.communicate(timeout=60)
        assert second.returncode != 0, said
        run = instance.get_run_by_id(waiting.run_id)
        assert run is not None
        assert run.status is DagsterRunStatus.CANCELED
    assert service().waiting() == []
    assert [one.run_id for one in service().live_leases()] != [waiting.run_id]
    (tmp_path / "all.go").touch()
    assert first.wait(60) == 0


@pytest.mark.slow
def test_a_run_whose_steps_have_processes_of_their_own_takes_a_lease_for_each(
    environment: dict[str, str], tmp_path: Path, started: Started
) -> None:
    (tmp_path / "all.go").touch()
    running = start("job execute", "two_processes", environment, started)
    with open_instance(Path(environment["DAGSTER_HOME"])) as instance:
        while running.poll() is None:  # what the arbiter's ticks do meanwhile
            reconcile(instance, service(), ANN, clock=lambda: datetime.now(UTC) + timedelta(minutes=1))
            time.sleep(0.2)
        said, _ = running.communicate()
        assert running.returncode == 0, said
        [run] = instance.get_runs()
        assert run.status is DagsterRunStatus.SUCCESS, said
    [notes] = tmp_path.glob("*.notes")
    assert notes.read_text().splitlines() == [
        "attempt 1 on cpu:0, 2 threads",
        "then attempt 2 on cpu:0",
    ]
    assert service().live_leases() == []
