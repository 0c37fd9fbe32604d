"""One decider at a time, over processes that are killed or fall asleep in the middle of a pass."""

import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from resources.database.audit import recent
from resources.database.engine import Database
from resources.gpu.duties.deciding import TOLD_PLACES
from resources.gpu.duties.desk import DECIDER, desk_of
from resources.gpu.inventory.discover import one_node
from resources.gpu.inventory.model import Device, DeviceId, Inventory, Node, NodeId, Vendor
from resources.gpu.inventory.slots import cpu_slots
from resources.gpu.model import Ask, Attempt, Grant, Origin, Owner, RunId, Stop, Terms, Wait
from resources.gpu.policy.model import Settings
from resources.gpu.requests.errors import BadGpuRequest
from resources.gpu.service import GpuService
from resources.terms import Actor
from tests.resources.gpu.duties.clock import Clock, end, submit

CHECKOUT = Path(__file__).resolve().parents[4]
ANN = Actor("user:ann")
SLOTS = tuple(Device(DeviceId(f"cpu:{number}"), None, None) for number in range(60))


def service_of(database: Database, devices: tuple[Device, ...] | None = None) -> GpuService:
    return GpuService(database, inventory=lambda: one_node(cpu_slots() if devices is None else devices))


def asks(number: int, text: str = "1", name: str = "run") -> list[Ask]:
    owner = Owner("vision", "ann")
    return [Ask(RunId(f"{name}{at:03}"), text, owner, Origin.QUEUE, "x") for at in range(number)]


def start(database: Database, name: str, lease_s: float) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.resources.gpu.duties.decider", database.url, name, str(lease_s)]
    return subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def grants(database: Database) -> Counter[str]:
    return Counter(row.actor for row in recent(database, 1000) if row.action == "gpu.grant")


def test_a_decider_killed_before_it_writes_leaves_nothing_and_another_one_takes_over(
    any_database: Database,
) -> None:
    service = service_of(any_database)
    service.submit_many(asks(3), ANN)
    killed = start(any_database, "SIGKILL", 3600.0)  # whoever waited for the end of its lease would hang
    told = killed.communicate()
    assert killed.returncode == -signal.SIGKILL, told
    assert service.live_leases() == []
    assert [type(one) for one in service.decide_now(ANN)] == [Grant, Grant, Wait]
    assert grants(any_database) == {ANN: 2}
    taken = [row for row in recent(any_database) if row.action == "leadership.take"]
    assert [row.subject for row in taken] == [DECIDER]


def test_a_decider_that_slept_through_its_lease_writes_nothing_when_it_wakes(any_database: Database) -> None:
    service = service_of(any_database)
    service.submit_many(asks(2), ANN)
    sleeper = start(any_database, "SIGSTOP", 0.3)
    try:
        _, status = os.waitpid(sleeper.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status), sleeper.communicate()
        assert [type(one) for one in service.decide_now(ANN)] == [Grant, Grant]
    finally:
        os.kill(sleeper.pid, signal.SIGCONT)
    told, problems = sleeper.communicate()
    assert (told, sleeper.returncode) == ("0\n", 0), problems
    assert "goes on as a standby" in problems
    assert grants(any_database) == {ANN: 2}
    assert sorted(lease.devices[0] for lease in service.live_leases()) == ["cpu:0", "cpu:1"]


def test_what_comes_while_a_pass_is_under_way_is_left_to_the_next_one(any_database: Database) -> None:
    class Busy(GpuService):
        def _decide(self, *arguments: object) -> object:  # type: ignore[override]
            found = super()._decide(*arguments)  # type: ignore[arg-type]
            meanwhile.pop()() if meanwhile else None
            return found

    service = service_of(any_database)
    busy = Busy(any_database, inventory=lambda: one_node(cpu_slots()))
    service.submit_many(asks(1), ANN)
    meanwhile = [lambda: service.submit_many(asks(1, name="later"), ANN)]
    assert [one.run_id for one in busy.decide_now(ANN)] == ["run000"]
    assert [one.run_id for one in busy.decide_now(ANN)] == ["later000"]


def test_a_request_that_is_withdrawn_during_a_pass_is_granted_nothing(any_database: Database) -> None:
    class Busy(GpuService):
        def _decide(self, *arguments: object) -> object:  # type: ignore[override]
            found = super()._decide(*arguments)  # type: ignore[arg-type]
            meanwhile.pop()() if meanwhile else None
            return found

    service = service_of(any_database)
    busy = Busy(any_database, inventory=lambda: one_node(cpu_slots()))
    service.submit_many(asks(2), ANN)
    meanwhile = [lambda: service.withdraw(RunId("run000"), reason="cancelled", actor=ANN)]
    assert [one.run_id for one in busy.decide_now(ANN)] == ["run001"]


