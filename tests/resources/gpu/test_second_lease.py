"""A second lease inside a step: more devices than the run's own, for a block."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from dagster import AssetExecutionContext, DagsterInstance, ExecuteInProcessResult, asset, materialize

from resources.database.engine import Database
from resources.errors import BadInput
from resources.gpu.model import NO_TERMS, RUN_ENDED, STEP_DONE, Lease, Origin, Owner, RunId, run_of
from resources.gpu.requests.errors import ImpossibleGpuRequest
from resources.gpu.resource import DeviceLease, GpuResource
from resources.gpu.service import GpuService
from resources.home import Home
from resources.process import ProcessIdentity
from resources.terms import Actor
from tests.servers.dagster_servers import CHECKOUT, wait_until

ANN, VISION = Actor("user:ann"), Owner("vision", "ann")
HOLDS_TWO = """
import sys, time
from pathlib import Path
from dagster import DagsterInstance, asset, materialize
from resources.gpu.resource import GpuResource

@asset(op_tags={"trainplat/gpu": "1"})
def trained(gpu: GpuResource) -> None:
    with gpu.lease("1", for_s=600):
        Path(sys.argv[1]).touch()
        time.sleep(600)

materialize([trained], instance=DagsterInstance.ephemeral(), resources={"gpu": GpuResource()})
"""

SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]
STARTS_A_CHILD = f"""import subprocess
        child = subprocess.Popen({SLEEP!r}, start_new_session=True)
        Path(sys.argv[1] + "-").write_text(str(child.pid))
        Path(sys.argv[1] + "-").rename(sys.argv[1])"""

Step = Callable[[AssetExecutionContext, GpuResource], None]


def service() -> GpuService:
    return GpuService(Home.from_environment().database())


def run(step: Step, instance: DagsterInstance, asks: str = "1") -> ExecuteInProcessResult:
    @asset(op_tags={"trainplat/gpu": asks})
    def trained(context: AssetExecutionContext, gpu: GpuResource) -> None:
        step(context, gpu)

    return materialize(
        [trained],
        instance=instance,
        resources={"gpu": GpuResource(poll_interval_s=0.05)},
        raise_on_error=False,
    )


def said(instance: DagsterInstance, run_id: str) -> str:
    return "\n".join(str(entry) for entry in instance.all_logs(run_id))


def hold(gpu: GpuService, run_id: str, text: str = "1") -> Lease:
    """A direct run of this process that has its devices."""
    me = ProcessIdentity.current()
    gpu.submit(RunId(run_id), text, owner=VISION, origin=Origin.DIRECT, instance="here", actor=ANN, holder=me)
    gpu.decide_now(ANN)
    lease = gpu.claim(RunId(run_id), me)
    assert lease is not None
    return lease


def ask_second(gpu: GpuService, run_id: str, text: str = "1", within: RunId | None = None) -> RunId:
    me = ProcessIdentity.current()
    return gpu.submit_second(
        RunId(run_id),
        text,
        owner=VISION,
        instance="here",
        actor=ANN,
        holder=me,
        terms=NO_TERMS,
        within=within,
    )


def hold_second(gpu: GpuService, run_id: str, text: str = "1", within: RunId | None = None) -> Lease:
    second = ask_second(gpu, run_id, text, within)
    gpu.decide_now(ANN)
    lease = gpu.claim(second, ProcessIdentity.current())
    assert lease is not None
    return lease


def test_a_step_gets_more_devices_for_a_block_and_gives_them_back() -> None:
    seen: list[tuple[DeviceLease, str]] = []

    def step(context: AssetExecutionContext, gpu: GpuResource) -> None:
        for of in (context, "1", context):
            with gpu.lease(of) as lease:
                assert os.environ["TRAINPLAT_RUN_ID"] == context.run.run_id
                seen.append((lease, os.environ["TRAINPLAT_DEVICES"]))
        assert [one.run_id for one in service().live_leases()] == [context.run.run_id]

    with DagsterInstance.ephemeral() as instance:
        result = run(step, instance)
        assert result.success, said(instance, result.run_id)
    assert [(lease.devices, named) for lease, named in seen] == [
        (("cpu:0",), "cpu:0"),
        (("cpu:1",), "cpu:1"),
        (("cpu:0",), "cpu:0"),
    ]
    assert {run_of(one.run_id) for one in service().status().past} == {RunId(result.run_id)}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("2", "does not fit beside what its own run holds (cpu:0); the step would wait for itself"),
        ("3", "this machine has 2"),
        ("many", "not a GPU quantity"),
    ],
)
def test_what_can_never_come_is_refused_at_once_with_the_reason(text: str, reason: str) -> None:
    def step(context: AssetExecutionContext, gpu: GpuResource) -> None:
        with gpu.lease(text):
            context.log.info("never here")

    with DagsterInstance.ephemeral() as instance:
        result = run(step, instance)
        assert not result.success
        assert reason in said(instance, result.run_id)
        assert "never here" not in said(instance, result.run_id)
    assert service().waiting() == []
    assert service().live_leases() == []


def test_a_step_waits_for_its_second_lease_and_says_why_in_its_log(tmp_path: Path) -> None:
    blocker = hold(service(), "blocker")
    outcome: list[ExecuteInProcessResult] = []

    def step(context: AssetExecutionContext, gpu: GpuResource) -> None:
        with gpu.lease("1") as lease:
            context.log.info("has %s", lease.devices)

    # In memory, Dagster refuses a thread what another one writes at that moment.
    with DagsterInstance.local_temp(str(tmp_path)) as instance:
        thread = threading.Thread(target=lambda: outcome.append(run(step, instance)))
        thread.start()
        waiting = wait_until(lambda: [one for one in service().waiting() if one.reason], "the step to wait")
        run_id = run_of(waiting[0].run_id)
        told = "Waits for a second lease. Waits for 1 device(s), 0 free; in use by run "
        wait_until(lambda: told in said(instance, run_id), "the reason in the log")
        service().release(RunId("blocker"), blocker.attempt, reason="done", actor=ANN)
        thread.join(60)
        assert outcome[0].success
        assert "has ('cpu:0',)" in said(instance, run_id)
    assert service().live_leases() == []


def test_a_block_that_takes_longer_than_it_said_is_warned_and_keeps_its_devices() -> None:
    def step(context: AssetExecutionContext, gpu: GpuResource) -> None:
        with gpu.lease("1", for_s=0.01):
            told = "The second lease on cpu:1 was asked for 0.01 s, which are over"
            wait_until(lambda: told in said(context.instance, context.run.run_id), "the warning")
            assert len(service().live_leases()) == 2

    with DagsterInstance.ephemeral() as instance:
        result = run(step, instance)
        assert result.success, said(instance, result.run_id)


def test_kill_9_gives_the_second_lease_back_with_the_first(tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    process = subprocess.Popen([sys.executable, "-c", HOLDS_TWO, str(ready)], cwd=CHECKOUT)
    try:
        wait_until(ready.exists, "both leases")
        assert sorted(device for one in service().live_leases() for device in one.devices) == [
            "cpu:0",
            "cpu:1",
        ]
    finally:
        process.kill()
        process.wait()
    freed = service().free_dead_holders(ANN)
    assert len(freed) == 2
    assert service().live_leases() == []


def test_a_child_that_outlives_its_block_keeps_the_devices_until_it_ends() -> None:
    children: list[subprocess.Popen[bytes]] = []

    def step(context: AssetExecutionContext, gpu: GpuResource) -> None:
        with gpu.lease("1"):
            children.append(subprocess.Popen(SLEEP, start_new_session=True))
        told = f"its devices stay taken until these processes end: {children[0].pid}."
        assert told in said(context.instance, context.run.run_id)
        service().decide_now(ANN)
        assert [one.devices for one in service().live_leases()] == [("cpu:0",), ("cpu:1",)]
        [left] = service().left_of_overdue().values()
        assert [one.pid for one in left.processes] == [children[0].pid]
        children[0].kill()
        children[0].wait()
        service().decide_now(ANN)
        assert [one.devices for one in service().live_leases()] == [("cpu:0",)]

    with DagsterInstance.ephemeral() as instance:
        try:
            result = run(step, instance)
        finally:
            for child in children:
                child.kill()
                child.wait()
        assert result.success, said(instance, result.run_id)
    assert {one.release_reason for one in service().status().past} == {STEP_DONE, RUN_ENDED}


def test_a_child_of_its_own_session_is_dead_before_the_devices_of_a_killed_step_come_back(
    tmp_path: Path,
) -> None:
    ready = tmp_path / "ready"
    code = HOLDS_TWO.replace("Path(sys.argv[1]).touch()", STARTS_A_CHILD)
    process = subprocess.Popen([sys.executable, "-c", code, str(ready)], cwd=CHECKOUT)
    try:
        wait_until(ready.exists, "the child")
    finally:
        process.kill()
        process.wait()
    child = ProcessIdentity.of(int(ready.read_text()))
    assert child is not None
    assert child.is_alive()
    freed = service().free_dead_holders(ANN)
    assert len(freed) == 2
    assert not child.is_alive()


def test_second_leases_side_by_side_wait_for_each_other_and_refuse_nothing(any_database: Database) -> None:
    gpu = GpuService(any_database)
    hold(gpu, "first")
    one = hold_second(gpu, "first")
    other = ask_second(gpu, "first")
    gpu.decide_now(ANN)
    assert not gpu.in_circle(other), "the one beside it comes back by itself"
    assert gpu.claim(other, ProcessIdentity.current()) is None
    assert gpu.end(one, reason=STEP_DONE, actor=ANN) == []
    gpu.decide_now(ANN)
    granted = gpu.claim(other, ProcessIdentity.current())
    assert granted is not None
    assert granted.devices == ("cpu:1",)


def test_a_second_lease_within_another_would_wait_for_itself_and_is_refused(any_database: Database) -> None:
    gpu = GpuService(any_database)
    hold(gpu, "first")
    outer = hold_second(gpu, "first")
    with pytest.raises(ImpossibleGpuRequest, match=r"what its own run holds \(cpu:0, cpu:1\)"):
        ask_second(gpu, "first", within=outer.run_id)
    inner = ask_second(gpu, "first", "0", within=outer.run_id)
    assert (run_of(inner), inner.startswith(outer.run_id)) == ("first", True)
    deepest = ask_second(gpu, "first", "0", within=inner)
    with pytest.raises(BadInput, match="nested too deep"):
        ask_second(gpu, "first", "0", within=deepest)
    assert len(f"{'x' * 36}{deepest.removeprefix('first')}") <= 64


def test_two_that_hold_second_leases_and_ask_for_more_within_are_a_circle(
    any_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAINPLAT_CPU_SLOTS", "3")
    gpu = GpuService(any_database)
    hold(gpu, "first")
    one, other = hold_second(gpu, "first"), hold_second(gpu, "first")
    within_one = ask_second(gpu, "first", within=one.run_id)
    assert not gpu.in_circle(within_one), "the other one may end"
    within_other = ask_second(gpu, "first", within=other.run_id)
    assert [gpu.in_circle(asks) for asks in (within_one, within_other)] == [False, True]


def test_two_threads_of_a_step_have_a_second_lease_each() -> None:
    def step(context: AssetExecutionContext, gpu: GpuResource) -> None:
        got: list[DeviceLease] = []
        both = threading.Barrier(2)

        def work() -> None:
            both.wait(60)
            with gpu.lease("1") as lease:
                got.append(lease)

        threads = [threading.Thread(target=work) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert [one.devices for one in got] == [("cpu:1",), ("cpu:1",)]

    with DagsterInstance.ephemeral() as instance:
        result = run(step, instance)
        assert result.success, said(instance, result.run_id)


def test_of_a_circle_of_runs_that_wait_for_each_other_the_last_one_gives_up(any_database: Database) -> None:
    gpu = GpuService(any_database)
    first, _second = hold(gpu, "first"), hold(gpu, "second")
    of_first = ask_second(gpu, "first")
    assert not gpu.in_circle(of_first)  # the other one may end
    of_second = ask_second(gpu, "second")
    gpu.decide_now(ANN)
    assert [gpu.in_circle(one) for one in (of_first, of_second)] == [False, True]
    gpu.withdraw(of_second, reason="gave up", actor=ANN)
    gpu.release(RunId("second"), first.attempt, reason="gave up", actor=ANN)
    gpu.decide_now(ANN)
    granted = gpu.claim(of_first, ProcessIdentity.current())
    assert granted is not None
    assert granted.devices == ("cpu:1",)


def test_what_is_refused_for_the_runs_own_lease_leaves_nothing_in_the_line(any_database: Database) -> None:
    gpu = GpuService(any_database)
    hold(gpu, "first")
    with pytest.raises(ImpossibleGpuRequest, match="would wait for itself"):
        ask_second(gpu, "first", "2")
    assert gpu.waiting() == []


def test_a_run_is_found_by_its_id_beside_its_second_leases(any_database: Database) -> None:
    gpu = GpuService(any_database)
    hold(gpu, "abcdef")
    second = ask_second(gpu, "abcdef")
    assert gpu.find_run("abc") == "abcdef"
    assert gpu.find_run(second[:-1]) == second
