"""The GPU path through a real web server, daemon and launcher."""

import os
import signal
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from dagster import DagsterRunStatus

from resources.data.mounts.model import Mode
from resources.data.mounts.service import MountService
from resources.terms import Actor
from tests.checker.tables import broken, tables_of
from tests.servers.dagster_servers import DagsterServers, wait_until

pytestmark = pytest.mark.real

RUNNING, QUEUED, SUCCESS = DagsterRunStatus.STARTED, DagsterRunStatus.QUEUED, DagsterRunStatus.SUCCESS


def test_a_second_run_waits_with_its_reason_and_starts_when_the_first_ends(
    gpu_servers: DagsterServers,
) -> None:
    first = gpu_servers.launch("two_devices_job")
    gpu_servers.wait_for_status(first, RUNNING)
    second = gpu_servers.launch("one_device_job")
    waiting = wait_until(
        lambda: run if (run := gpu_servers.run(second)).tags.get("trainplat/reason") else None, "a reason"
    )
    assert waiting.status is QUEUED
    assert waiting.tags["trainplat/admission"] == "pending"
    assert waiting.tags["trainplat/reason"].startswith("W1: Waits for 1 device(s), 0 free; in use by run ")
    assert first[:8] in waiting.tags["trainplat/reason"]
    open_gate(gpu_servers, first)
    gpu_servers.wait_for_status(first, SUCCESS)
    gpu_servers.wait_for_status(second, RUNNING)
    open_gate(gpu_servers, second)
    done = gpu_servers.wait_for_status(second, SUCCESS)
    assert done.tags["trainplat/devices"] == "cpu:0"
    assert notes(gpu_servers, second) == ["attempt 1 on cpu:0, 1 threads"]
    wait_until(lambda: not gpu_servers.gpu().live_leases(), "the leases to be given back")


@pytest.mark.slow
def test_a_killed_run_gives_its_gpus_back_and_goes_on_as_the_same_run(gpu_servers: DagsterServers) -> None:
    run_id = gpu_servers.launch("one_device_job")
    gpu_servers.wait_for_status(run_id, RUNNING)
    wait_until(lambda: notes(gpu_servers, run_id), "the step to begin")
    lease = gpu_servers.gpu().newest_lease(run_id)
    assert lease is not None
    assert lease.holder is not None
    os.kill(lease.holder.pid, signal.SIGKILL)
    wait_until(lambda: len(notes(gpu_servers, run_id)) == 2, "the second attempt")
    open_gate(gpu_servers, run_id)
    gpu_servers.wait_for_status(run_id, SUCCESS)
    assert [line.split(" on ")[0] for line in notes(gpu_servers, run_id)] == ["attempt 1", "attempt 2"]
    wait_until(lambda: not gpu_servers.gpu().live_leases(), "the leases to be given back")


def test_a_run_makes_room_for_a_higher_priority_and_goes_on_as_the_same_run(
    gpu_servers: DagsterServers,
) -> None:
    low = gpu_servers.launch("two_devices_job", {"trainplat/preemptible": "true"})
    gpu_servers.wait_for_status(low, RUNNING)
    wait_until(lambda: notes(gpu_servers, low), "the step to begin")
    high = gpu_servers.launch("one_device_job", {"trainplat/priority": "5"})
    gpu_servers.wait_for_status(high, RUNNING)
    waiting = gpu_servers.run(low)
    assert waiting.status is QUEUED
    assert waiting.tags["trainplat/attempt"] == "2"
    wait_until(lambda: gpu_servers.run(low).tags["trainplat/reason"].startswith("W1: "), "the reason")
    told = [(one.kind, one.why.rule) for one in gpu_servers.gpu().decisions_of(low)]
    assert told[:2] == [("grant", "A2"), ("stop", "P2")]
    assert [one.why.rule for one in gpu_servers.gpu().decisions_of(high) if one.kind == "grant"] == ["A4"]
    stopped = gpu_servers.gpu().status().past[0]
    assert stopped.release_reason == "it made room for another run"
    open_gate(gpu_servers, high)
    gpu_servers.wait_for_status(high, SUCCESS)
    gpu_servers.wait_for_status(low, RUNNING)
    open_gate(gpu_servers, low)
    gpu_servers.wait_for_status(low, SUCCESS)
    assert [line.split(" on ")[0] for line in notes(gpu_servers, low)] == ["attempt 1", "attempt 2"]
    wait_until(lambda: not gpu_servers.gpu().live_leases(), "the leases to be given back")


