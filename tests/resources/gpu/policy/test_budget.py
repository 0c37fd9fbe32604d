"""GPU-hours for a period: what was used, what is left, and what happens when nothing is."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.gpu.model import Owner
from resources.gpu.policy.amounts import Amounts
from resources.gpu.policy.budget import BudgetBook, BudgetState
from resources.gpu.policy.quota import QuotaTree
from resources.gpu.policy.quota_model import (
    BadQuota,
    BudgetRow,
    FitKind,
    Membership,
    Party,
    Period,
    PeriodKind,
    QuotaRows,
    cohort,
    project,
    user,
)

NOW = datetime(2026, 5, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
MONTH = Period()
WEEK = Period(PeriodKind.ROLLING, days=7)
ANN = Owner("vision", "ann")
PATH = (user("vision", "ann"), project("vision"), cohort("research"))


def book(*rows: BudgetRow) -> BudgetBook:
    return BudgetBook(rows)


def only(states: list[BudgetState]) -> BudgetState:
    (state,) = states
    return state


def spent(budget: float, hours: float, period: Period = MONTH, ended: datetime = NOW) -> BudgetState:
    """The state now of a budget of which one card used that many hours until ``ended``."""
    mine = book(BudgetRow(project("vision"), budget, period))
    mine.charge(PATH, ended - hours * HOUR, ended, 1000)
    return only(mine.states(NOW))


def test_an_hour_of_a_card_is_a_gpu_hour() -> None:
    state = spent(100, 5)
    assert (state.used_hours, state.left_hours, state.is_over) == (5, 95, False)


def test_half_a_card_for_two_hours_is_one_too() -> None:
    mine = book(BudgetRow(project("vision"), 10))
    mine.charge(PATH, NOW - 2 * HOUR, NOW, 500)
    assert only(mine.states(NOW)).used_hours == 1


def test_an_hour_of_a_dearer_model_counts_more() -> None:
    mine = book(BudgetRow(project("vision"), 10))
    mine.charge(PATH, NOW - HOUR, NOW, 1000, Decimal("2.5"))
    assert only(mine.states(NOW)).used_hours == 2.5


def test_use_counts_for_the_user_its_project_and_its_cohorts() -> None:
    mine = book(*(BudgetRow(party, 10) for party in PATH), BudgetRow(project("speech"), 10))
    mine.charge(PATH, NOW - HOUR, NOW, 2000)
    assert {state.party: state.used_hours for state in mine.states(NOW)} == {
        user("vision", "ann"): 2,
        project("vision"): 2,
        cohort("research"): 2,
        project("speech"): 0,
    }


def test_a_budget_of_every_other_project_is_one_for_each_of_them() -> None:
    mine = book(BudgetRow(project("*"), 3), BudgetRow(project("speech"), 99))
    for name in ("vision", "robots", "speech"):
        mine.charge([project(name)], NOW - 4 * HOUR, NOW - HOUR, 1000)
    assert set(mine.over_budget(NOW)) == {project("vision"), project("robots")}


def test_a_budget_of_every_other_user_is_one_for_each_of_them() -> None:
    mine = book(BudgetRow(user("vision", "*"), 3), BudgetRow(user("vision", "ann"), 99))
    for name in ("ann", "bob"):
        mine.charge([user("vision", name), project("vision")], NOW - 4 * HOUR, NOW - HOUR, 1000)
    assert set(mine.over_budget(NOW)) == {user("vision", "bob")}


def test_who_is_over_gets_nothing_new_and_is_told_why() -> None:
    mine = book(BudgetRow(project("vision"), 10))
    mine.charge(PATH, NOW - 10 * HOUR, NOW, 1000)
    tree = QuotaTree()
    assert tree.fits(ANN, Amounts.of_devices(1000)).fits
    tree.hold_back(mine.over_budget(NOW))
    fit = tree.fits(ANN, Amounts.of_devices(1000))
    assert fit.kind is FitKind.OVER_BUDGET
    assert fit.reason.rule == "B1"
    assert fit.reason.text == (
        "vision has used 10 of its 10 GPU-hours since 2026-05-01. What runs goes on; "
        "what is new waits until 2026-06-01."
    )


def test_the_budget_of_a_cohort_holds_its_projects_back() -> None:
    rows = QuotaRows((Membership(cohort("research")), Membership(project("vision"), "research")))
    tree = QuotaTree(rows)
    mine = book(BudgetRow(cohort("research"), 1))
    mine.charge(tree.path(ANN), NOW - HOUR, NOW, 1000)
    tree.hold_back(mine.over_budget(NOW))
    assert tree.fits(ANN, Amounts.of_devices(1000)).kind is FitKind.OVER_BUDGET
    assert tree.fits(Owner("speech", "bob"), Amounts.of_devices(1000)).fits


def test_what_runs_goes_on_and_is_given_back_as_ever() -> None:
    tree = QuotaTree()
    tree.add(ANN, Amounts.of_devices(1000))
    mine = book(BudgetRow(project("vision"), 1))
    mine.charge(PATH, NOW - HOUR, NOW, 1000)
    tree.hold_back(mine.over_budget(NOW))
    assert tree.held(ANN) == Amounts.of_devices(1000)
    tree.remove(ANN, Amounts.of_devices(1000))
    assert not tree.owners()


def test_with_the_next_month_the_budget_is_whole_again() -> None:
    mine = book(BudgetRow(project("vision"), 10))
    mine.charge(PATH, NOW - 10 * HOUR, NOW, 1000)
    assert project("vision") in mine.over_budget(NOW)
    june = datetime(2026, 6, 1, tzinfo=UTC)
    assert project("vision") in mine.over_budget(june - timedelta(seconds=1))
    assert not mine.over_budget(june)
    assert only(mine.states(june)).used_hours == 0


def test_use_across_the_end_of_a_month_counts_in_each_by_its_part() -> None:
    june = datetime(2026, 6, 1, tzinfo=UTC)
    mine = book(BudgetRow(project("vision"), 100))
    mine.charge(PATH, june - 3 * HOUR, june + HOUR, 1000)
    assert only(mine.states(june - timedelta(seconds=1))).used_hours == pytest.approx(4)
    assert only(mine.states(june + HOUR)).used_hours == pytest.approx(1)


def test_what_is_older_than_a_rolling_period_counts_no_more() -> None:
    assert spent(100, 5, WEEK, NOW - timedelta(days=6)).used_hours == 5
    assert spent(100, 5, WEEK, NOW - timedelta(days=7)).used_hours == 0
    assert spent(100, 4, WEEK, NOW - timedelta(days=7) + 2 * HOUR).used_hours == pytest.approx(2)


def test_a_rolling_budget_says_so() -> None:
    state = spent(5, 6, WEEK)
    assert state.reason is not None
    assert state.reason.text == (
        "vision has used 6 of its 5 GPU-hours in the last 7 days. What runs goes on; what is new waits."
    )


def test_a_budget_of_nothing_is_over_from_the_start() -> None:
    assert set(book(BudgetRow(project("vision"), 0)).over_budget(NOW)) == {project("vision")}


def test_the_pace_is_that_of_the_last_day() -> None:
    assert spent(1000, 12).pace == pytest.approx(0.5)
    assert spent(1000, 48, MONTH, NOW - timedelta(days=3)).pace == 0


def test_it_is_said_when_a_budget_will_run_out_at_the_present_pace() -> None:
    state = spent(48, 24)
    assert state.pace == pytest.approx(1)
    assert state.runs_out_at == NOW + 24 * HOUR
    assert state.reason is not None
    assert state.reason.rule == "B2"
    assert state.reason.text == ("At the present pace vision will have used its 48 GPU-hours on 2026-05-21.")


def test_a_budget_that_outlasts_its_month_does_not_run_out() -> None:
    state = spent(10_000, 24)
    assert state.runs_out_at is None
    assert state.reason is None


def test_a_rolling_budget_above_what_the_pace_fills_does_not_run_out() -> None:
    assert spent(7 * 24 + 1, 24, WEEK).runs_out_at is None
    runs_out = spent(7 * 24 - 24, 24, WEEK).runs_out_at
    assert runs_out is not None
    assert runs_out == pytest.approx(NOW + 120 * HOUR, abs=timedelta(minutes=15))


def test_in_a_rolling_period_what_is_old_makes_room() -> None:
    mine = book(BudgetRow(project("vision"), 50, WEEK))
    mine.charge(PATH, NOW - timedelta(days=7), NOW - timedelta(days=6), 1000)
    mine.charge(PATH, NOW - timedelta(days=1), NOW, 1000)
    runs_out = only(mine.states(NOW)).runs_out_at
    # In the first day as much leaves as comes; the two hours that are left are used after it.
    assert runs_out is not None
    assert runs_out == pytest.approx(NOW + 26 * HOUR, abs=timedelta(minutes=15))


@pytest.mark.parametrize(
    ("period", "now", "begins", "ends"),
    [
        (Period(), "2026-05-20T12:00+00:00", "2026-05-01T00:00+00:00", "2026-06-01T00:00+00:00"),
        (Period(first_day=15), "2026-05-14T23:59+00:00", "2026-04-15T00:00+00:00", "2026-05-15T00:00+00:00"),
        (Period(first_day=15), "2026-05-15T00:00+00:00", "2026-05-15T00:00+00:00", "2026-06-15T00:00+00:00"),
        (Period(first_day=28), "2026-01-01T00:00+00:00", "2025-12-28T00:00+00:00", "2026-01-28T00:00+00:00"),
        # Berlin's clocks go forward in this month, Kathmandu's never do and are 5 h 45 ahead.
        (
            Period(zone="Europe/Berlin"),
            "2026-03-31T22:00+00:00",
            "2026-03-31T22:00+00:00",
            "2026-04-30T22:00+00:00",
        ),
        (
            Period(zone="Europe/Berlin"),
            "2026-03-15T00:00+00:00",
            "2026-02-28T23:00+00:00",
            "2026-03-31T22:00+00:00",
        ),
        (
            Period(zone="Asia/Kathmandu"),
            "2026-05-31T18:15+00:00",
            "2026-05-31T18:15+00:00",
            "2026-06-30T18:15+00:00",
        ),
        (WEEK, "2026-05-20T12:00+00:00", "2026-05-13T12:00+00:00", "2026-05-20T12:00+00:00"),
    ],
)
def test_a_period_begins_and_ends(period: Period, now: str, begins: str, ends: str) -> None:
    assert period.window(datetime.fromisoformat(now)) == (
        datetime.fromisoformat(begins),
        datetime.fromisoformat(ends),
    )


moments = st.integers(min_value=0, max_value=2 * 365 * 86400).map(
    lambda seconds: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)
periods = st.builds(
    Period,
    st.sampled_from(PeriodKind),
    st.integers(min_value=1, max_value=28),
    st.integers(min_value=1, max_value=60),
    st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kathmandu", "America/New_York", "Australia/Lord_Howe"]),
)


@given(periods, moments)
def test_every_moment_lies_in_its_period(period: Period, now: datetime) -> None:
    begins, ends = period.window(now)
    assert begins <= now <= ends
    if period.kind is PeriodKind.MONTH:
        assert now < ends
        assert period.window(begins) == (begins, ends)
        assert period.window(ends)[0] == ends
        assert period.window(ends - timedelta(microseconds=1)) == (begins, ends)


charges = st.lists(
    st.tuples(
        st.integers(min_value=0, max_value=60 * 24 * 60),
        st.integers(min_value=0, max_value=48 * 60),
        st.integers(min_value=0, max_value=8000),
    ),
    max_size=8,
)


@given(charges)
def test_what_is_used_is_the_sum_of_what_was_charged(given_charges: list[tuple[int, int, int]]) -> None:
    period = Period(PeriodKind.ROLLING, days=60)
    mine = book(BudgetRow(project("vision"), 1e9, period))
    expected = 0.0
    begins = period.window(NOW)[0]
    for ago_min, long_min, milli in given_charges:
        ended = NOW - timedelta(minutes=ago_min)
        began = ended - timedelta(minutes=long_min)
        mine.charge(PATH, began, ended, milli)
        inside = max(timedelta(0), ended - max(began, begins))
        expected += inside / HOUR * milli / 1000
    assert only(mine.states(NOW)).used_hours == pytest.approx(expected, abs=1e-6)


@given(st.integers(min_value=0, max_value=10**6), st.integers(min_value=0, max_value=10**5), st.data())
def test_it_does_not_matter_in_how_many_steps_use_is_charged(
    long_s: int, milli: int, data: st.DataObject
) -> None:
    cut_s = data.draw(st.integers(min_value=0, max_value=long_s))
    whole, parts = (book(BudgetRow(project("vision"), 1e9)) for _ in range(2))
    began, ended = NOW, NOW + timedelta(seconds=long_s)
    whole.charge(PATH, began, ended, milli)
    parts.charge(PATH, began, began + timedelta(seconds=cut_s), milli)
    parts.charge(PATH, began + timedelta(seconds=cut_s), ended, milli)
    for when in (ended, datetime(2026, 6, 1, 1, tzinfo=UTC)):
        used = [only(one.states(when)).used_hours for one in (whole, parts)]
        assert used[0] == pytest.approx(used[1], abs=1e-6)


@given(st.lists(st.integers(min_value=1, max_value=100), max_size=10))
def test_use_within_a_month_never_falls(hours: list[int]) -> None:
    mine = book(BudgetRow(project("vision"), 1e9))
    at, before = datetime(2026, 5, 1, tzinfo=UTC), 0.0
    for more in hours:
        mine.charge(PATH, at, at + timedelta(minutes=more), 1000)
        at += timedelta(minutes=more)
        used = only(mine.states(at)).used_hours
        assert used >= before
        before = used


def test_use_that_is_told_late_counts_where_it_belongs() -> None:
    mine = book(BudgetRow(project("vision"), 100))
    assert only(mine.states(NOW)).used_hours == 0
    mine.charge(PATH, NOW - 10 * HOUR, NOW - 9 * HOUR, 1000)
    mine.charge(PATH, datetime(2026, 4, 30, 20, tzinfo=UTC), datetime(2026, 5, 1, 1, tzinfo=UTC), 1000)
    assert only(mine.states(NOW)).used_hours == pytest.approx(2)


@pytest.mark.parametrize(
    ("began", "ended", "milli", "factor"), [(NOW, NOW - HOUR, 1, 1), (NOW, NOW, -1, 1), (NOW, NOW, 1, -1)]
)
def test_use_that_cannot_be_is_refused(began: datetime, ended: datetime, milli: int, factor: int) -> None:
    with pytest.raises(ValueError, match="cannot be charged"):
        book().charge(PATH, began, ended, milli, factor)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([BudgetRow(project("vision"), -1)], "the budget of project vision is -1 GPU-hours"),
        ([BudgetRow(project("vision"), float("nan"))], "the budget of project vision is nan GPU-hours"),
        ([BudgetRow(project("*"), 0)], r"the budget of project \* is 0 GPU-hours; expected more"),
        ([BudgetRow(cohort("c"), 1), BudgetRow(cohort("c"), 2)], "cohort c has 2 budgets for one period"),
    ],
)
def test_budgets_that_make_no_sense_are_named(rows: list[BudgetRow], said: str) -> None:
    with pytest.raises(BadQuota, match=said):
        BudgetBook(rows)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Period(first_day=0), "begins on day 0; expected 1 to 28"),
        (lambda: Period(first_day=29), "begins on day 29"),
        (lambda: Period(PeriodKind.ROLLING, days=0), "has 0 days"),
        (lambda: Period(zone="Mars/Olympus"), "time zone is 'Mars/Olympus'"),
        (lambda: Period(zone="../etc"), "time zone is"),
    ],
)
def test_periods_that_there_are_not_are_refused(make: type, said: str) -> None:
    with pytest.raises(BadQuota, match=said):
        make()


def test_a_month_and_a_week_can_both_hold_for_one_project() -> None:
    mine = book(BudgetRow(project("vision"), 100), BudgetRow(project("vision"), 10, WEEK))
    mine.charge(PATH, NOW - 12 * HOUR, NOW, 1000)
    states = {state.row.period.kind: state.is_over for state in mine.states(NOW)}
    assert states == {PeriodKind.MONTH: False, PeriodKind.ROLLING: True}
    parties: list[Party] = list(mine.over_budget(NOW))
    assert parties == [project("vision")]


def test_the_days_of_a_month_are_those_of_its_zone() -> None:
    berlin = Period(first_day=15, zone="Europe/Berlin")
    state = only(book(BudgetRow(project("vision"), 100, berlin)).states(NOW))
    assert [day.isoformat() for day in state.first_and_last_day] == ["2026-05-15", "2026-06-14"]


def test_a_small_budget_that_is_used_up_does_not_say_that_nothing_was_used() -> None:
    mine = book(BudgetRow(project("vision"), 0.001))
    mine.charge(PATH, NOW - HOUR / 600, NOW, 1000)
    assert "has used 0.0017 of its 0.001" in mine.over_budget(NOW)[project("vision")].text
