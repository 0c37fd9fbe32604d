"""Advance reservations through the service, on either database."""

from datetime import timedelta

import pytest

from resources.database.audit import recent
from resources.database.engine import Database
from resources.errors import BadInput, Conflict, NotFound
from resources.gpu.inventory.model import Device, DeviceId, Inventory, Node, NodeId
from resources.gpu.model import Owner, Reserved, Stop, Terms
from resources.gpu.policy.quota_model import Membership, QuotaRow, QuotaRows, project
from resources.gpu.requests.errors import ImpossibleGpuRequest, OverQuota
from resources.gpu.service import GpuService
from tests.resources.gpu.duties.clock import ANN, ME, VISION, Clock, end, submit, told, two_slots

HOUR = timedelta(hours=1)
SPEECH = Owner("speech", "eve")


def reserve(
    service: GpuService,
    clock: Clock,
    name: str,
    text: str = "2",
    *,
    in_h: float = 1,
    for_h: float = 1,
    project: str = "speech",
    user: str | None = None,
) -> Reserved:
    return service.reserve(
        name,
        text,
        project=project,
        user=user,
        starts_at=clock.now + in_h * HOUR,
        for_s=int(for_h * 3600),
        actor=ANN,
    )


def test_what_is_set_aside_is_for_its_project_when_it_begins(any_database: Database) -> None:
    clock = Clock()
    service = two_slots(any_database, clock)
    reserved = reserve(service, clock, "demo")
    assert reserved.devices == ("cpu:0", "cpu:1")
    assert service.reservations() == (reserved,)
    submit(service, "long")
    submit(service, "short", terms=Terms(max_runtime_s=1800))
    assert told(service.decide_now(ANN)) == {"long": "W3", "short": "A2"}
    end(service, "short")
    clock.forward(3600)
    submit(service, "theirs", "2", owner=SPEECH)
    assert told(service.decide_now(ANN)) == {"long": "W1", "theirs": "A5"}
    clock.forward(3600)
    end(service, "theirs")
    assert told(service.decide_now(ANN)) == {"long": "A2"}
    assert service.reservations() == ()


def test_a_reservation_for_one_user_is_not_for_others_of_the_project(any_database: Database) -> None:
    clock = Clock()
    service = two_slots(any_database, clock)
    reserve(service, clock, "demo", user="eve")
    clock.forward(3600)
    submit(service, "max", owner=Owner("speech", "max"))
    submit(service, "eve", owner=SPEECH)
    assert told(service.decide_now(ANN)) == {"max": "W3", "eve": "A5"}


def test_when_it_begins_what_can_stop_makes_room_though_nobody_waits(any_database: Database) -> None:
    clock = Clock()
    service = two_slots(any_database, clock)
    submit(service, "stops", "2", Terms(preemptible=True))
    service.decide_now(ANN)
    reserve(service, clock, "demo")
    assert service.decide_now(ANN) == []
    clock.forward(3600)
    [stop] = service.decide_now(ANN)
    assert isinstance(stop, Stop)
    assert (stop.run_id, stop.rule, stop.for_run) == ("stops", "P4", "reservation:demo")


def test_what_would_oversell_is_refused_with_the_clash_and_the_nearest_time(any_database: Database) -> None:
    clock = Clock()
    service = two_slots(any_database, clock)
    reserve(service, clock, "demo", for_h=2)
    with pytest.raises(Conflict) as refused:
        reserve(service, clock, "more", "1", in_h=2, project="vision")
    assert "in the way is reservation demo of speech until 2026-01-01 03:00 UTC" in refused.value.problem
    assert refused.value.next_step.endswith("--from 2026-01-01T03:00:00+00:00")
    assert reserve(service, clock, "more", "1", in_h=3, project="vision").id == "more"
    asked = service.allocate("probe", "1", for_s=4 * 3600, owner=VISION, actor=ANN, holder=ME)
    assert told(service.decide_now(ANN)) == {asked.run_id: "W3"}


