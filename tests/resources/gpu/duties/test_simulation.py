"""What would happen: the same as happens, and nothing is written."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from resources.database.engine import Database
from resources.database.metadata import METADATA
from resources.gpu.duties.simulation import Outcome
from resources.gpu.model import Owner, Terms
from resources.gpu.policy.model import Settings
from resources.gpu.policy.price import parse_prices
from resources.gpu.policy.quota_model import Membership, QuotaRow, QuotaRows, project
from resources.gpu.requests.errors import BadGpuRequest, ImpossibleGpuRequest, OverQuota
from resources.gpu.service import GpuService
from tests.resources.gpu.duties.clock import ANN, VISION, Clock, submit, told, two_slots


def counts(database: Database) -> dict[str, int]:
    """How many rows each table has."""
    with database.read() as connection:
        return {
            table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in METADATA.sorted_tables
        }


def test_what_is_free_would_be_granted_and_stays_free(any_database: Database) -> None:
    service = two_slots(any_database, Clock())
    before = counts(any_database)
    found = service.simulate("2", owner=VISION)
    assert (found.outcome, found.why.rule, found.devices) == (Outcome.GRANTED, "A2", ("cpu:0", "cpu:1"))
    assert (found.expected_at, found.victims, found.waiting_before) == (None, (), 0)
    assert counts(any_database) == before
    assert service.waiting() == []


def test_what_is_in_use_would_be_waited_for_until_its_declared_end(any_database: Database) -> None:
    clock = Clock()
    service = two_slots(any_database, clock)
    submit(service, "a", terms=Terms(max_runtime_s=600))
    submit(service, "b")
    service.decide_now(ANN)
    one = service.simulate("1", owner=VISION)
    assert (one.outcome, one.why.rule, one.devices) == (Outcome.WAITS, "W1", ())
    assert one.expected_at == clock.now + timedelta(seconds=600)
    both = service.simulate("2", owner=VISION)
    assert both.expected_at is None, "b has not said when it ends"


def test_a_simulated_start_is_behind_those_that_wait_already(any_database: Database) -> None:
    clock = Clock()
    service = two_slots(any_database, clock)
    submit(service, "a", terms=Terms(max_runtime_s=600))
    submit(service, "b", terms=Terms(max_runtime_s=1800))
    service.decide_now(ANN)
    submit(service, "c", terms=Terms(max_runtime_s=3600, priority=5))
    service.decide_now(ANN)
    found = service.simulate("1", owner=VISION)
    assert found.waiting_before == 1
    assert found.expected_at == clock.now + timedelta(seconds=1800), "c has the device of a by then"


def test_who_would_make_room_is_named(any_database: Database) -> None:
    clock = Clock()
    service = GpuService(
        any_database,
        inventory=two_slots(any_database, clock)._inventory,
        settings=Settings(min_runtime_s=0),
        clock=clock,
    )
    submit(service, "low", "2", Terms(preemptible=True))
    service.decide_now(ANN)
    clock.forward(60)
    found = service.simulate("1", owner=VISION, terms=Terms(priority=5))
    assert (found.outcome, found.why.rule) == (Outcome.MAKES_ROOM, "P2")
    assert [one.run_id for one in found.victims] == ["low"]
    assert len(found.devices) == 1
    assert service.live_leases()[0].stop_for is None


def test_it_says_what_then_happens(any_database: Database) -> None:
    service = two_slots(any_database, Clock())
    submit(service, "a", "1")
    submit(service, "b", "2")
    found = service.simulate("1", owner=VISION)
    submit(service, "c", "1")
    assert told(service.decide_now(ANN))["c"] == found.why.rule
    assert found.waiting_before == 2


def test_what_would_be_refused_is_refused(any_database: Database) -> None:
    service = two_slots(any_database, Clock())
    rows = QuotaRows((Membership(project("small")),), (QuotaRow(project("small"), nominal=1000),))
    service.set_quotas(rows, ANN)
    with pytest.raises(BadGpuRequest):
        service.simulate("lots", owner=VISION)
    with pytest.raises(ImpossibleGpuRequest):
        service.simulate("3", owner=VISION)
    with pytest.raises(OverQuota):
        service.simulate("2", owner=Owner("small", "ann"))


def test_its_cost_is_told_where_there_are_prices(any_database: Database) -> None:
    service = two_slots(any_database, Clock())
    found = service.simulate("2", owner=VISION)
    prices = parse_prices("currency: EUR\nper_gpu_hour: {'*': 1.20}")
    cost = found.cost(prices, 1800)
    assert cost is not None
    assert cost.text == "1.20 EUR"
    assert found.cost(None, 1800) is None
    submit(service, "a", "2")
    service.decide_now(ANN)
    waiting = service.simulate("1", owner=VISION).cost(prices, 3600)
    assert waiting is not None
    assert waiting.text == "1.20 EUR"
