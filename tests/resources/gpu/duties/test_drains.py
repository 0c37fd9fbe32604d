"""Drains through the service, on either database."""

import pytest

from resources.database.audit import recent
from resources.database.engine import Database
from resources.errors import BadInput, NotFound
from resources.gpu.model import PREEMPTED, Attempt, RunId, Stop, Terms
from tests.resources.gpu.duties.clock import ANN, Clock, submit, told, two_slots


def test_nothing_new_begins_on_a_drained_device_until_it_is_in_use_again(any_database: Database) -> None:
    clock = Clock()
    service = two_slots(any_database, clock)
    submit(service, "runs")
    service.decide_now(ANN)
    service.drain("cpu:0", reason="its fan is loud", actor=ANN)
    service.drain("cpu:1", actor=ANN)
    submit(service, "waits")
    assert told(service.decide_now(ANN)) == {"waits": "W5"}
    assert [lease.run_id for lease in service.live_leases()] == ["runs"], "it runs to its end"
    service.undrain("cpu:1", ANN)
    assert told(service.decide_now(ANN)) == {"waits": "A2"}
    status = service.status()
    drains = [status.drain_of(device) for device in status.devices]
    assert [one.reason if one else None for one in drains] == ["its fan is loud", None]


def test_a_drained_node_is_all_of_its_devices(any_database: Database) -> None:
    service = two_slots(any_database, Clock())
    service.drain("local", actor=ANN)
    submit(service, "a")
    assert told(service.decide_now(ANN)) == {"a": "W5"}


def test_what_can_stop_makes_room_at_once_where_that_was_said(any_database: Database) -> None:
    service = two_slots(any_database, Clock())
    submit(service, "stops", terms=Terms(preemptible=True))
    submit(service, "stays")
    service.decide_now(ANN)
    service.drain("local", actor=ANN)
    assert service.decide_now(ANN) == []
    service.drain("local", evict=True, actor=ANN)
    [stop] = service.decide_now(ANN)
    assert isinstance(stop, Stop)
    assert (stop.run_id, stop.for_run, stop.rule) == ("stops", "drain:local", "P5")
    assert service.decide_now(ANN) == [], "it is told once"
    service.try_again(RunId("stops"), Attempt(1), reason=PREEMPTED, actor=ANN)
    assert told(service.decide_now(ANN)) == {"stops": "W5"}


def test_saying_it_again_changes_the_reason_and_not_since_when(any_database: Database) -> None:
    clock = Clock()
    service = two_slots(any_database, clock)
    first = service.drain("cpu:0", reason="a", actor=ANN)
    clock.forward(60)
    again = service.drain("cpu:0", reason="b", evict=True, actor=ANN)
    assert (again.since, again.reason, again.evict) == (first.since, "b", True)
    assert service.drains() == (again,)


def test_what_is_not_known_or_not_drained_is_said(any_database: Database) -> None:
    service = two_slots(any_database, Clock())
    with pytest.raises(NotFound, match="no device and no node 'cuda:7'; known: cpu:0, cpu:1, local"):
        service.drain("cuda:7", actor=ANN)
    with pytest.raises(NotFound, match="'cpu:0' is not drained"):
        service.undrain("cpu:0", ANN)
    with pytest.raises(BadInput, match="501 characters"):
        service.drain("cpu:0", reason="x" * 501, actor=ANN)
    assert service.drains() == ()


def test_each_drain_is_in_the_audit(any_database: Database) -> None:
    service = two_slots(any_database, Clock())
    service.drain("cpu:0", reason="dust", evict=True, actor=ANN)
    service.undrain("cpu:0", ANN)
    rows = [(row.action, row.subject, row.detail) for row in reversed(recent(any_database))]
    assert rows == [
        ("gpu.drain", "cpu:0", "dust; what can stop makes room"),
        ("gpu.undrain", "cpu:0", ""),
    ]