def test_a_lease_that_will_still_be_there_is_named(any_database: Database) -> None:
    clock = Clock()
    service = two_slots(any_database, clock)
    asked = service.allocate("probe", "2", for_s=7200, owner=VISION, actor=ANN, holder=ME)
    service.decide_now(ANN)
    service.claim(asked.run_id, ME)
    with pytest.raises(Conflict, match="in the way is lease probe of vision until 2026-01-01 02:00 UTC"):
        reserve(service, clock, "demo")
    reserve(service, clock, "demo", in_h=2)
    with pytest.raises(Conflict, match="not renewed: reservation demo of speech begins on its devices"):
        service.renew("probe", for_s=7201, owner=VISION, actor=ANN)


def test_a_name_can_be_had_again_once_it_is_cancelled_or_over(any_database: Database) -> None:
    clock = Clock()
    service = two_slots(any_database, clock)
    reserve(service, clock, "demo")
    with pytest.raises(Conflict, match="there is a reservation demo already"):
        reserve(service, clock, "demo", in_h=5)
    service.cancel_reservation("demo", ANN)
    reserve(service, clock, "demo", in_h=5)
    clock.forward(7 * 3600)
    with pytest.raises(NotFound):
        service.cancel_reservation("demo", ANN)
    reserve(service, clock, "demo")
    actions = [row.action for row in recent(any_database)]
    assert actions == ["gpu.reserve", "gpu.reserve", "gpu.cancel_reservation", "gpu.reserve"]


def test_what_could_never_be_is_refused(any_database: Database) -> None:
    clock = Clock()
    service = two_slots(any_database, clock)
    rows = QuotaRows((Membership(project("small")),), (QuotaRow(project("small"), nominal=1000),))
    service.set_quotas(rows, ANN)
    with pytest.raises(ImpossibleGpuRequest):
        reserve(service, clock, "demo", "3")
    with pytest.raises(OverQuota, match="at most"):
        reserve(service, clock, "demo", "2", project="small")
    with pytest.raises(BadInput, match="in the past"):
        reserve(service, clock, "demo", "1", in_h=-1)
    with pytest.raises(BadInput, match="more than 366 days away"):
        reserve(service, clock, "demo", "1", in_h=367 * 24)
    with pytest.raises(BadInput, match="cannot be made"):
        reserve(service, clock, "demo", "1", for_h=61 * 24)
    with pytest.raises(BadInput, match="no device"):
        reserve(service, clock, "demo", "0")
    with pytest.raises(BadInput, match="of the reservation cannot be used"):
        reserve(service, clock, "a:b", "1")
    assert service.reservations() == ()


def test_what_others_make_room_for_is_not_set_aside(any_database: Database) -> None:
    clock = Clock()
    service = two_slots(any_database, clock)
    submit(service, "low", "2", Terms(preemptible=True))
    service.decide_now(ANN)
    clock.forward(4000)
    submit(service, "high", "1", Terms(priority=5, max_runtime_s=7200))
    assert told(service.decide_now(ANN))["low"] == "P2"
    with pytest.raises(Conflict, match="in the way is run high of vision until"):
        reserve(service, clock, "both", "2")
    reserve(service, clock, "one", "1")


def test_a_reservation_lies_on_the_node_that_it_names(any_database: Database) -> None:
    clock = Clock()
    nodes = tuple(
        Node(NodeId(name), 4000, 8192, tuple(Device(DeviceId(f"{name}/cpu:{at}"), None, None) for at in "01"))
        for name in ("one", "two")
    )
    service = GpuService(any_database, inventory=lambda: Inventory(nodes), clock=clock)
    on_two = Terms(nodes=(("node", "two"),))
    for name in ("a", "b"):
        reserved = service.reserve(
            name, "1", project="speech", starts_at=clock.now + HOUR, for_s=3600, actor=ANN, terms=on_two
        )
        assert reserved.devices[0].startswith("two/")
    with pytest.raises(Conflict, match="would oversell"):
        service.reserve(
            "c", "1", project="speech", starts_at=clock.now + HOUR, for_s=3600, actor=ANN, terms=on_two
        )


@pytest.mark.parametrize("user", ["", "*", " ann", "a\nb", "x" * 101])
def test_nothing_is_reserved_for_a_user_that_nobody_is(any_database: Database, user: str) -> None:
    clock = Clock()
    service = two_slots(any_database, clock)
    with pytest.raises(BadInput, match=r"the user .* cannot be"):
        reserve(service, clock, "demo", user=user)
    assert service.reservations() == ()