def notes(servers: DagsterServers, run_id: str) -> list[str]:
    path = Path(servers.environment["TEST_GATES"]) / f"{run_id}.notes"
    return path.read_text().splitlines() if path.exists() else []


def open_gate(servers: DagsterServers, run_id: str) -> None:
    (Path(servers.environment["TEST_GATES"]) / f"{run_id}.go").touch()


def test_a_run_that_asks_for_more_than_exists_is_refused_at_submission_with_the_reason(
    gpu_servers: DagsterServers,
) -> None:
    run_id = gpu_servers.launch("one_device_job", {"trainplat/gpu": "3"})
    refused = gpu_servers.wait_for_status(run_id, DagsterRunStatus.FAILURE, timeout_s=5)
    assert refused.tags["trainplat/admission"] == "refused"
    assert refused.tags["trainplat/reason"].startswith(
        "GPU request '3' asks for 3 devices; this machine has 2"
    )
    assert gpu_servers.gpu().newest_request(run_id) is None


@pytest.mark.slow
def test_beside_a_declared_cluster_runs_are_started_on_this_machine_only(gpu_servers: DagsterServers) -> None:
    declared = Path(gpu_servers.environment["TRAINPLAT_HOME"]) / "inventory.yaml"
    declared.write_text(
        "nodes:\n- {name: 'gpu-[1-3]', cpus: 96, memory: 768GiB, devices: [{model: NVIDIA H100, count: 8}]}\n"
    )
    try:
        refused = gpu_servers.launch("one_device_job", {"trainplat/gpu": "1(H100)"})
        told = gpu_servers.wait_for_status(refused, DagsterRunStatus.FAILURE, timeout_s=20)
        assert (
            "declared on gpu-1, gpu-2, gpu-3, and runs are started on this machine only"
            in (told.tags["trainplat/reason"])
        )
        both = gpu_servers.launch("two_devices_job")
        gpu_servers.wait_for_status(both, RUNNING)
        waits = gpu_servers.launch("one_device_job")
        reason = wait_until(lambda: gpu_servers.run(waits).tags.get("trainplat/reason"), "a reason")
        assert reason.startswith("W9: Waits for 1 device(s) on this machine, 0 free: node gpu-")
        open_gate(gpu_servers, both)
        gpu_servers.wait_for_status(waits, RUNNING)
        open_gate(gpu_servers, waits)
        gpu_servers.wait_for_status(waits, SUCCESS)
    finally:
        declared.unlink()
    for run_id, devices in ((both, "cpu:0,cpu:1"), (waits, "cpu:0")):
        assert gpu_servers.run(run_id).tags["trainplat/devices"] == devices
        assert notes(gpu_servers, run_id)[0].startswith(f"attempt 1 on {devices}, ")
    wait_until(lambda: not gpu_servers.gpu().live_leases(), "the leases to be given back")


def test_a_request_that_does_not_parse_is_refused_with_its_position(gpu_servers: DagsterServers) -> None:
    run_id = gpu_servers.launch("one_device_job", {"trainplat/gpu": "two"})
    refused = gpu_servers.wait_for_status(run_id, DagsterRunStatus.FAILURE, timeout_s=5)
    assert refused.tags["trainplat/reason"] == (
        "GPU request 'two': not a GPU quantity; at position 1 expected a number of devices, such as 1 or 0.5"
    )


