"""What a file may ask of models."""

from collections.abc import Callable
from dataclasses import fields

import pytest

from resources.errors import BadInput
from resources.gate_plan import (
    GATES,
    CalibrationGate,
    DataChecksGate,
    ForgettingGate,
    Gate,
    GatePlan,
    IfFailed,
    LatencyGate,
    LicenceGate,
    QualityGate,
    SizeGate,
    SlicesGate,
)


def test_gates_are_told_in_one_order() -> None:
    assert tuple(GATES) == tuple(one.name for one in fields(GatePlan))
    both = GatePlan(licence=LicenceGate(), quality=QualityGate(at_least=0.5))
    assert list(both.declared()) == ["quality", "data_checks", "licence"]
    assert both.only("licence") == GatePlan(licence=LicenceGate(), data_checks=None)


def test_where_nothing_is_declared_only_a_failed_data_check_counts() -> None:
    assert GatePlan().declared() == {"data_checks": DataChecksGate(missing_passes=True)}


@pytest.mark.parametrize(("if_failed", "bars"), [("keep", True), ("stop", True), ("warn", False)])
def test_a_gate_that_only_warns_bars_nobody(if_failed: str, bars: bool) -> None:
    assert LicenceGate(if_failed=IfFailed(if_failed)).bars is bars


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: QualityGate(at_least=2), "at_least of the gate quality is 2; expected 0 to 1"),
        (lambda: QualityGate(better_by=-2), "better_by of the gate quality is -2; expected -1 to 1"),
        (
            lambda: QualityGate(at_least=0.9, sure=True),
            "sure of the gate quality is true; expected better_by",
        ),
        (QualityGate, "the gate quality has no limit; expected one of at_least, better_by"),
        (SlicesGate, "the gate slices has no limit"),
        (
            lambda: SlicesGate(floors={"class:7": 7}),
            "floors of the gate slices is 7 for class:7; expected 0 to",
        ),
        (lambda: SlicesGate(at_least=0.5, least_count=0), "least_count of the gate slices is 0; expected 1"),
        (lambda: ForgettingGate(at_most=-1), "at_most of the gate forgetting is -1; expected 0 to 1"),
        (lambda: LatencyGate(p99_ms=0), "p99_ms of the gate latency is 0; expected more than 0"),
        (LatencyGate, "the gate latency has no limit"),
        (lambda: SizeGate(mib=float("inf")), "mib of the gate size is inf; expected more than 0"),
        (lambda: SizeGate(times=float("nan")), "times of the gate size is nan; expected more than 0"),
        (lambda: CalibrationGate(worse_by=1.5), "worse_by of the gate calibration is 1.5; expected 0 to 1"),
        (CalibrationGate, "the gate calibration has no limit"),
    ],
)
def test_limits_that_cannot_be_are_named(make: Callable[[], Gate], said: str) -> None:
    with pytest.raises(BadInput) as refused:
        make()
    assert said in refused.value.problem
