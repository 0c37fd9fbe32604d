"""Budgets of GPU-hours on a real ledger, on either database: kept, enforced, and told as they stand."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import event

from resources.database.engine import Database
from resources.gpu.model import Grant, Owner, Wait
from resources.gpu.policy.quota_model import (
    BadQuota,
    BudgetRow,
    Membership,
    Period,
    PeriodKind,
    QuotaRows,
    cohort,
    project,
    user,
)
from resources.gpu.usage import store
from resources.gpu.usage.model import MILLI_MS_PER_HOUR, BudgetStanding
from resources.gpu.usage.used import Used
from tests.resources.gpu.usage.ledgers import ANN, NOON, Ledger

WEEK = Period(PeriodKind.ROLLING, days=7)
SPEECH = Owner("speech", "bob")


@pytest.fixture
def ledger(any_database: Database) -> Ledger:
    return Ledger(any_database)


def give(ledger: Ledger, *budgets: BudgetRow) -> None:
    memberships = (Membership(cohort("research")), Membership(project("vision"), "research"))
    ledger.gpus.set_quotas(QuotaRows(memberships, budgets=budgets), ANN)


def decide(ledger: Ledger) -> dict[str, str]:
    """The rule by which each run fares."""
    made = ledger.gpus.decide_now(ANN)
    return {one.run_id: one.rule for one in made if isinstance(one, Grant | Wait)}


def standing(ledger: Ledger, party: str) -> BudgetStanding:
    return next(one for one in ledger.usage.budgets() if one.state.party.path == party)


def test_budgets_are_kept_with_the_quotas(ledger: Ledger) -> None:
    budgets = (
        BudgetRow(cohort("research"), 10.5),
        BudgetRow(project("vision"), 5, WEEK),
        BudgetRow(project("vision"), 3, Period(first_day=2, zone="Europe/Berlin")),
    )
    give(ledger, *budgets)
    assert set(ledger.gpus.quotas().budgets) == set(budgets)
    with pytest.raises(BadQuota, match="has 2 budgets for one period, month"):
        give(ledger, BudgetRow(project("a"), 1), BudgetRow(project("a"), 1, Period(first_day=2)))
    assert len(ledger.gpus.quotas().budgets) == 3


def test_who_has_used_up_its_budget_waits_and_what_runs_goes_on(ledger: Ledger) -> None:
    give(ledger, BudgetRow(project("vision"), 4))
    ledger.start("a", "2(V100)")
    ledger.forward(1.5)
    ledger.ask("b", "1(A100)")
    assert decide(ledger) == {"b": "A2"}, "3 of 4 hours are used"
    ledger.end("b")
    ledger.forward(0.5)
    ledger.ask("c", "1(A100)")
    ledger.ask("d", "1(A100)", SPEECH)
    assert decide(ledger) == {"c": "B1", "d": "A2"}
    assert len(ledger.gpus.live_leases()) == 2
    ledger.end("a")
    ledger.now = NOON + timedelta(days=31)
    assert decide(ledger) == {"c": "W1"}, "a new month has begun, and the A100 is in use"


def test_old_use_leaves_a_rolling_budget(ledger: Ledger) -> None:
    give(ledger, BudgetRow(user("vision", "ann"), 2, WEEK))
    ledger.start("a", "2(V100)")
    ledger.forward(1)
    ledger.end("a")
    ledger.ask("b")
    assert decide(ledger) == {"b": "B1"}
    ledger.forward(7 * 24 - 0.9)
    assert decide(ledger) == {"b": "A2"}


def test_the_budget_of_a_cohort_counts_for_all_in_it(ledger: Ledger) -> None:
    give(ledger, BudgetRow(cohort("research"), 1))
    ledger.start("a", "1(A100)", Owner("vision", "eve"))
    ledger.forward(1)
    ledger.ask("b")
    ledger.ask("c", "1", SPEECH)
    assert decide(ledger) == {"b": "B1", "c": "A2"}


def test_a_standing_tells_used_committed_left_and_where_it_goes(ledger: Ledger) -> None:
    give(ledger, BudgetRow(project("vision"), 100))
    ledger.start("a", "2(V100)", max_runtime_s=10 * 3600)
    ledger.start("b", "1(A100)")
    ledger.forward(24)
    ledger.end("b")
    found = standing(ledger, "vision")
    assert found.state.used_hours == pytest.approx(72)
    assert found.state.left_hours == pytest.approx(28)
    assert (found.committed_hours, found.open_ended) == (0, 0), "its declared end is past"
    assert found.state.pace == pytest.approx(3)
    assert found.state.reason is not None
    assert found.state.reason.rule == "B2"
    assert found.projected_hours == pytest.approx(72 + 3 * (30.5 - 1) * 24 - 0, rel=0.02)
    assert [(one.day.day, one.used_hours) for one in found.burn_down] == [(1, 36.0), (2, 72.0)]


def test_what_running_leases_declare_is_committed(ledger: Ledger) -> None:
    give(ledger, BudgetRow(project("vision"), 100), BudgetRow(project("speech"), 100, WEEK))
    ledger.start("a", "2(V100)", max_runtime_s=10 * 3600)
    ledger.start("b", "1(A100)", SPEECH)
    ledger.forward(4)
    vision, speech = standing(ledger, "vision"), standing(ledger, "speech")
    assert vision.committed_hours == pytest.approx(12)
    assert vision.open_ended == 0
    assert vision.free_hours == pytest.approx(80)
    assert (speech.committed_hours, speech.open_ended) == (0, 1)
    assert speech.projected_hours == pytest.approx(speech.state.pace * 7 * 24)


def test_an_hour_of_a_dearer_model_counts_more_where_prices_say_so(
    ledger: Ledger, trainplat_home: Path
) -> None:
    trainplat_home.mkdir(exist_ok=True)
    prices = trainplat_home / "prices.yaml"
    prices.write_text("currency: EUR\nper_gpu_hour: {V100: 1, A100: 4}\nbudget_unit: V100\n")
    give(ledger, BudgetRow(project("vision"), 4))
    ledger.start("a", "1(A100)")
    ledger.forward(1)
    assert standing(ledger, "vision").state.used_hours == pytest.approx(4)
    ledger.ask("b")
    assert decide(ledger) == {"b": "B1"}
    prices.write_text("currency: [")
    assert decide(ledger) == {"b": "A2"}, "a bad list of prices stops nobody"


@pytest.mark.parametrize("since_h", [0.0, 0.7, 3.0, 9.0])
def test_sums_that_are_kept_are_those_over_the_intervals(ledger: Ledger, since_h: float) -> None:
    kept, since = Used(), NOON + timedelta(hours=since_h)
    for number, (text, owner) in enumerate(
        [("1", SPEECH), ("0.5", SPEECH), ("2(V100)", Owner("vision", "ann")), ("1(A100)", SPEECH)]
    ):
        ledger.ask(f"run-{number}", text, owner)
        ledger.gpus.decide_now(ANN)
        ledger.forward(0.7)
        if number % 2:
            oldest = ledger.gpus.live_leases()[0]
            ledger.end(oldest.run_id)
            ledger.gpus.decide_now(ANN)
        with ledger.database.read() as connection:
            kept.bring_up(connection, min(since, NOON))
    ledger.now = max(ledger.now, since)
    live = ledger.gpus.live_leases()
    with ledger.database.read() as connection:
        fresh = Used()
        for one_used in (fresh, kept):
            one_used.bring_up(connection, since)
        sums = kept.totals(since, ledger.now, live)
        assert sums == fresh.totals(since, ledger.now, live)
        intervals = store.intervals(connection, since, ledger.now)
    expected: dict[tuple[Owner, str], float] = {}
    for one in intervals:
        for kind, milli in one.held:
            hours = milli * (one.ended - one.began).total_seconds() / 3600 / 1000
            expected[one.owner, kind] = expected.get((one.owner, kind), 0.0) + hours
    found = {
        (owner, kind): at / MILLI_MS_PER_HOUR for owner, kinds in sums.items() for kind, at in kinds.items()
    }
    assert {key: at for key, at in found.items() if at} == pytest.approx(expected)


def test_a_lease_that_is_over_is_read_once(ledger: Ledger) -> None:
    used, read = Used(), list[str]()

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        read.append(statement)

    for run in ("a", "b"):
        ledger.start(run)
        ledger.forward(1)
        ledger.end(run)
    with ledger.database.read() as connection:
        used.bring_up(connection, NOON)
        event.listen(connection, "before_cursor_execute", note)
        used.bring_up(connection, NOON + timedelta(minutes=1))
        assert len(read) == 1, "only the number of the last change"
        totals = used.totals(NOON + timedelta(hours=1), ledger.now, ())
        assert [sum(kinds.values()) for kinds in totals.values()] == [MILLI_MS_PER_HOUR]
        used.bring_up(connection, NOON - timedelta(days=1))
        assert len(read) == 3, "an earlier moment needs those that ended since then"


def test_leases_of_periods_that_are_over_are_forgotten(ledger: Ledger) -> None:
    used = Used()
    ledger.start("a")
    ledger.forward(1)
    ledger.end("a")
    with ledger.database.read() as connection:
        used.bring_up(connection, NOON)
        [before] = used.totals(NOON, ledger.now, ()).values()
        used.bring_up(connection, NOON + timedelta(days=2))
        [after] = used.totals(NOON, ledger.now, ()).values()
    assert (sum(before.values()), sum(after.values())) == (MILLI_MS_PER_HOUR, 0)
