"""Each rule of reconciliation, over a real Dagster instance and ledger, with processes of the test's own."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from dagster import DagsterInstance, DagsterRun, DagsterRunStatus
from dagster._core.origin import JobPythonOrigin
from dagster._core.remote_origin import (
    ManagedGrpcPythonEnvCodeLocationOrigin,
    RemoteJobOrigin,
    RemoteRepositoryOrigin,
)
from dagster._core.run_coordinator import SubmitRunContext
from dagster._core.test_utils import create_run_for_test
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin

from resources.gpu.enforcement.model import Action, Finding
from resources.gpu.model import Attempt, LeaseState, Origin, Owner, RunId
from resources.gpu.policy.reason import Reason
from resources.gpu.resource import instance_key
from resources.gpu.service import GpuService
from resources.home import Home
from resources.process import ProcessIdentity
from resources.runs.instance import open_instance
from resources.runs.reconcile import reconcile
from resources.runs.shutdown import stop_runs
from resources.terms import Actor
from tests.servers.dagster_instances import copy_instance

TEST = Actor("user:test")
DEAD = ProcessIdentity(2**22 + 1, 1.0)
ME = ProcessIdentity.current()
SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]


@pytest.fixture
def instance(trainplat_home: Path, dagster_template: Path) -> Iterator[DagsterInstance]:
    with open_instance(copy_instance(dagster_template, trainplat_home / "dagster")) as opened:
        yield opened


@pytest.fixture
def service() -> GpuService:
    return GpuService(Home.from_environment().database())


@pytest.fixture
def worker() -> Iterator["subprocess.Popen[bytes]"]:
    process = subprocess.Popen(SLEEP, start_new_session=True)
    yield process
    process.kill()
    process.wait()


def new_run(
    instance: DagsterInstance,
    status: DagsterRunStatus,
    request: str = "1",
    code_origin: JobPythonOrigin | None = None,
    again: str | None = None,
) -> DagsterRun:
    location = ManagedGrpcPythonEnvCodeLocationOrigin(
        LoadableTargetOrigin(module_name="tests.servers.gpu_location"), location_name="test"
    )
    origin = RemoteJobOrigin(RemoteRepositoryOrigin(location, "__repository__"), "one_device_job")
    run: DagsterRun = create_run_for_test(
        instance,
        status=status,
        tags={"trainplat/gpu": request},
        remote_job_origin=origin,
        job_code_origin=code_origin,
        root_run_id=again,
        parent_run_id=again,
    )
    return run


def lease(
    service: GpuService,
    instance: DagsterInstance,
    run: DagsterRun,
    *,
    claimer: ProcessIdentity | None = None,
    holder: ProcessIdentity | None = None,
    origin: Origin = Origin.QUEUE,
) -> None:
    service.submit(
        RunId(run.run_id),
        "1",
        owner=Owner("vision", "ann"),
        origin=origin,
        instance=instance_key(instance),
        actor=TEST,
        holder=(ME if claimer else holder) if origin is Origin.DIRECT else None,
    )
    if claimer is not None or holder is None:
        service.decide_now(TEST)
    if claimer is not None:
        assert service.claim(RunId(run.run_id), claimer)
    if holder is not None and origin is Origin.QUEUE:
        assert service.set_holder(RunId(run.run_id), Attempt(1), holder)


def later(**units: float) -> datetime:
    return datetime.now(UTC) + timedelta(**units)


def mend(instance: DagsterInstance, service: GpuService, now: datetime | None = None) -> None:
    reconcile(instance, service, TEST, clock=lambda: now or datetime.now(UTC))


def status(instance: DagsterInstance, run: DagsterRun) -> DagsterRunStatus:
    found = instance.get_run_by_id(run.run_id)
    assert found is not None
    return found.status


def of(pid: int) -> ProcessIdentity:
    found = ProcessIdentity.of(pid)
    assert found is not None
    return found


def test_a_queued_run_that_the_ledger_does_not_know_is_submitted_and_granted(
    instance: DagsterInstance, service: GpuService
) -> None:
    run = new_run(instance, DagsterRunStatus.QUEUED)
    mend(instance, service)
    found = instance.get_run_by_id(run.run_id)
    assert found is not None
    assert (found.tags["trainplat/admission"], found.tags["trainplat/devices"]) == ("granted", "cpu:0")


def test_the_ledger_knows_which_run_a_re_execution_goes_on_with(
    instance: DagsterInstance, service: GpuService
) -> None:
    first = new_run(instance, DagsterRunStatus.FAILURE)
    by_a_person = new_run(instance, DagsterRunStatus.NOT_STARTED, again=first.run_id)
    instance.run_coordinator.submit_run(SubmitRunContext(by_a_person, cast("Any", None)))
    cut_short = new_run(instance, DagsterRunStatus.QUEUED, again=first.run_id)
    other = new_run(instance, DagsterRunStatus.QUEUED)
    mend(instance, service)
    assert service.runs_at_work() == {
        by_a_person.run_id: first.run_id,
        cut_short.run_id: first.run_id,
        other.run_id: other.run_id,
    }


def test_a_queued_run_that_the_ledger_does_not_know_and_that_cannot_run_is_refused(
    instance: DagsterInstance, service: GpuService
) -> None:
    run = new_run(instance, DagsterRunStatus.QUEUED, request="99")
    mend(instance, service)
    assert status(instance, run) is DagsterRunStatus.FAILURE


@pytest.mark.parametrize("claimed", [False, True])
def test_a_submission_that_was_cut_short_is_finished(
    instance: DagsterInstance, service: GpuService, claimed: bool
) -> None:
    if claimed:  # another run holds both slots, so that the one in question waits
        for _ in range(2):
            lease(service, instance, new_run(instance, DagsterRunStatus.STARTED), claimer=ME, holder=ME)
    run = new_run(instance, DagsterRunStatus.NOT_STARTED)
    lease(service, instance, run)
    mend(instance, service)
    assert status(instance, run) is DagsterRunStatus.NOT_STARTED
    mend(instance, service, later(seconds=16))
    assert status(instance, run) is DagsterRunStatus.QUEUED


def test_a_request_whose_run_is_over_leaves_the_line(instance: DagsterInstance, service: GpuService) -> None:
    blockers = [new_run(instance, DagsterRunStatus.STARTED) for _ in range(2)]
    for blocker in blockers:
        lease(service, instance, blocker, claimer=ME, holder=ME)
    lease(service, instance, new_run(instance, DagsterRunStatus.CANCELED))
    assert len(service.waiting()) == 1
    mend(instance, service)
    assert service.waiting() == []
    assert len(service.live_leases()) == 2


def test_a_lease_that_was_granted_to_a_run_that_is_over_is_given_back(
    instance: DagsterInstance, service: GpuService
) -> None:
    lease(service, instance, new_run(instance, DagsterRunStatus.CANCELED))
    mend(instance, service)
    assert service.live_leases() == []


def test_devices_are_given_back_only_when_the_whole_group_is_dead(
    instance: DagsterInstance, service: GpuService, worker: "subprocess.Popen[bytes]"
) -> None:
    run = new_run(instance, DagsterRunStatus.SUCCESS)
    lease(service, instance, run, claimer=ME, holder=of(worker.pid))
    mend(instance, service)
    assert len(service.live_leases()) == 1
    mend(instance, service, later(seconds=21))
    assert worker.wait(5) == -signal.SIGKILL
    assert service.live_leases() == []


def test_the_lease_of_a_finished_run_whose_worker_never_reported_is_given_back(
    instance: DagsterInstance, service: GpuService
) -> None:
    lease(service, instance, new_run(instance, DagsterRunStatus.FAILURE), claimer=ME)
    mend(instance, service)
    assert service.live_leases() == []


def test_a_launch_that_died_before_the_claim_goes_back_to_the_queue(
    instance: DagsterInstance, service: GpuService
) -> None:
    run = new_run(instance, DagsterRunStatus.STARTING)
    lease(service, instance, run)
    mend(instance, service)
    assert status(instance, run) is DagsterRunStatus.STARTING
    mend(instance, service, later(seconds=16))
    assert status(instance, run) is DagsterRunStatus.QUEUED
    assert service.live_leases()[0].state is LeaseState.GRANTED


def test_a_launch_that_died_after_the_claim_goes_back_to_the_queue_as_the_next_attempt(
    instance: DagsterInstance, service: GpuService
) -> None:
    run = new_run(instance, DagsterRunStatus.STARTING)
    lease(service, instance, run, claimer=DEAD)
    mend(instance, service)
    assert status(instance, run) is DagsterRunStatus.QUEUED
    [again] = service.live_leases()
    assert (again.attempt, again.state) == (2, LeaseState.GRANTED)
    # The worker of the first attempt, should it have been started, finds its lease gone.
    assert not service.set_holder(RunId(run.run_id), Attempt(1), ME)


def test_a_launch_gets_its_time_while_the_launcher_lives(
    instance: DagsterInstance, service: GpuService
) -> None:
    run = new_run(instance, DagsterRunStatus.STARTING)
    lease(service, instance, run, claimer=ME)
    mend(instance, service)
    assert status(instance, run) is DagsterRunStatus.STARTING
    mend(instance, service, later(seconds=61))
    assert status(instance, run) is DagsterRunStatus.QUEUED


@pytest.mark.parametrize("has_left_the_group", [False, True])
def test_a_run_whose_process_died_goes_back_in_place_and_its_children_are_ended(
    instance: DagsterInstance, service: GpuService, has_left_the_group: bool
) -> None:
    start = f"subprocess.Popen({SLEEP!r}, stdout=subprocess.DEVNULL, start_new_session={has_left_the_group})"
    script = f"import subprocess, time; print({start}.pid, flush=True); time.sleep(600)"
    run = new_run(instance, DagsterRunStatus.STARTED)
    worker = subprocess.Popen(
        [sys.executable, "-c", script],
        env=os.environ | {"TRAINPLAT_RUN_ID": run.run_id, "TRAINPLAT_LEASE": f"{run.run_id}#1"},
        start_new_session=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert worker.stdout is not None
    child = of(int(worker.stdout.readline()))
    lease(service, instance, run, claimer=ME, holder=of(worker.pid))
    worker.kill()
    worker.communicate()
    assert child.is_alive()
    mend(instance, service)
    assert not child.is_alive()
    assert status(instance, run) is DagsterRunStatus.QUEUED
    assert [(one.attempt, one.state) for one in service.live_leases()] == [(2, LeaseState.GRANTED)]


def test_putting_a_run_back_that_was_cut_short_is_finished(
    instance: DagsterInstance, service: GpuService, worker: "subprocess.Popen[bytes]"
) -> None:
    run = new_run(instance, DagsterRunStatus.QUEUED)
    lease(service, instance, run, claimer=ME, holder=of(worker.pid))
    mend(instance, service)
    assert worker.wait(5) == -signal.SIGKILL
    assert service.live_leases()[0].attempt == 2


def test_a_run_that_dies_in_every_attempt_fails_in_the_end(
    instance: DagsterInstance, service: GpuService
) -> None:
    run = new_run(instance, DagsterRunStatus.STARTING)
    lease(service, instance, run, claimer=DEAD)
    for _ in range(4):
        mend(instance, service)
        assert status(instance, run) is DagsterRunStatus.QUEUED
        assert service.claim(RunId(run.run_id), DEAD)
        set_starting(instance, run)
    mend(instance, service)
    assert status(instance, run) is DagsterRunStatus.FAILURE
    assert service.live_leases() == []


def test_a_cancelled_run_whose_process_is_gone_is_reported_as_cancelled(
    instance: DagsterInstance, service: GpuService
) -> None:
    run = new_run(instance, DagsterRunStatus.CANCELING)
    lease(service, instance, run, claimer=ME, holder=DEAD)
    mend(instance, service)
    assert status(instance, run) is DagsterRunStatus.CANCELED
    assert service.live_leases() == []


@pytest.mark.parametrize("jump", [{"seconds": 11}, {"hours": -3}], ids=["its grace", "a clock set back"])
def test_a_run_that_makes_room_is_asked_for_a_checkpoint_and_put_back_in_place_after(
    jump: dict[str, float], instance: DagsterInstance, service: GpuService
) -> None:
    held = _who_tells_of_signal(10)
    assert held.stdout is not None
    run = new_run(instance, DagsterRunStatus.STARTED)
    lease(service, instance, run, claimer=ME, holder=of(held.pid))
    why = Reason("U6", "too much", {})
    assert service.evict(Finding(why, Action.EVICT, RunId(run.run_id), None), TEST)
    mend(instance, service)
    assert held.stdout.readline() == b"2\n"
    mend(instance, service)
    assert status(instance, run) is DagsterRunStatus.STARTED, "it has its grace"
    mend(instance, service, later(**jump))
    assert held.wait(5) == -signal.SIGKILL
    held.stdout.close()
    assert status(instance, run) is DagsterRunStatus.QUEUED
    assert [one.attempt for one in service.live_leases()] == [2]


def test_one_that_ends_by_itself_once_it_was_asked_has_made_room_at_once_and_did_not_die(
    instance: DagsterInstance, service: GpuService
) -> None:
    held = _who_tells_of_signal(10)
    assert held.stdout is not None
    run = new_run(instance, DagsterRunStatus.STARTED)
    lease(service, instance, run, claimer=ME, holder=of(held.pid))
    why = Reason("U6", "too much", {})
    assert service.evict(Finding(why, Action.EVICT, RunId(run.run_id), None), TEST)
    mend(instance, service)
    assert held.stdout.readline() == b"2\n"
    held.kill()
    held.communicate()
    mend(instance, service)
    assert status(instance, run) is DagsterRunStatus.QUEUED
    assert [one.attempt for one in service.live_leases()] == [2]
    assert service.deaths(RunId(run.run_id)) == 0


def test_a_cancelled_run_that_does_not_end_is_killed_after_its_grace(
    instance: DagsterInstance, service: GpuService, worker: "subprocess.Popen[bytes]"
) -> None:
    run = new_run(instance, DagsterRunStatus.CANCELING)
    lease(service, instance, run, claimer=ME, holder=of(worker.pid))
    mend(instance, service)
    assert status(instance, run) is DagsterRunStatus.CANCELING
    mend(instance, service, later(seconds=21))
    assert worker.wait(5) == -signal.SIGKILL
    assert status(instance, run) is DagsterRunStatus.CANCELED


def test_a_direct_run_whose_process_died_gives_its_devices_back_and_is_failed(
    instance: DagsterInstance, service: GpuService
) -> None:
    run = new_run(instance, DagsterRunStatus.STARTED)
    lease(service, instance, run, claimer=DEAD, holder=DEAD, origin=Origin.DIRECT)
    mend(instance, service)
    assert service.live_leases() == []
    assert status(instance, run) is DagsterRunStatus.STARTED
    mend(instance, service, later(seconds=21))
    assert status(instance, run) is DagsterRunStatus.FAILURE


def test_a_direct_run_of_any_instance_is_asked_to_end_and_killed_if_it_does_not_listen(
    instance: DagsterInstance, service: GpuService
) -> None:
    held = _who_tells_of_signal(15)
    assert held.stdout is not None
    service.submit(
        RunId("elsewhere"), "1", owner=Owner("vision", "ann"), origin=Origin.DIRECT, instance="in memory",
        actor=TEST, holder=of(held.pid),
    )  # fmt: skip
    service.decide_now(TEST)
    assert service.claim(RunId("elsewhere"), of(held.pid))
    why = Reason("U6", "too much", {})
    assert service.evict(Finding(why, Action.EVICT, RunId("elsewhere"), None), TEST)
    mend(instance, service)
    assert held.stdout.readline() == b"2\n"
    mend(instance, service)
    assert len(service.live_leases()) == 1, "it has its grace"
    mend(instance, service, later(seconds=21))
    assert held.wait(5) == -signal.SIGKILL
    held.stdout.close()
    assert service.live_leases() == []


def test_a_direct_run_goes_on_after_a_step_that_had_a_process_of_its_own(
    instance: DagsterInstance, service: GpuService
) -> None:
    run = new_run(instance, DagsterRunStatus.STARTED)
    lease(service, instance, run, claimer=DEAD, holder=DEAD, origin=Origin.DIRECT)
    service.release(RunId(run.run_id), Attempt(1), reason="the run ended", actor=TEST)
    mend(instance, service, later(hours=1))
    assert status(instance, run) is DagsterRunStatus.STARTED


def test_devices_of_a_process_that_cannot_be_killed_are_not_given_out(
    instance: DagsterInstance,
    service: GpuService,
    worker: "subprocess.Popen[bytes]",
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    finished = new_run(instance, DagsterRunStatus.SUCCESS)
    lease(service, instance, finished, claimer=ME, holder=of(worker.pid))
    crashed = new_run(instance, DagsterRunStatus.STARTED)
    lease(service, instance, crashed, claimer=ME, holder=DEAD)
    with monkeypatch.context() as patched:
        # A process in an uninterruptible call outlives SIGKILL, and no test can make one.
        patched.setattr("resources.runs.reconcile.kill_remains", lambda *_given: False)
        for _ in range(2):
            mend(instance, service, later(seconds=21))
        held = {one.run_id: (one.attempt, one.state) for one in service.live_leases()}
        assert held[RunId(finished.run_id)] == held[RunId(crashed.run_id)] == (1, LeaseState.CLAIMED)
        assert status(instance, crashed) is DagsterRunStatus.QUEUED
    mend(instance, service, later(seconds=21))
    held = {one.run_id: (one.attempt, one.state) for one in service.live_leases()}
    assert RunId(finished.run_id) not in held
    assert held[RunId(crashed.run_id)] == (2, LeaseState.GRANTED)


def test_a_run_that_was_cut_short_before_the_ledger_knew_it_fails_unless_a_sensor_asks_again(
    instance: DagsterInstance, service: GpuService
) -> None:
    lost = new_run(instance, DagsterRunStatus.NOT_STARTED)
    asked = new_run(instance, DagsterRunStatus.NOT_STARTED)
    instance.add_run_tags(asked.run_id, {"dagster/run_key": "digits:v1.1:1"})
    mend(instance, service)
    assert status(instance, lost) is DagsterRunStatus.NOT_STARTED
    mend(instance, service, later(minutes=6))
    assert status(instance, lost) is DagsterRunStatus.FAILURE
    assert status(instance, asked) is DagsterRunStatus.NOT_STARTED


def test_tags_that_other_writers_lost_are_written_again(
    instance: DagsterInstance, service: GpuService
) -> None:
    run = new_run(instance, DagsterRunStatus.QUEUED)
    mend(instance, service)
    instance.add_run_tags(run.run_id, {"trainplat/admission": "pending", "trainplat/devices": ""})
    mend(instance, service)
    found = instance.get_run_by_id(run.run_id)
    assert found is not None
    assert (found.tags["trainplat/admission"], found.tags["trainplat/devices"]) == ("granted", "cpu:0")


@pytest.mark.parametrize(("holder", "left"), [(ME, ["theirs"]), (DEAD, [])])
def test_devices_of_another_instance_on_the_same_ledger_come_back_when_its_processes_are_gone(
    holder: ProcessIdentity, left: list[str], instance: DagsterInstance, service: GpuService
) -> None:
    service.submit(
        RunId("theirs"), "1", owner=Owner("x", "y"), origin=Origin.QUEUE, instance="/elsewhere", actor=TEST
    )
    service.decide_now(TEST)
    service.claim(RunId("theirs"), holder)
    service.set_holder(RunId("theirs"), Attempt(1), holder)
    mend(instance, service)
    assert [one.run_id for one in service.live_leases()] == ["theirs"]
    mend(instance, service, later(hours=1))
    assert [one.run_id for one in service.live_leases()] == left


def test_a_run_whose_lease_somebody_else_gave_back_is_taken_up_again(
    instance: DagsterInstance, service: GpuService
) -> None:
    run = new_run(instance, DagsterRunStatus.STARTED)
    lease(service, instance, run, claimer=DEAD, holder=DEAD)
    service.release(RunId(run.run_id), Attempt(1), reason="its instance is gone", actor=TEST)
    mend(instance, service)
    assert status(instance, run) is DagsterRunStatus.STARTED
    mend(instance, service, later(seconds=16))
    assert status(instance, run) is DagsterRunStatus.QUEUED
    assert service.live_leases()[0].attempt == 2


def test_a_run_that_is_queued_again_after_it_left_the_line_is_put_into_it(
    instance: DagsterInstance, service: GpuService
) -> None:
    run = new_run(instance, DagsterRunStatus.QUEUED)
    lease(service, instance, run)
    service.withdraw(RunId(run.run_id), reason="cancelled", actor=TEST)
    mend(instance, service)
    assert service.live_leases()[0].attempt == 2


def test_a_direct_run_that_was_killed_while_it_waited_is_failed(
    instance: DagsterInstance, service: GpuService
) -> None:
    for _ in range(2):
        lease(service, instance, new_run(instance, DagsterRunStatus.STARTED), claimer=ME, holder=ME)
    run = new_run(instance, DagsterRunStatus.STARTED)
    lease(service, instance, run, holder=DEAD, origin=Origin.DIRECT)
    assert len(service.waiting()) == 1
    mend(instance, service)
    assert service.waiting() == []
    mend(instance, service, later(seconds=21))
    assert status(instance, run) is DagsterRunStatus.FAILURE


def test_a_process_that_has_the_number_of_a_dead_worker_is_not_killed(
    instance: DagsterInstance, service: GpuService, worker: "subprocess.Popen[bytes]"
) -> None:
    stranger = of(worker.pid)
    run = new_run(instance, DagsterRunStatus.STARTED)
    lease(
        service, instance, run, claimer=ME, holder=ProcessIdentity(stranger.pid, stranger.started_at - 3600)
    )
    mend(instance, service)
    assert status(instance, run) is DagsterRunStatus.QUEUED
    assert stranger.is_alive()


def test_clean_stops_are_no_deaths(instance: DagsterInstance, service: GpuService) -> None:
    run = new_run(instance, DagsterRunStatus.STARTED)
    lease(service, instance, run, claimer=DEAD)
    for _ in range(6):
        assert stop_runs(Home.from_environment()) == 1
        service.decide_now(TEST)
        assert service.claim(RunId(run.run_id), DEAD)
        set_starting(instance, run)
    assert service.deaths(RunId(run.run_id)) == 0
    mend(instance, service)
    assert status(instance, run) is DagsterRunStatus.QUEUED


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (DagsterRunStatus.SUCCESS, DagsterRunStatus.SUCCESS),
        (DagsterRunStatus.CANCELING, DagsterRunStatus.CANCELED),
    ],
)
def test_a_stop_leaves_what_is_over_or_cancelled_as_it_is(
    found: DagsterRunStatus,
    expected: DagsterRunStatus,
    instance: DagsterInstance,
    service: GpuService,
    worker: "subprocess.Popen[bytes]",
) -> None:
    run = new_run(instance, found)
    lease(service, instance, run, claimer=ME, holder=of(worker.pid))
    assert stop_runs(Home.from_environment()) == 0
    assert status(instance, run) is expected
    assert service.live_leases() == []


def test_stopping_the_stack_puts_what_runs_back_in_the_queue(
    instance: DagsterInstance, service: GpuService, worker: "subprocess.Popen[bytes]"
) -> None:
    run = new_run(instance, DagsterRunStatus.STARTED)
    lease(service, instance, run, claimer=ME, holder=of(worker.pid))
    assert stop_runs(Home.from_environment()) == 1
    assert worker.wait(5) == -signal.SIGKILL
    assert status(instance, run) is DagsterRunStatus.QUEUED
    assert service.waiting()[0].attempt == 2
    assert stop_runs(Home.from_environment()) == 0


def test_stopping_a_home_without_an_instance_does_nothing(tmp_path: Path) -> None:
    assert stop_runs(Home(tmp_path)) == 0


def set_starting(instance: DagsterInstance, run: DagsterRun) -> None:
    from dagster import DagsterEvent, DagsterEventType

    event = DagsterEvent(DagsterEventType.RUN_STARTING.value, run.job_name, message="")
    instance.report_dagster_event(event, run.run_id)


def _who_tells_of_signal(number: int) -> "subprocess.Popen[bytes]":
    """A process that says 2 whenever it gets a signal, and goes on."""
    told = f"signal.signal({number}, lambda *_: print(2, flush=True))"
    code = f"import signal, time; {told}; print(1, flush=True)\nwhile True: time.sleep(600)"
    held = subprocess.Popen([sys.executable, "-c", code], start_new_session=True, stdout=subprocess.PIPE)
    assert held.stdout is not None
    assert held.stdout.readline() == b"1\n"
    return held
