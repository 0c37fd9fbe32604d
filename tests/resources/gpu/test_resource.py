"""Runs past the coordinator, in the process of the test: their lease comes from the resource."""

import os
import subprocess
import threading
from pathlib import Path

import pytest
from dagster import (
    AssetExecutionContext,
    AssetsDefinition,
    DagsterInstance,
    DagsterRunStatus,
    ExecuteInProcessResult,
    asset,
    materialize,
)

from resources.gpu.model import Origin, Owner, RunId
from resources.gpu.resource import DeviceLease, GpuResource
from resources.gpu.service import GpuService
from resources.home import Home
from resources.process import ProcessIdentity
from resources.terms import Actor
from resources.users import current_user
from tests.servers.dagster_servers import wait_until

ANN = Actor("user:ann")


def service() -> GpuService:
    return GpuService(Home.from_environment().database())


def needing(request: str, seen: list[DeviceLease]) -> AssetsDefinition:
    @asset(op_tags={"trainplat/gpu": request})
    def trained(context: AssetExecutionContext, gpu: GpuResource) -> None:
        with gpu.lease(context) as lease:
            seen.append(lease)
            assert os.environ["TRAINPLAT_DEVICES"] == ",".join(lease.devices)
            assert os.environ["CUDA_VISIBLE_DEVICES"] == ""
            assert [one.run_id for one in service().live_leases()] == [context.run.run_id]

    return trained


def run(definition: AssetsDefinition, instance: DagsterInstance, **tags: str) -> ExecuteInProcessResult:
    return materialize(
        [definition],
        instance=instance,
        resources={"gpu": GpuResource(poll_interval_s=0.05)},
        raise_on_error=False,
        tags={f"trainplat/{name}": value for name, value in tags.items()},
    )


def failure(result: ExecuteInProcessResult, instance: DagsterInstance) -> str:
    return "\n".join(str(entry) for entry in instance.all_logs(result.run_id))


def test_a_direct_run_holds_its_devices_while_it_runs_and_gives_them_back() -> None:
    seen: list[DeviceLease] = []
    before = dict(os.environ)
    with DagsterInstance.ephemeral() as instance:
        assert run(needing("2", seen), instance).success
    assert [(lease.devices, lease.torch_device, lease.attempt) for lease in seen] == [
        (("cpu:0", "cpu:1"), "cpu", 1)
    ]
    assert service().live_leases() == []
    assert dict(os.environ) == before


def test_the_tag_of_the_run_wins_over_the_tags_of_its_steps() -> None:
    seen: list[DeviceLease] = []
    with DagsterInstance.ephemeral() as instance:
        assert run(needing("2", seen), instance, gpu="1", project="vision").success
    assert seen[0].devices == ("cpu:0",)
    assert service().status().past[0].owner == Owner("vision", current_user())


@pytest.mark.parametrize(
    ("request_text", "reason"),
    [("lots", "at position 1 expected a number of devices"), ("3", "this machine has 2: cpu:0")],
)
def test_a_direct_run_that_can_never_run_is_refused_before_its_first_step(
    request_text: str, reason: str
) -> None:
    seen: list[DeviceLease] = []
    with DagsterInstance.ephemeral() as instance:
        result = run(needing(request_text, seen), instance)
        assert not result.success
        assert reason in failure(result, instance)
    assert seen == []
    assert service().status().leases == ()


def test_a_direct_run_waits_visibly_until_the_devices_are_free(tmp_path: Path) -> None:
    gpu = service()
    blocker = RunId("blocker")
    gpu.submit(
        blocker,
        "2",
        owner=Owner("other", "bob"),
        origin=Origin.DIRECT,
        instance="elsewhere",
        actor=ANN,
        holder=ProcessIdentity.current(),
    )
    gpu.decide_now(ANN)
    lease = gpu.claim(blocker, ProcessIdentity.current())
    assert lease is not None
    seen: list[DeviceLease] = []
    outcome: list[ExecuteInProcessResult] = []
    # In memory, Dagster refuses a thread what another one writes at that moment.
    with DagsterInstance.local_temp(str(tmp_path)) as instance:
        thread = threading.Thread(target=lambda: outcome.append(run(needing("1", seen), instance)))
        thread.start()
        waiting = wait_until(lambda: [one for one in gpu.waiting() if one.reason], "the request to wait")
        shown = wait_until(
            lambda: (
                found.tags
                if (found := instance.get_run_by_id(waiting[0].run_id)) and "trainplat/reason" in found.tags
                else None
            ),
            "the reason on the run",
        )
        assert shown["trainplat/admission"] == "pending"
        assert "in use by run blocker of other (cpu:0, cpu:1)" in shown["trainplat/reason"]
        assert seen == []
        gpu.release(blocker, lease.attempt, reason="done", actor=ANN)
        thread.join(30)
        assert outcome[0].success
        done = instance.get_run_by_id(waiting[0].run_id)
        assert done is not None
        assert done.status is DagsterRunStatus.SUCCESS
        assert done.tags["trainplat/devices"] == "cpu:0"
    assert gpu.waiting() == []


def test_a_run_is_on_the_project_of_its_step_unless_it_names_one_itself() -> None:
    @asset(op_tags={"trainplat/gpu": "1", "trainplat/project": "vision"})
    def trained(context: AssetExecutionContext, gpu: GpuResource) -> None:
        with gpu.lease(context):
            pass

    with DagsterInstance.ephemeral() as instance:
        assert run(trained, instance).success
        assert run(trained, instance, project="speech").success
    assert {one.owner.project for one in service().status().past} == {"vision", "speech"}


def returning(name: str, seen: list[bool], after: list[AssetsDefinition] | None = None) -> AssetsDefinition:
    @asset(name=name, op_tags={"trainplat/gpu": "1"}, deps=after)
    def returned(context: AssetExecutionContext, gpu: GpuResource) -> None:
        with gpu.lease(context):
            pass
        seen.append(gpu.give_back(context))
        assert bool(service().live_leases()) is gpu.holds_devices is not seen[-1]
        assert not gpu.give_back(context)

    return returned


def test_a_run_of_one_step_gives_its_devices_back_before_it_ends_and_once() -> None:
    seen = list[bool]()
    with DagsterInstance.ephemeral() as instance:
        assert run(returning("one", seen), instance).success
    assert seen == [True]
    assert service().live_leases() == []


def test_the_last_step_of_a_run_that_needs_its_devices_gives_them_back() -> None:
    seen = list[bool]()
    first = returning("first", seen)

    @asset(deps=[first], op_tags={"trainplat/gpu": "1"})
    def says_nothing(context: AssetExecutionContext, gpu: GpuResource) -> None:
        assert gpu.holds_devices

    second = returning("second", seen, [says_nothing])
    with DagsterInstance.ephemeral() as instance:
        result = materialize(
            [first, says_nothing, second, returning("third", seen, [second])],
            instance=instance,
            resources={"gpu": GpuResource(poll_interval_s=0.05)},
        )
    assert result.success
    assert seen == [False, False, True]


def test_devices_on_which_a_process_still_lives_are_not_given_back() -> None:
    seen = list[bool]()

    @asset(op_tags={"trainplat/gpu": "1"})
    def busy(context: AssetExecutionContext, gpu: GpuResource) -> None:
        with subprocess.Popen(["sleep", "60"]) as left:
            try:
                seen.append(gpu.give_back(context))
            finally:
                left.kill()
        seen.append(gpu.give_back(context))

    with DagsterInstance.ephemeral() as instance:
        assert run(busy, instance).success
    assert seen == [False, True]
