"""Leases without a run, on either database."""

import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta

import pytest

from resources.database.audit import recent
from resources.database.engine import Database
from resources.errors import BadInput, Conflict, Denied, NotFound
from resources.gpu.inventory.discover import one_node
from resources.gpu.inventory.model import Device, DeviceId, DeviceProcess, DeviceReading, Vendor
from resources.gpu.manual.naming import lease_id
from resources.gpu.model import GIVEN_BACK, TIME_OVER, Lease, LeaseState, Owner, Terms
from resources.gpu.policy.quota_model import Membership, QuotaRow, QuotaRows, project
from resources.gpu.requests.errors import ImpossibleGpuRequest, OverQuota
from resources.gpu.service import GpuService
from resources.process import ProcessIdentity
from tests.resources.gpu.duties.clock import ANN, DEAD, ME, VISION, Clock, submit, told, two_slots

EVE = Owner("vision", "eve")
CARD = Device(DeviceId("cuda:0"), "Tesla V100", 16_384, vendor=Vendor.NVIDIA)


def ask(
    service: GpuService, name: str, text: str = "1", *, owner: Owner = VISION, for_s: int = 3600
) -> Lease | None:
    """Ask and try to take it up, as the command does."""
    asked = service.allocate(name, text, for_s=for_s, owner=owner, actor=ANN, holder=ME)
    service.decide_now(ANN)
    return service.claim(asked.run_id, ME)


def test_a_lease_ends_by_itself_at_its_time(any_database: Database) -> None:
    clock = Clock()
    service = two_slots(any_database, clock)
    lease = ask(service, "probe", "2")
    assert lease is not None
    assert (lease.devices, lease.expires_at) == (("cpu:0", "cpu:1"), clock.now + timedelta(hours=1))
    assert lease.holder is None, "it outlives the command that asked"
    submit(service, "waits")
    clock.forward(3599)
    assert told(service.decide_now(ANN)) == {"waits": "W1"}
    clock.forward(1)
    assert told(service.decide_now(ANN)) == {"waits": "A2"}
    assert service.status().past[0].release_reason == TIME_OVER
    assert service.end_overdue(ANN) == []


def test_it_tells_others_when_they_will_start(any_database: Database) -> None:
    clock = Clock()
    service = two_slots(any_database, clock)
    ask(service, "probe", "2")
    found = service.simulate("1", owner=VISION)
    assert found.expected_at == clock.now + timedelta(hours=1)


def test_a_name_is_taken_until_its_lease_has_ended(any_database: Database) -> None:
    clock = Clock()
    service = two_slots(any_database, clock)
    ask(service, "probe")
    with pytest.raises(Conflict, match="there is a lease probe already, of ann in project vision"):
        ask(service, "probe", owner=EVE)
    assert service.give_back("probe", ANN, user="ann").is_over
    assert service.status().past[0].release_reason == GIVEN_BACK
    again = ask(service, "probe", owner=EVE)
    assert again is not None
    assert (again.attempt, again.owner) == (2, EVE)


def test_a_waiting_command_that_was_killed_leaves_nothing_behind(any_database: Database) -> None:
    service = two_slots(any_database, Clock())
    submit(service, "run", "2")
    service.decide_now(ANN)
    service.allocate("waits", "1", for_s=60, owner=VISION, actor=ANN, holder=DEAD)
    service.free_dead_holders(ANN)
    assert service.waiting() == []
    service.release(service.live_leases()[0].run_id, service.live_leases()[0].attempt, reason="x", actor=ANN)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as command:
        holder = ProcessIdentity.of(command.pid)
        assert holder is not None
        service.allocate("granted", "1", for_s=60, owner=VISION, actor=ANN, holder=holder)
        service.decide_now(ANN)
        command.kill()
    assert [lease.state for lease in service.live_leases()] == [LeaseState.GRANTED]
    service.free_dead_holders(ANN)
    assert service.live_leases() == []
    assert ask(service, "granted") is not None


