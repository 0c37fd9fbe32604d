"""The ledger through its service, on either database: what is granted, claimed, released, and never twice."""

import threading

import pytest

from resources.database.audit import recent
from resources.database.engine import Database
from resources.gpu.duties import leases
from resources.gpu.inventory.discover import one_node
from resources.gpu.inventory.model import Device
from resources.gpu.inventory.slots import cpu_slots
from resources.gpu.model import Attempt, Grant, Lease, LeaseState, Origin, Owner, RunId, Wait
from resources.gpu.requests.errors import BadGpuRequest, ImpossibleGpuRequest
from resources.gpu.service import GpuService
from resources.process import ProcessIdentity
from resources.terms import Actor
from tests.resources.gpu.duties.clock import Clock

ANN = Actor("user:ann")
DEAD = ProcessIdentity(2**22 + 1, 1.0)
ME = ProcessIdentity.current()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def service(any_database: Database, clock: Clock) -> GpuService:
    return GpuService(any_database, inventory=lambda: one_node(cpu_slots()), clock=clock)


def submit(
    service: GpuService,
    run: str,
    text: str = "1",
    origin: Origin = Origin.QUEUE,
    holder: ProcessIdentity | None = None,
) -> None:
    service.submit(
        RunId(run), text, owner=Owner("vision", "ann"), origin=origin, instance="x", actor=ANN, holder=holder
    )


def test_a_request_is_granted_claimed_once_and_released(service: GpuService, clock: Clock) -> None:
    submit(service, "a")
    [grant] = service.decide_now(ANN)
    assert isinstance(grant, Grant)
    lease = service.claim(RunId("a"), ME)
    assert lease is not None
    assert (lease.state, lease.devices) == (LeaseState.CLAIMED, ("cpu:0",))
    assert service.claim(RunId("a"), ME) is None
    clock.forward(30)
    assert service.release(RunId("a"), Attempt(1), reason="done", actor=ANN)
    assert not service.release(RunId("a"), Attempt(1), reason="done", actor=ANN)
    clock.forward(30)
    assert service.lease_seconds(RunId("a")) == 30
    assert service.status().past[0].release_reason == "done"


def test_submitting_twice_changes_nothing(service: GpuService) -> None:
    submit(service, "a", "1")
    submit(service, "a", "2")
    assert [one.request.text for one in service.waiting()] == ["1"]


def test_a_refused_request_leaves_no_trace(service: GpuService) -> None:
    with pytest.raises(BadGpuRequest):
        submit(service, "a", "lots")
    with pytest.raises(ImpossibleGpuRequest):
        submit(service, "a", "3")
    assert service.newest_request(RunId("a")) is None


def test_what_waits_keeps_its_reason_until_the_devices_are_free(service: GpuService) -> None:
    submit(service, "a", "2")
    submit(service, "b", "1")
    first, second = service.decide_now(ANN)
    assert isinstance(first, Grant)
    assert isinstance(second, Wait)
    assert service.waiting()[0].reason == second.reason
    service.release(RunId("a"), Attempt(1), reason="done", actor=ANN)
    [now] = service.decide_now(ANN)
    assert isinstance(now, Grant)
    assert service.decide_now(ANN) == []


def test_a_worker_takes_its_lease_up_once_and_only_while_it_is_claimed(service: GpuService) -> None:
    submit(service, "a")
    service.decide_now(ANN)
    assert not service.set_holder(RunId("a"), Attempt(1), ME)
    service.claim(RunId("a"), ME)
    assert service.set_holder(RunId("a"), Attempt(1), ME)
    assert not service.set_holder(RunId("a"), Attempt(1), DEAD)
    service.release(RunId("a"), Attempt(1), reason="done", actor=ANN)
    assert not service.set_holder(RunId("a"), Attempt(1), ME)


