"""Replicas above the guaranteed ones make room for others, without a failed request, and come back."""

import asyncio
import os
import signal
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.database.audit import recent
from resources.gpu.inventory.model import DeviceId
from resources.gpu.model import PREEMPTED, Attempt, Lease, LeaseState, Origin, Owner, RunId, Terms
from resources.gpu.requests.grammar import parse_request
from resources.gpu.service import GpuService
from resources.home import Home
from resources.process import ProcessIdentity
from resources.serving.scaling.records.service import ScalingRecords
from resources.serving.server.model_server import ModelServer
from resources.serving.server.nurse import Nurse
from resources.serving.server.shrinking import changes
from resources.serving.server.source import Source
from resources.serving.server.status import status_of
from resources.terms import DatasetName
from tests.resources.serving.examples import ACTOR
from tests.resources.serving.homes import SAMPLES
from tests.resources.serving.server.conftest import until
from tests.resources.serving.server.test_leasing import deploy, live

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


def lease(number: int, *, preemptible: bool) -> Lease:
    return Lease(
        RunId(f"{number:08}-serving"),
        Attempt(1),
        (DeviceId(f"cuda:{number}"),),
        parse_request("1"),
        Owner("default", "me"),
        Origin.DIRECT,
        "serving",
        LeaseState.CLAIMED,
        BEGAN + timedelta(seconds=number),
        terms=Terms(preemptible=preemptible),
    )


leases = st.lists(st.booleans(), max_size=6).map(
    lambda flags: [lease(number, preemptible=flag) for number, flag in enumerate(flags)]
)


@given(leases, st.integers(0, 6))
def test_as_many_leases_are_safe_as_are_guaranteed_and_no_more_change_than_must(
    held: list[Lease], guaranteed: int
) -> None:
    changed = changes(held, guaranteed, may_go=True)
    after = _after(held, changed)
    assert sum(not one.terms.preemptible for one in after) == min(guaranteed, len(held))
    safe_before = sum(not one.terms.preemptible for one in held)
    assert len(changed) == abs(safe_before - min(guaranteed, len(held)))
    assert changes(after, guaranteed, may_go=True) == []


@given(leases, st.integers(0, 6))
def test_of_a_plan_that_is_not_preemptible_every_lease_is_safe(held: list[Lease], guaranteed: int) -> None:
    after = _after(held, changes(held, guaranteed, may_go=False))
    assert not any(one.terms.preemptible for one in after)


def _after(held: Iterable[Lease], changed: Iterable[tuple[Lease, bool]]) -> list[Lease]:
    flags = {one.run_id: flag for one, flag in changed}
    return [
        replace(one, terms=Terms(preemptible=flags.get(one.run_id, one.terms.preemptible))) for one in held
    ]


