"""Lending of cards on a real ledger: what moves, what stays, and that decisions go by it."""

from dataclasses import replace

import pytest

from resources.database.audit import recent
from resources.database.engine import Database
from resources.gpu.forecast.lending import Forecast
from resources.gpu.forecast.model import Quantiles
from resources.gpu.forecast.service import ForecastService
from resources.gpu.inventory.model import DeviceId
from resources.gpu.model import Grant, Owner, Wait
from resources.gpu.policy.amounts import ANY_DEVICE
from resources.gpu.policy.quota_model import Membership, QuotaRow, QuotaRows, cohort, project
from resources.gpu.policy.rebalance import LendingSettings
from tests.resources.gpu.usage.ledgers import ANN, CARDS, Ledger

BUSY, IDLE = Owner("busy", "bob"), Owner("idle", "ann")
EIGHT = tuple(replace(CARDS[0], id=DeviceId(f"cuda:{number}")) for number in range(8))
AT_ONCE = LendingSettings(dwell_s=0)


@pytest.fixture
def ledger(any_database: Database) -> Ledger:
    """Two projects that are owed four cards each; `idle` lent all, and took it back as it had work."""
    found = Ledger(any_database, devices=EIGHT)
    members = [Membership(cohort("all"))]
    members += [Membership(project(name), "all") for name in ("busy", "idle")]
    quotas = [QuotaRow(project(name), ANY_DEVICE, 4000) for name in ("busy", "idle")]
    found.gpus.set_quotas(QuotaRows(tuple(members), tuple(quotas)), ANN)
    found.start("own", "4", IDLE)
    moves = found.gpus.rebalance(ANN)
    assert [(one.party.name, one.to_milli, one.reason.rule) for one in moves] == [("idle", 0, "L2")]
    found.end("own")
    found.start("first", "4", BUSY)
    return found


def test_decisions_go_by_what_is_lent_now_and_the_quotas_stay(ledger: Ledger) -> None:
    ledger.ask("more", "2", BUSY)
    [wait] = ledger.gpus.decide_now(ANN)
    assert isinstance(wait, Wait)
    assert wait.rule == "Q5"
    assert ledger.gpus.simulate("2", owner=BUSY).why.rule == "Q5"
    ledger.forward(0.2)
    found = [(one.party.name, one.to_milli, one.reason.rule) for one in ledger.gpus.rebalance(ANN)]
    assert found == [("busy", 0, "L2"), ("idle", 2000, "L1")]
    [grant] = ledger.gpus.decide_now(ANN)
    assert isinstance(grant, Grant)
    assert all(row.lending_limit is None for row in ledger.gpus.quotas().quotas)
    lends = ledger.gpus.lending()[project("idle"), ANY_DEVICE]
    assert (lends.limit, lends.reason.rule) == (2000, "L1")
    audited = [one.detail[:3] for one in recent(ledger.database) if one.action == "gpu.lend"]
    assert sorted(audited) == ["L1:", "L2:", "L2:"]


def test_a_dry_run_says_the_same_and_changes_nothing(ledger: Ledger) -> None:
    ledger.ask("more", "2", BUSY)
    ledger.forward(0.2)
    told = ledger.gpus.rebalance(ANN, dry_run=True)
    assert ledger.gpus.lending()[project("idle"), ANY_DEVICE].limit == 0
    assert ledger.gpus.rebalance(ANN) == told


def test_what_was_changed_stays_for_a_while(ledger: Ledger) -> None:
    ledger.ask("more", "2", BUSY)
    ledger.forward(0.1)
    assert {one.party.name: one.reason.rule for one in ledger.gpus.rebalance(ANN)}["idle"] == "L3"
    assert ledger.gpus.lending()[project("idle"), ANY_DEVICE].limit == 0


def test_the_limits_of_the_quotas_hold_again_when_they_are_set_or_asked_for(ledger: Ledger) -> None:
    assert ledger.gpus.stop_lending_rules(ANN) == 1
    assert not ledger.gpus.lending()
    ledger.ask("more", "2", BUSY)
    assert [type(one) for one in ledger.gpus.decide_now(ANN)] == [Grant]
    ledger.ask("own", "4", IDLE)
    ledger.gpus.rebalance(ANN, settings=AT_ONCE)
    assert ledger.gpus.lending()
    ledger.gpus.set_quotas(ledger.gpus.quotas(), ANN)
    assert not ledger.gpus.lending()


def test_a_forecast_of_demand_holds_lending_back(ledger: Ledger) -> None:
    ledger.gpus.stop_lending_rules(ANN)
    soon = Quantiles((3000.0,) * 24, (3000.0,) * 24)
    hour = int(ledger.now.timestamp() // 3600 * 3600)
    forecasts = ForecastService(ledger.database, clock=lambda: ledger.now)
    forecasts.keep(Forecast(hour, {"idle": soon}), {}, model="demand/1", actor=ANN)
    moves = ledger.gpus.rebalance(ANN, settings=AT_ONCE)
    assert ("idle", 1000, "F2") in [(one.party.name, one.to_milli, one.reason.rule) for one in moves]
    assert ledger.gpus.lending()[project("idle"), ANY_DEVICE].limit == 1000
