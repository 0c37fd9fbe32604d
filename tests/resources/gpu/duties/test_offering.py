"""How many more would be given: as many as are given then, and nothing is written."""

from resources.database.engine import Database
from resources.gpu.model import Offer, RunId, Terms
from resources.gpu.policy.model import Settings
from resources.gpu.service import GpuService
from tests.resources.gpu.duties.clock import ANN, VISION, Clock, submit, two_slots
from tests.resources.gpu.duties.test_simulation import counts


def test_as_many_are_offered_as_are_free_and_stay_free(any_database: Database) -> None:
    service = two_slots(any_database, Clock())
    before = counts(any_database)
    assert service.offer("1", owner=VISION, terms=Terms(), count=2) == Offer(2)
    found = service.offer("1", owner=VISION, terms=Terms(), count=3)
    assert found.count == 2
    assert found.why is not None
    assert found.why.rule == "W1"
    assert service.units_milli("0.5") == 500
    assert counts(any_database) == before


def test_what_others_wait_for_already_is_not_offered(any_database: Database) -> None:
    service = two_slots(any_database, Clock())
    submit(service, "a")
    submit(service, "b")
    assert service.offer("1", owner=VISION, terms=Terms(), count=1).count == 0
    service.withdraw(RunId("b"), reason="a test", actor=ANN)
    assert service.offer("1", owner=VISION, terms=Terms(), count=1) == Offer(1)


def test_what_others_would_make_room_for_is_offered(any_database: Database) -> None:
    clock = Clock()
    service = GpuService(
        any_database,
        inventory=two_slots(any_database, clock)._inventory,
        settings=Settings(min_runtime_s=0),
        clock=clock,
    )
    submit(service, "a", terms=Terms(preemptible=True))
    submit(service, "b")
    service.decide_now(ANN)
    clock.forward(1)
    found = service.offer("1", owner=VISION, terms=Terms(priority=1), count=2)
    assert found.count == 1
    assert service.offer("1", owner=VISION, terms=Terms(), count=2).count == 0
    assert not any(one.stop_for for one in service.live_leases())