def test_forged_tags_are_overwritten_and_open_no_gate(gpu_servers: DagsterServers) -> None:
    first = gpu_servers.launch("two_devices_job")
    gpu_servers.wait_for_status(first, RUNNING)
    forged = {
        "trainplat/admission": "granted",
        "trainplat/devices": "cpu:0",
        "trainplat/attempt": "7",
        "trainplat/user": "root-of-all",
        "trainplat/place": "0",
        "trainplat/reason": "A0: because I say so",
    }
    second = gpu_servers.launch("one_device_job", forged)
    found = gpu_servers.run(second)
    assert found.status is QUEUED
    assert (found.tags["trainplat/admission"], found.tags["trainplat/devices"]) == ("pending", "")
    assert found.tags["trainplat/attempt"] == "1"
    assert found.tags["trainplat/user"] != "root-of-all"
    assert found.tags["trainplat/place"] == "1"
    assert found.tags["trainplat/reason"].startswith("W1: ")
    for run_id in (second, first):
        terminate(gpu_servers, run_id)
        gpu_servers.wait_for_status(run_id, DagsterRunStatus.CANCELED)
    wait_until(lambda: not gpu_servers.gpu().live_leases(), "the leases to be given back")
    assert gpu_servers.gpu().waiting() == []


@pytest.mark.slow
def test_a_run_that_asks_for_nothing_waits_for_nobody_and_sees_no_device(gpu_servers: DagsterServers) -> None:
    first = gpu_servers.launch("two_devices_job")
    gpu_servers.wait_for_status(first, RUNNING)
    second = gpu_servers.launch("no_device_job")
    gpu_servers.wait_for_status(second, SUCCESS)
    assert notes(gpu_servers, second) == ["sees '', ''"]
    open_gate(gpu_servers, first)
    gpu_servers.wait_for_status(first, SUCCESS)


@pytest.mark.slow
def test_of_two_daemons_one_is_killed_and_nothing_is_lost_or_given_twice(gpu_servers: DagsterServers) -> None:
    gpu_servers.start("daemon", "second daemon")
    launched = [gpu_servers.launch("one_device_job") for _ in range(4)]
    # Claimed by the runs: one whose daemon dies before it was started has a second attempt by right.
    wait_until(
        lambda: [one.holder is not None for one in gpu_servers.gpu().live_leases()] == [True, True],
        "two runs to have their devices",
    )
    gpu_servers.kill("daemon")
    open_gate(gpu_servers, "all")
    try:
        for run_id in launched:
            gpu_servers.wait_for_status(run_id, SUCCESS)
            assert len(notes(gpu_servers, run_id)) == 1, "it was started once"
    finally:
        (Path(gpu_servers.environment["TEST_GATES"]) / "all.go").unlink()
        gpu_servers.processes["daemon"] = gpu_servers.processes.pop("second daemon")
    wait_until(lambda: not gpu_servers.gpu().live_leases(), "the leases to be given back")
    tables = tables_of(gpu_servers.home.database().url)
    assert broken(tables, {"cpu:0", "cpu:1"}) == []
    mine = [row for row in tables["gpu_leases"] if row["run_id"] in launched]
    assert sorted((row["run_id"], row["attempt"]) for row in mine) == sorted((one, 1) for one in launched)


@pytest.mark.slow
def test_runs_outlive_the_daemon_and_are_taken_up_by_the_next_one(gpu_servers: DagsterServers) -> None:
    living, killed = gpu_servers.launch("one_device_job"), gpu_servers.launch("one_device_job")
    for run_id in (living, killed):
        gpu_servers.wait_for_status(run_id, RUNNING)
        wait_until(partial(notes, gpu_servers, run_id), "the step to begin")
    gpu_servers.kill("daemon")
    holder = gpu_servers.gpu().newest_lease(killed)
    assert holder is not None
    assert holder.holder is not None
    os.kill(holder.holder.pid, signal.SIGKILL)
    gpu_servers.start("daemon")
    wait_until(lambda: len(notes(gpu_servers, killed)) == 2, "the second attempt of the killed one")
    for run_id in (living, killed):
        open_gate(gpu_servers, run_id)
        gpu_servers.wait_for_status(run_id, SUCCESS)
    assert len(notes(gpu_servers, living)) == 1
    wait_until(lambda: not gpu_servers.gpu().live_leases(), "the leases to be given back")


def terminate(servers: DagsterServers, run_id: str) -> None:
    query = "mutation T($id: String!) { terminateRun(runId: $id) { __typename } }"
    answer = servers.graphql(query, {"id": run_id})
    assert answer["terminateRun"]["__typename"] == "TerminateRunSuccess"