def test_its_owner_renews_it_and_nobody_else(any_database: Database) -> None:
    clock = Clock()
    service = two_slots(any_database, clock)
    ask(service, "probe")
    clock.forward(3000)
    renewed = service.renew("probe", for_s=3600, owner=VISION, actor=ANN)
    assert renewed.expires_at == clock.now + timedelta(hours=1)
    assert service.lease_named("probe") == service.live_leases()[0]
    assert service.live_leases()[0].terms.max_runtime_s == 6600
    with pytest.raises(Conflict, match="of ann in project vision"):
        service.renew("probe", for_s=60, owner=EVE, actor=ANN)
    with pytest.raises(NotFound, match="there is no lease 'other'"):
        service.renew("other", for_s=60, owner=VISION, actor=ANN)
    with pytest.raises(BadInput, match="expected at most 30"):
        service.renew("probe", for_s=30 * 86_400 - 1000, owner=VISION, actor=ANN)


def test_a_renewal_stands_behind_those_who_wait(any_database: Database) -> None:
    clock = Clock()
    service = two_slots(any_database, clock)
    ask(service, "probe", "2")
    submit(service, "waits")
    with pytest.raises(Conflict, match="lease probe is not renewed: ann of vision waits for devices"):
        service.renew("probe", for_s=3601, owner=VISION, actor=ANN)
    shorter = service.renew("probe", for_s=60, owner=VISION, actor=ANN)
    assert shorter.expires_at == clock.now + timedelta(seconds=60)


def test_giving_back_ends_a_lease_and_leaves_the_line(any_database: Database) -> None:
    service = two_slots(any_database, Clock())
    ask(service, "probe", "2")
    assert ask(service, "waits") is None
    assert service.give_back("waits", ANN, user="ann").is_over
    assert service.waiting() == []
    assert service.give_back("probe", ANN, user="ann").is_over
    assert service.live_leases() == []
    with pytest.raises(NotFound, match="there is no lease 'probe'"):
        service.give_back("probe", ANN, user="ann")
    with pytest.raises(NotFound):
        service.give_back("never", ANN, user="ann")


def test_what_would_be_refused_is_refused_and_leaves_no_trace(any_database: Database) -> None:
    service = two_slots(any_database, Clock())
    rows = QuotaRows((Membership(project("small")),), (QuotaRow(project("small"), nominal=1000),))
    service.set_quotas(rows, ANN)
    with pytest.raises(ImpossibleGpuRequest):
        ask(service, "a", "3")
    with pytest.raises(OverQuota):
        ask(service, "a", "2", owner=Owner("small", "ann"))
    with pytest.raises(BadInput, match="too long"):
        ask(service, "a", for_s=31 * 86_400)
    with pytest.raises(BadInput, match="has no use"):
        ask(service, "a", for_s=0)
    assert service.newest_request(lease_id("a")) is None


def test_a_lease_without_a_run_never_makes_room(any_database: Database) -> None:
    service = two_slots(any_database, Clock())
    asked = service.allocate(
        "probe", "1", for_s=60, owner=VISION, actor=ANN, holder=ME, terms=Terms(preemptible=True)
    )
    assert not asked.terms.preemptible


def test_an_overdue_lease_keeps_its_card_while_a_process_of_it_lives(any_database: Database) -> None:
    clock = Clock()
    on_card: list[DeviceProcess] = [DeviceProcess(4711, "ann", 100)]
    service = GpuService(
        any_database,
        inventory=lambda: one_node((CARD,)),
        clock=clock,
        readings=lambda _: {CARD.id: DeviceReading(CARD.id, processes=tuple(on_card))},
    )
    ask(service, "probe", for_s=60)
    clock.forward(61)
    submit(service, "waits")
    assert told(service.decide_now(ANN)) == {"waits": "W1"}
    [(lease, left)] = service.left_of_overdue().items()
    assert (lease.run_id, left.text) == (lease_id("probe"), "process 4711 of ann")
    returned = service.give_back("probe", ANN, user="ann")
    assert (returned.is_over, returned.left.text) == (False, "process 4711 of ann")
    on_card.clear()
    assert told(service.decide_now(ANN)) == {"waits": "A2"}


