"""The history of use out of a real ledger, on either database."""

from datetime import timedelta
from pathlib import Path

import pytest

from resources.database.engine import Database
from resources.errors import BadInput
from resources.gpu.inventory.slots import cpu_slots
from resources.gpu.model import DIED, Attempt, Owner, RunId
from resources.gpu.policy.price import BadPrices
from resources.gpu.usage.model import By
from tests.resources.database.statements import statements
from tests.resources.gpu.usage.ledgers import ANN, NOON, Ledger


@pytest.fixture
def ledger(any_database: Database) -> Ledger:
    return Ledger(any_database)


def test_ended_and_live_leases_count_by_the_models_they_hold(ledger: Ledger) -> None:
    ledger.start("a", "2(V100)")
    ledger.start("b", "0.5(A100)", Owner("speech", "bob"))
    ledger.forward(2)
    ledger.end("a")
    ledger.forward(1)
    found = ledger.usage.report(NOON, by=(By.PROJECT, By.MODEL))
    assert [(one.project, one.model, one.gpu_hours) for one in found.lines] == [
        ("speech", "A100-SXM4-80GB", 1.5),
        ("vision", "TESLA-V100-SXM2-32GB", 4),
    ]
    assert (found.total.gpu_hours, found.total.leases) == (5.5, 2)


def test_a_request_without_a_model_counts_as_what_it_was_given(ledger: Ledger) -> None:
    ledger.start("a", "3")
    ledger.forward(1)
    found = ledger.usage.report(NOON, by=(By.MODEL,))
    assert {one.model: one.gpu_hours for one in found.lines} == {
        "A100-SXM4-80GB": 1,
        "TESLA-V100-SXM2-32GB": 2,
    }


def test_only_what_lies_in_the_time_asked_about_counts(ledger: Ledger) -> None:
    ledger.start("a", "1(A100)")
    ledger.forward(10)
    ledger.end("a")
    ledger.forward(10)
    window = ledger.usage.report(NOON + timedelta(hours=2), NOON + timedelta(hours=5))
    assert window.total.gpu_hours == 3
    assert ledger.usage.report(NOON + timedelta(hours=10)).total.gpu_hours == 0
    with pytest.raises(BadInput, match="ends before it begins"):
        ledger.usage.report(ledger.now + timedelta(hours=1))


def test_slots_are_named_so_and_runs_without_devices_use_none(any_database: Database) -> None:
    ledger = Ledger(any_database, devices=cpu_slots())
    ledger.start("a", "1")
    ledger.start("b", "0")
    ledger.forward(1)
    [line] = ledger.usage.report(NOON, by=(By.MODEL,)).lines
    assert (line.model, line.slot_hours, line.gpu_hours, line.leases) == ("CPU-SLOT", 1, 0, 1)


def test_a_clock_that_was_set_back_takes_no_use_away(ledger: Ledger) -> None:
    ledger.start("a", "1(A100)")
    ledger.forward(-1)
    ledger.end("a")
    ledger.forward(5)
    assert ledger.usage.report(NOON - timedelta(days=1)).total.gpu_hours == 0


def test_prices_of_the_home_say_what_it_cost(ledger: Ledger, trainplat_home: Path) -> None:
    ledger.start("a", "2(V100)")
    ledger.forward(1)
    assert ledger.usage.report(NOON).total.cost is None
    trainplat_home.mkdir(exist_ok=True)
    prices = trainplat_home / "prices.yaml"
    prices.write_text("currency: EUR\nper_gpu_hour: {V100: 1.10}\n")
    cost = ledger.usage.report(NOON).total.cost
    assert cost is not None
    assert cost.text == "2.20 EUR"
    prices.write_text("currency: EUR\nper_gpu_hour: {V100: -1}\n")
    with pytest.raises(BadPrices, match=r"prices\.yaml has the price '-1' for V100"):
        ledger.usage.report(NOON)


def test_a_run_costs_what_all_its_attempts_held(ledger: Ledger, trainplat_home: Path) -> None:
    trainplat_home.mkdir(exist_ok=True)
    (trainplat_home / "prices.yaml").write_text("currency: EUR\nper_gpu_hour: {V100: 1.10}\n")
    ledger.start("a", "2(V100)")
    ledger.forward(1)
    ledger.gpus.try_again(RunId("a"), Attempt(1), reason=DIED, actor=ANN)
    ledger.forward(5)
    ledger.gpus.decide_now(ANN)
    ledger.forward(0.5)
    cost = ledger.usage.cost_of_run(RunId("a"))
    assert cost is not None
    assert cost.text == "3.30 EUR"
    assert ledger.usage.cost_of_run(RunId("never")) is None


def test_hours_of_some_runs_are_those_of_all_their_devices_and_attempts_since_then(ledger: Ledger) -> None:
    ledger.start("a", "2(V100)")
    ledger.start("b", "1(A100)")
    ledger.forward(3)
    ledger.end("a")
    ledger.forward(1)
    runs = [RunId("a"), RunId("b")]
    assert ledger.usage.device_hours(runs, NOON) == 10
    assert ledger.usage.device_hours(runs, NOON + timedelta(hours=2)) == 4
    assert ledger.usage.device_hours([RunId("a")], NOON + timedelta(hours=3)) == 0
    assert ledger.usage.device_hours([], NOON) == 0


def test_hours_of_each_of_some_runs_are_asked_for_in_one_query(ledger: Ledger) -> None:
    ledger.start("a", "2(V100)")
    ledger.start("b", "1(A100)")
    ledger.forward(3)
    runs = [RunId(name) for name in ("a", "b", "never", "a")]
    with statements() as asked:
        assert ledger.usage.device_hours_of_each(runs, NOON) == {"a": 6, "b": 3}
        assert ledger.usage.device_hours(runs, NOON) == 9
    assert len([one for one in asked if "gpu_leases" in one]) == 2
    assert ledger.usage.device_hours_of_each(runs, NOON + timedelta(hours=3)) == {}