@pytest.fixture
def disk(gpu_servers: DagsterServers, tmp_path: Path) -> Iterator[Path]:
    """A provider of 100 MiB, of which the mount point ``room`` takes 60."""
    home = gpu_servers.home
    (home.path / "storage.yaml").write_text(
        f"providers: [{{name: disk, kind: folder, at: {tmp_path}, price_per_gib_month: 1, size_mib: 100}}]"
    )
    mounts = MountService(home, home.database())
    mounts.declare("room", 60, Mode.SCRATCH, Actor("user:ann"))
    yield tmp_path
    wait_until(lambda: not mounts.grants(), "the mount points to be given back")
    mounts.remove("room", Actor("user:ann"))


@pytest.mark.slow
def test_a_run_that_cannot_have_its_mount_points_is_refused_at_submission_with_all_reasons(
    gpu_servers: DagsterServers, disk: Path
) -> None:
    has = gpu_servers.launch("mounted_job", {"trainplat/mounts": "room"})
    wait_until(lambda: notes(gpu_servers, has), "the step to begin")
    refused = gpu_servers.launch("mounted_job", {"trainplat/mounts": "room, elsewhere"})
    run = gpu_servers.wait_for_status(refused, DagsterRunStatus.FAILURE)
    assert run.tags["trainplat/admission"] == "refused"
    assert "disk: 40 MiB are free there, 60 are needed" in run.tags["trainplat/reason"]
    assert "there is no mount point 'elsewhere'; there are: room" in run.tags["trainplat/reason"]
    assert gpu_servers.gpu().newest_request(refused) is None, "it never waited"
    open_gate(gpu_servers, has)
    gpu_servers.wait_for_status(has, SUCCESS)
    wait_until(lambda: not list(disk.iterdir()), "the folder to go")


@pytest.mark.slow
def test_what_a_killed_run_had_mounted_is_cleaned_up_and_its_next_attempt_begins_empty(
    gpu_servers: DagsterServers, disk: Path
) -> None:
    run_id = gpu_servers.launch("mounted_job", {"trainplat/mounts": "room"})
    wait_until(lambda: notes(gpu_servers, run_id), "the step to begin")
    (before,) = disk.iterdir()
    lease = gpu_servers.gpu().newest_lease(run_id)
    assert lease is not None
    assert lease.holder is not None
    os.kill(lease.holder.pid, signal.SIGKILL)
    wait_until(lambda: len(notes(gpu_servers, run_id)) == 2, "the second attempt")
    wait_until(lambda: not before.exists(), "the folder of the first to be swept")
    (after,) = disk.iterdir()
    assert notes(gpu_servers, run_id) == [f"{before} has ['big']", f"{after} has ['big']"]
    open_gate(gpu_servers, run_id)
    gpu_servers.wait_for_status(run_id, SUCCESS)
    wait_until(lambda: not list(disk.iterdir()), "the folder of the second to go")


@pytest.mark.slow
def test_a_run_whose_mount_point_is_gone_when_its_turn_comes_fails_with_the_reason(
    gpu_servers: DagsterServers, disk: Path
) -> None:
    mounts = MountService(gpu_servers.home, gpu_servers.home.database())
    mounts.declare("late", 1, Mode.SCRATCH, Actor("user:ann"))
    first = gpu_servers.launch("two_devices_job")
    gpu_servers.wait_for_status(first, RUNNING)
    second = gpu_servers.launch("one_device_job", {"trainplat/mounts": "late"})
    gpu_servers.wait_for_status(second, QUEUED)
    mounts.remove("late", Actor("user:ann"))
    open_gate(gpu_servers, first)
    gpu_servers.wait_for_status(second, DagsterRunStatus.FAILURE)
    with gpu_servers.instance() as instance:
        told = [one.message for one in instance.all_logs(second)]
    assert any("Its mount points could not be given: there is no mount point 'late'" in one for one in told)
    wait_until(lambda: not gpu_servers.gpu().live_leases(), "the leases to be given back")