def test_a_living_holder_is_noted_once_in_a_while(any_database: Database) -> None:
    clock = Clock()
    service = two_slots(any_database, clock)
    submit(service, "a")
    service.decide_now(ANN)
    service.claim(service.live_leases()[0].run_id, ME)
    service.note_alive()
    assert service.live_leases()[0].heartbeat_at is None, "nobody has said that he lives"
    service.set_holder(service.live_leases()[0].run_id, service.live_leases()[0].attempt, ME)
    for later_s, seen_s in ((0, 0), (29, 0), (1, 30)):
        clock.forward(later_s)
        service.note_alive()
        seen = service.live_leases()[0].heartbeat_at
        assert seen == Clock().now + timedelta(seconds=seen_s)
    assert isinstance(ME, ProcessIdentity)


def test_each_step_is_in_the_audit(any_database: Database) -> None:
    clock = Clock()
    service = two_slots(any_database, clock)
    ask(service, "probe", for_s=60)
    service.renew("probe", for_s=120, owner=VISION, actor=ANN)
    clock.forward(120)
    service.end_overdue(ANN)
    ask(service, "probe", for_s=60)
    service.give_back("probe", ANN, user="ann")
    assert [row.action for row in reversed(recent(any_database))] == [
        *("gpu.allocate", "gpu.grant", "gpu.renew", "gpu.expire"),
        *("gpu.allocate", "gpu.grant", "gpu.give_back", "gpu.expire"),
    ]


def test_only_its_user_or_an_operator_gives_it_back(any_database: Database) -> None:
    service = two_slots(any_database, Clock())
    ask(service, "probe")
    with pytest.raises(Denied, match="lease probe is of ann in project vision; you are eve"):
        service.give_back("probe", ANN, user="eve")
    assert len(service.live_leases()) == 1
    assert service.give_back("probe", ANN, user="eve", is_operator=True).is_over


def test_a_lease_of_nothing_is_refused_and_one_of_cpus_is_not(any_database: Database) -> None:
    service = two_slots(any_database, Clock())
    with pytest.raises(BadInput, match="a lease of nothing") as refused:
        ask(service, "probe", "0")
    assert "such as 1" in refused.value.next_step
    terms = Terms(cpu_milli=1000)
    service.allocate("cores", "0", for_s=60, owner=VISION, actor=ANN, holder=ME, terms=terms)
    assert [one.run_id for one in service.waiting()] == [lease_id("cores")]


@pytest.mark.parametrize("name", ["", " vision", "*", "a\nb", "x" * 101])
def test_a_project_that_none_can_be_is_refused_wherever_somebody_asks(
    any_database: Database, name: str
) -> None:
    service, clock = two_slots(any_database, Clock()), Clock()
    owner, later = Owner(name, "ann"), clock.now + timedelta(hours=1)
    asks: list[Callable[[], object]] = [
        lambda: ask(service, "probe", owner=owner),
        lambda: submit(service, "run", owner=owner),
        lambda: service.simulate("1", owner=owner),
        lambda: service.reserve("demo", "1", project=name, starts_at=later, for_s=60, actor=ANN),
    ]
    for one in asks:
        with pytest.raises(BadInput, match=r"the project .* cannot be; expected 1 to 100 characters"):
            one()
    assert service.waiting() == []
    submit(service, "run", owner=Owner("视觉/一组", "ann"))
    assert len(service.waiting()) == 1


def test_who_is_dead_is_granted_nothing_once_more(any_database: Database) -> None:
    service = two_slots(any_database, Clock())
    service.allocate("dead", "1", for_s=60, owner=VISION, actor=ANN, holder=DEAD)
    submit(service, "lives", "2")
    assert told(service.decide_now(ANN)) == {"lives": "A2"}
    assert service.newest_lease(lease_id("dead")) is None
    assert [one.action for one in recent(any_database, 2)] == ["gpu.grant", "gpu.withdraw"]