@pytest.mark.slow
def test_a_service_shrinks_for_a_training_of_higher_priority_and_grows_back(
    trainplat_home: Path, runner: asyncio.Runner, nurse: Nurse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAINPLAT_CPU_SLOTS", "2")
    monkeypatch.setenv("TRAINPLAT_MIN_RUNTIME_S", "0")
    home = Home(trainplat_home)
    deploy(trainplat_home, DatasetName("digits"), "1", most_replicas=2, autoscale="rate:1", priority=1)
    gpu, training = GpuService(home.database()), RunId("training-1")

    async def serve() -> None:
        server = ModelServer(Source(home), nurse)
        await server.look()
        asking = [asyncio.create_task(ask(server)) for _ in range(2)]
        try:
            await until(lambda: len(live(home)) == 2 and ready(server) == 2, server.look)
            await server.look()
            assert sorted(one.terms.preemptible for one in live(home)) == [False, True]
            assert {one.terms.priority for one in live(home)} == {1}
            (goes,) = (one for one in live(home) if one.terms.preemptible)

            submit(gpu, training, priority=5)
            gpu.decide_now(ACTOR)
            (told,) = (one for one in live(home) if one.stop_for)
            assert (told.run_id, told.stop_for) == (goes.run_id, training)
            assert told.holder is not None
            os.kill(told.holder.pid, signal.SIGTERM)  # as a pass over the runs may do before the server looks

            seen: list[str] = []

            def gave_way() -> bool:
                seen.extend(one["makes_room"] for one in status_of(server)["models"] if one["makes_room"])
                gpu.decide_now(ACTOR)
                return gpu.claim(training, ProcessIdentity.current()) is not None

            await until(gave_way, server.look)
            assert training in seen[0]
            (kept,) = (one for one in live(home) if one.run_id != training)
            assert not kept.terms.preemptible
            assert ready(server) == 1
            submit(gpu, RunId("training-2"), priority=9)
            gpu.decide_now(ACTOR)
            assert not any(one.stop_for for one in live(home)), "what is guaranteed stays"
            gpu.withdraw(RunId("training-2"), reason="a test", actor=ACTOR)

            def is_told() -> bool:
                told = status_of(server)["endpoints"]["digits"]["scaling"]
                return told["rule"] == "S13" and "2 are needed" in told["sentence"]

            await until(is_told, server.look)
            assert gpu.waiting() == [], "no more is asked for than can be had"
            lease = gpu.newest_lease(training)
            assert lease is not None
            gpu.release(training, lease.attempt, reason="it has ended", actor=ACTOR)
            await until(lambda: ready(server) == 2, server.look)
        finally:
            for one in asking:
                one.cancel()
            ended = await asyncio.gather(*asking, return_exceptions=True)
            await server.close()
        assert all(isinstance(one, asyncio.CancelledError) for one in ended)
        assert live(home) == []

    runner.run(serve())
    steps = ScalingRecords(home, home.database()).steps("digits")
    (shrunk,) = (one.decision for one in steps if one.decision.by == "S14")
    assert (shrunk.current, shrunk.replicas) == (2, 1)
    assert f"make room for {training}" in shrunk.sentence
    told = [row.detail for row in recent(home.database(), 200) if row.action == "gpu.release"]
    assert any(PREEMPTED in one for one in told)


@pytest.mark.slow
def test_a_service_gives_a_replica_to_one_of_higher_priority_at_once(
    trainplat_home: Path, runner: asyncio.Runner, nurse: Nurse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAINPLAT_CPU_SLOTS", "2")  # the arbiter lets each replica run for ten minutes first
    home, low, high = Home(trainplat_home), DatasetName("digits"), DatasetName("shapes")
    deploy(trainplat_home, low, "1", most_replicas=2, autoscale="rate:1")

    async def serve() -> None:
        server = ModelServer(Source(home), nurse)
        await server.look()
        asking = [asyncio.create_task(ask(server))]
        try:
            await until(lambda: ready(server) == 2, server.look)
            deploy(trainplat_home, high, "1", most_replicas=2, autoscale="rate:1,priority:high")
            await until(lambda: high in server.router.routes, server.look)
            asking.append(asyncio.create_task(ask(server, high)))

            def is_shared() -> bool:
                return sorted(
                    target.name for target, pool in server.pools.items() for _ in pool.replicas
                ) == [
                    low,
                    high,
                ]

            await until(is_shared, server.look)
            for _ in range(5):
                await server.look()
                await asyncio.sleep(0.3)
            assert is_shared(), "what is guaranteed to the low one is not taken"
        finally:
            for one in asking:
                one.cancel()
            ended = await asyncio.gather(*asking, return_exceptions=True)
            await server.close()
        assert all(isinstance(one, asyncio.CancelledError) for one in ended)

    runner.run(serve())
    steps = ScalingRecords(home, home.database()).steps(low)
    (shrunk,) = (one.decision for one in steps if one.decision.by == "S12")
    assert (shrunk.current, shrunk.replicas) == (2, 1)
    assert high in shrunk.sentence


def ready(server: ModelServer) -> int:
    return sum(len(pool.replicas) for pool in server.pools.values())


async def ask(server: ModelServer, name: str = "digits") -> None:
    while True:
        said, _ = await server.answer(name, None, {"samples": SAMPLES})
        assert list(said["label"]) == ["1"] * 3
        await asyncio.sleep(0.02)


def submit(gpu: GpuService, run_id: RunId, priority: int) -> None:
    gpu.submit(
        run_id,
        "1",
        owner=Owner("default", "me"),
        origin=Origin.QUEUE,
        instance="test",
        actor=ACTOR,
        terms=Terms(priority=priority),
    )