def test_trying_again_keeps_the_place_in_the_line_and_frees_the_devices(
    service: GpuService, clock: Clock
) -> None:
    submit(service, "a", "2")
    service.decide_now(ANN)
    clock.forward(10)
    submit(service, "b", "2")
    assert service.try_again(RunId("a"), Attempt(1), reason="died", actor=ANN) == 2
    assert service.try_again(RunId("a"), Attempt(1), reason="died", actor=ANN) == 2
    grants = [one for one in service.decide_now(ANN) if isinstance(one, Grant)]
    assert [(one.run_id, one.attempt) for one in grants] == [("a", 2)]


def test_a_run_that_never_asked_cannot_try_again(service: GpuService) -> None:
    assert service.try_again(RunId("a"), Attempt(1), reason="died", actor=ANN) == 1
    service.withdraw(RunId("a"), reason="over", actor=ANN)
    assert service.claim(RunId("a"), ME) is None
    assert service.lease_seconds(RunId("a")) == 0
    assert service.newest_lease(RunId("a")) is None


def test_withdrawing_gives_back_what_was_granted_and_leaves_what_runs(service: GpuService) -> None:
    for run in ("granted", "running"):
        submit(service, run)
    service.decide_now(ANN)
    service.claim(RunId("running"), ME)
    for run in ("granted", "running"):
        service.withdraw(RunId(run), reason="cancelled", actor=ANN)
    assert [lease.run_id for lease in service.live_leases()] == ["running"]


def test_a_lease_that_a_living_process_took_up_meanwhile_is_not_given_back(
    service: GpuService, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit(service, "run", "1", Origin.DIRECT, ME)
    [granted] = service.decide_now(ANN)
    service.hand_over(RunId("run"), granted.attempt, DEAD)

    def taken_up_while_it_is_judged(lease: Lease) -> bool:
        service.hand_over(lease.run_id, lease.attempt, ME)
        return lease.holder == DEAD

    monkeypatch.setattr(leases, "_is_gone", taken_up_while_it_is_judged)
    assert service.free_dead_holders(ANN) == []
    assert [(one.run_id, one.holder) for one in service.live_leases()] == [("run", ME)]


def test_a_direct_run_whose_process_is_gone_gives_its_devices_back(service: GpuService) -> None:
    submit(service, "dead", "1", Origin.DIRECT, ME)
    submit(service, "alive", "1", Origin.DIRECT, ME)
    submit(service, "queued", "0")
    service.decide_now(ANN)
    service.hand_over(RunId("dead"), Attempt(1), DEAD)
    submit(service, "waits and died", "1", Origin.DIRECT, DEAD)
    assert [lease.run_id for lease in service.free_dead_holders(ANN)] == ["dead"]
    assert sorted(lease.run_id for lease in service.live_leases()) == ["alive", "queued"]
    assert service.waiting() == []


def test_each_change_of_a_lease_is_in_the_audit(service: GpuService, any_database: Database) -> None:
    submit(service, "a")
    service.decide_now(ANN)
    service.try_again(RunId("a"), Attempt(1), reason="died", actor=ANN)
    service.withdraw(RunId("a"), reason="cancelled", actor=ANN)
    rows = recent(any_database)
    assert [row.action for row in reversed(rows)] == [
        "gpu.submit",
        "gpu.grant",
        "gpu.try_again",
        "gpu.withdraw",
    ]
    assert {row.actor for row in rows} == {ANN}


def test_many_deciders_and_claimers_at_once_oversell_nothing(service: GpuService) -> None:
    for index in range(8):
        submit(service, f"run{index}")
    claimed: list[str] = []

    def work() -> None:
        service.decide_now(ANN)
        for index in range(8):
            lease = service.claim(RunId(f"run{index}"), ME)
            if lease is not None:
                claimed.append(lease.devices[0])

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(claimed) == ["cpu:0", "cpu:1"]


def test_the_machine_is_shown_with_what_is_held_and_what_waits(service: GpuService) -> None:
    submit(service, "a", "2")
    submit(service, "b")
    service.decide_now(ANN)
    status = service.status()
    assert [device.id for device in status.devices] == ["cpu:0", "cpu:1"]
    assert [lease.run_id for lease in status.leases] == ["a"]
    assert [one.run_id for one in status.waiting] == ["b"]
    assert all(isinstance(device, Device) for device in service.devices())
