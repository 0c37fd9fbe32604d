"""Sums of use over intervals: nothing is lost, nothing counts twice, and slots are no GPUs."""

import csv
import io
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.gpu.model import Owner
from resources.gpu.policy.amounts import Resource
from resources.gpu.policy.price import Prices
from resources.gpu.usage.model import By, HeldInterval, UsageReport
from resources.gpu.usage.report import as_csv, report

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
ANN, BOB = Owner("vision", "ann"), Owner("speech", "bob")
V100, SLOT = Resource("V100"), Resource("CPU-SLOT")
EUR = Prices("EUR", {V100: Decimal("1.20")})


def held(owner: Owner, kind: Resource, milli: int, from_h: float, to_h: float) -> HeldInterval:
    began, ended = NOON + timedelta(hours=from_h), NOON + timedelta(hours=to_h)
    return HeldInterval(owner, ((kind, milli),), began, ended)


def told(intervals: list[HeldInterval], *by: By, prices: Prices | None = None) -> UsageReport:
    return report(intervals, by, NOON, NOON + timedelta(days=3), prices)


def test_a_fraction_counts_as_that_much_of_an_hour() -> None:
    assert told([held(ANN, V100, 500, 0, 2)]).total.gpu_hours == 1
    assert told([held(ANN, V100, 2000, 0, 2)]).total.gpu_hours == 4


def test_cpu_slots_are_counted_apart() -> None:
    total = told([held(ANN, V100, 1000, 0, 1), held(ANN, SLOT, 2000, 0, 3)]).total
    assert (total.gpu_hours, total.slot_hours, total.leases) == (1, 6, 2)


def test_use_is_told_apart_by_whatever_is_asked() -> None:
    intervals = [held(ANN, V100, 1000, 0, 1), held(BOB, V100, 1000, 0, 2), held(ANN, SLOT, 1000, 0, 4)]
    by_project = told(intervals, By.PROJECT).lines
    assert [(one.project, one.user, one.gpu_hours, one.slot_hours) for one in by_project] == [
        ("speech", None, 2, 0),
        ("vision", None, 1, 4),
    ]
    by_model = told(intervals, By.MODEL).lines
    assert [(one.model, one.gpu_hours, one.slot_hours) for one in by_model] == [
        ("CPU-SLOT", 0, 4),
        ("V100", 3, 0),
    ]
    assert len(told(intervals, By.USER, By.MODEL).lines) == 3


def test_a_lease_over_midnight_counts_on_both_days() -> None:
    lines = told([held(ANN, V100, 1000, 10, 37)], By.DAY).lines
    assert [(one.day, one.gpu_hours, one.leases) for one in lines] == [
        (date(2026, 1, 1), 2, 1),
        (date(2026, 1, 2), 24, 1),
        (date(2026, 1, 3), 1, 1),
    ]


def test_a_lease_of_two_models_is_one_lease() -> None:
    both = HeldInterval(ANN, ((V100, 1000), (SLOT, 1000)), NOON, NOON + timedelta(hours=1))
    assert told([both], By.PROJECT).lines[0].leases == told([both]).total.leases == 1


def test_cost_is_exact_and_names_what_has_no_price() -> None:
    a100 = Resource("A100")
    total = told([held(ANN, V100, 500, 0, 1), held(BOB, a100, 1000, 0, 1)], prices=EUR).total
    assert total.cost is not None
    assert (total.cost.amount, total.cost.unpriced) == (Decimal("0.6"), ("A100",))
    assert told([held(BOB, a100, 1000, 0, 1)], prices=EUR).total.cost is None


def test_the_spreadsheet_has_a_row_for_each_line() -> None:
    written = as_csv(told([held(ANN, V100, 500, 0, 2)], By.PROJECT, By.DAY, prices=EUR))
    [row] = csv.DictReader(io.StringIO(written))
    assert list(row.values()) == ["vision", "", "", "2026-01-01", "1.0000", "0.0000", "1", "1.2000", "EUR"]


INTERVALS = st.lists(
    st.builds(
        lambda owner, kind, milli, from_ms, length_ms: HeldInterval(
            owner,
            ((kind, milli),),
            NOON + timedelta(milliseconds=from_ms),
            NOON + timedelta(milliseconds=from_ms + length_ms),
        ),
        st.sampled_from([ANN, BOB, Owner("vision", "bob")]),
        st.sampled_from([V100, SLOT]),
        st.integers(1, 8000),
        st.integers(0, 200_000_000),
        st.integers(1, 200_000_000),
    ),
    max_size=8,
)


@given(INTERVALS, st.sets(st.sampled_from(By), min_size=1))
def test_lines_add_up_to_the_whole_however_use_is_told_apart(
    intervals: list[HeldInterval], by: set[By]
) -> None:
    found = told(intervals, *sorted(by), prices=EUR)
    exact = sum(
        milli * ((one.ended - one.began) // timedelta(milliseconds=1))
        for one in intervals
        for _, milli in one.held
    )
    total = found.total
    assert total.gpu_hours + total.slot_hours == pytest.approx(exact / 3.6e9, rel=1e-12)
    assert sum(one.gpu_hours for one in found.lines) == pytest.approx(total.gpu_hours, rel=1e-9)
    assert sum(one.slot_hours for one in found.lines) == pytest.approx(total.slot_hours, rel=1e-9)
    cost = sum((one.cost.amount for one in found.lines if one.cost), Decimal(0))
    assert abs(cost - (total.cost.amount if total.cost else 0)) < Decimal("1e-20")