def test_a_pass_that_fails_gives_the_role_to_the_next(any_database: Database) -> None:
    def broken() -> Inventory:
        raise RuntimeError("the driver is gone")

    service_of(any_database).submit_many(asks(1), ANN)
    with pytest.raises(RuntimeError):
        GpuService(any_database, inventory=broken).decide_now(ANN)
    other = desk_of(any_database).role
    assert other.acquire() is not None
    assert len(service_of(any_database).decide_now(ANN)) == 1


def test_one_pass_admits_all_that_fit(any_database: Database) -> None:
    service = service_of(any_database, SLOTS)
    service.submit_many(asks(100), ANN)
    decided = service.decide_now(ANN)
    assert Counter(type(one) for one in decided) == {Grant: 60, Wait: 40}
    assert len({lease.devices for lease in service.live_leases()}) == 60
    again = service.decide_now(ANN)
    assert [one.place for one in again if isinstance(one, Wait)] == list(range(1, len(again) + 1))
    assert len(again) == TOLD_PLACES  # nothing is new, and the first of the line are told all the same


def test_many_are_submitted_at_once_or_none(any_database: Database) -> None:
    service = service_of(any_database, SLOTS)
    with pytest.raises(BadGpuRequest):
        service.submit_many([*asks(2), *asks(1, "lots", "bad")], ANN)
    assert service.waiting() == []
    service.submit_many(asks(2), ANN)
    again = service.submit_many([*asks(3, "2"), *asks(3, "2")], ANN)
    assert [one.request.text for one in again] == ["1", "1", "2"] * 2
    assert [one.run_id for one in service.waiting()] == ["run000", "run001", "run002"]
    assert len(recent(any_database)) == 3


@pytest.mark.parametrize("names", [("a", "b"), ("b", "a")])
def test_a_request_for_any_device_goes_where_little_else_is_asked_for(
    any_database: Database, names: tuple[str, str]
) -> None:
    def node(name: str, model: str) -> Node:
        devices = tuple(
            Device(DeviceId(f"{name}/cuda:{at}"), model, None, vendor=Vendor.NVIDIA) for at in range(2)
        )
        return Node(NodeId(name), 8000, 16_384, devices)

    inventory = Inventory((node(names[0], "V100"), node(names[1], "T4")))
    service = GpuService(any_database, inventory=lambda: inventory)
    for one in service.submit_many(asks(30, "1(V100)", "before"), ANN):
        service.withdraw(one.run_id, reason="cancelled", actor=ANN)
    service.submit_many(asks(1), ANN)
    [granted] = service.decide_now(ANN)
    assert isinstance(granted, Grant)
    assert granted.devices[0].startswith(names[1])


@pytest.mark.parametrize("first", ["0.5(cuda)", "0.25(cuda)"])
def test_a_small_share_leaves_a_whole_device_whole_though_nobody_asked_for_one_yet(
    any_database: Database, first: str
) -> None:
    cards = tuple(Device(DeviceId(f"cuda:{at}"), "A100", 81920, vendor=Vendor.NVIDIA) for at in range(4))
    service = service_of(any_database, cards)
    service.submit_many(asks(1, first, "first"), ANN)
    service.decide_now(ANN)
    service.submit_many(asks(2, "0.25(cuda)", "small"), ANN)
    service.decide_now(ANN)
    assert len({lease.devices for lease in service.live_leases()}) == 1


def test_a_whole_device_is_made_by_a_move_as_often_as_moves_are_allowed(any_database: Database) -> None:
    clock, may_stop = Clock(), Terms(preemptible=True)
    long = Terms(max_runtime_s=1_000_000)  # nobody makes room for it by rule P3
    inventory = one_node(cpu_slots())
    service = GpuService(
        any_database, inventory=lambda: inventory, settings=Settings(moves_per_job=0.25), clock=clock
    )
    for name, text in (("x", "0.6"), ("y", "0.6"), ("p", "0.4"), ("q", "0.4")):
        submit(service, name, text, may_stop)
        service.decide_now(ANN)
    end(service, "x")
    end(service, "y")
    before = {lease.run_id: lease.devices for lease in service.live_leases()}
    clock.forward(3600)
    submit(service, "whole", terms=long)
    stops = [one for one in service.decide_now(ANN) if isinstance(one, Stop)]
    assert [(one.rule, one.for_run) for one in stops] == [("D1", "whole")]
    moved = stops[0].run_id
    assert [one.kind for one in service.decisions_of(moved)].count("stop") == 1
    service.try_again(moved, Attempt(1), reason="made room", actor=ANN)
    service.decide_now(ANN)
    after = {lease.run_id: lease.devices for lease in service.live_leases()}
    assert after[moved] != before[moved]
    assert after[RunId("whole")] == before[moved]
    submit(service, "another", terms=long)  # four starts allowed one move; two more allow none yet
    assert not [one for one in service.decide_now(ANN) if isinstance(one, Stop)]
