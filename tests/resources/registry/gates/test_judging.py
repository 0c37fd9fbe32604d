"""What gates say about a model."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.gate_plan import (
    GATES,
    CalibrationGate,
    DataChecksGate,
    DriftGate,
    ForgettingGate,
    Gate,
    GatePlan,
    LatencyGate,
    LicenceGate,
    QualityGate,
    SizeGate,
    SlicesGate,
)
from resources.registry.evaluations.model import SliceName, SliceScore
from resources.registry.gates.judging import judge
from resources.registry.gates.model import CheckOutcome, GateEvidence, GateResult
from tests.resources.registry.gates.examples import FIRST, GOOD, KNOWN, OLD, SHARES, evidence

PARTS = ["class:cat", "class:dog", "brightness:dark", "class:cta"]


def said(gate: Gate, known: GateEvidence = KNOWN) -> GateResult:
    """What one gate says."""
    (found,) = judge(plan_of(gate), known)
    return found


def plan_of(*gates: Gate) -> GatePlan:
    """These, and no others."""
    named: dict[str, Any] = {"data_checks": None} | {gate.name: gate for gate in gates}
    return GatePlan(**named)


def part(value: float) -> dict[SliceName, SliceScore]:
    """A test set of one part."""
    return {SliceName("class:cat"): SliceScore(value, 100)}


PAIRS: st.SearchStrategy[tuple[Gate, Gate]] = st.one_of(
    st.tuples(SHARES, SHARES).map(
        lambda two: (QualityGate(at_least=min(two)), QualityGate(at_least=max(two)))
    ),
    st.tuples(st.floats(-1, 1), st.floats(-1, 1), st.booleans()).map(
        lambda two: (
            QualityGate(better_by=min(two[:2]), sure=two[2]),
            QualityGate(better_by=max(two[:2]), sure=True),
        )
    ),
    st.tuples(SHARES, SHARES, st.integers(5, 40)).map(
        lambda two: (
            SlicesGate(at_least=min(two[:2]), least_count=two[2] + 5),
            SlicesGate(at_least=max(two[:2]), worse_by=0.5, least_count=two[2]),
        )
    ),
    st.tuples(SHARES, SHARES).map(lambda two: (SlicesGate(worse_by=max(two)), SlicesGate(worse_by=min(two)))),
    st.tuples(SHARES, SHARES, st.sampled_from(PARTS)).map(
        lambda two: (
            SlicesGate(floors={two[2]: min(two[:2])}),
            SlicesGate(floors={two[2]: max(two[:2]), "class:dog": max(two[:2])}),
        )
    ),
    st.tuples(SHARES, SHARES).map(
        lambda two: (ForgettingGate(at_most=max(two)), ForgettingGate(at_most=min(two)))
    ),
    st.tuples(st.floats(0.1, 1e4), st.floats(0.1, 1e4)).map(
        lambda two: (LatencyGate(p99_ms=max(two)), LatencyGate(p99_ms=min(two), times=1.0))
    ),
    st.tuples(st.floats(0.1, 1e3), st.floats(0.1, 1e3)).map(
        lambda two: (SizeGate(times=max(two)), SizeGate(times=min(two), mib=1.0))
    ),
    st.tuples(SHARES, SHARES).map(
        lambda two: (CalibrationGate(at_most=max(two)), CalibrationGate(at_most=min(two), worse_by=0.1))
    ),
    st.just((DriftGate(missing_passes=True), DriftGate())),
    st.just((DataChecksGate(missing_passes=True), DataChecksGate())),
)
"""A laxer gate, and a stricter one of the same kind."""
PLANS = st.fixed_dictionaries({}, optional=dict.fromkeys(GATES, PAIRS)).map(
    lambda drawn: plan_of(*(stricter for _, stricter in drawn.values()))
)


@given(PAIRS, evidence())
def test_a_stricter_limit_never_passes_what_a_laxer_one_failed(
    pair: tuple[Gate, Gate], known: GateEvidence
) -> None:
    laxer, stricter = said(pair[0], known), said(pair[1], known)
    assert laxer.passed or not stricter.passed


@given(PLANS, evidence())
def test_each_gate_says_alone_what_it_says_among_others(plan: GatePlan, known: GateEvidence) -> None:
    together = judge(plan, known)
    alone = [judge(plan.only(one.gate), known) for one in together]
    assert [(one,) for one in together] == alone
    assert [one.gate for one in together] == [name for name in GATES if name in plan.declared()]


@given(PLANS, evidence())
def test_one_that_fails_says_why_with_value_and_limit_on_the_wrong_side(
    plan: GatePlan, known: GateEvidence
) -> None:
    for one in judge(plan, known):
        assert one.sentence.strip()
        assert "\n" not in one.sentence
        if not one.passed and one.value is not None:
            assert one.value != one.limit


@pytest.mark.parametrize(
    ("gate", "sentence", "value", "limit"),
    [
        (QualityGate(at_least=0.95), "the accuracy is 90%; at least 95% is asked", 0.9, 0.95),
        (
            QualityGate(better_by=0.0, sure=True),
            "champion (95% interval -1 to 5); at least 0 points is asked, at the low end of the interval",
            -0.01,
            0.0,
        ),
        (
            QualityGate(better_by=0.03),
            "the accuracy is 2 points above that of model 1, the champion (95% interval -1 to 5); at least 3",
            0.02,
            0.03,
        ),
        (SlicesGate(at_least=0.9), "class:dog reaches 85%; at least 90% is asked", 0.85, 0.9),
        (SlicesGate(floors={"brightness:dark": 0.7}), "brightness:dark reaches 60%; at least 70%", 0.6, 0.7),
        (
            SlicesGate(floors={"class:dgo": 0.7}),
            "class:dgo is no part of the test set that was measured; is class:dog meant?",
            None,
            None,
        ),
        (
            ForgettingGate(at_most=0.01),
            "what it has forgotten of earlier tasks is 2%; at most 1%",
            0.02,
            0.01,
        ),
        (LatencyGate(p99_ms=1.5), "the 99th percentile of its latency is 2 ms; at most 1.5 ms", 2.0, 1.5),
        (LatencyGate(times=1.5), "is 2 times that of model 1, the champion; at most 1.5 times", 2.0, 1.5),
        (SizeGate(mib=1), "the size of its weights is 2 MiB; at most 1 MiB is allowed", 2.0, 1.0),
        (SizeGate(times=1.1), "is 2 times that of model 1, the champion; at most 1.1 times", 2.0, 1.1),
        (CalibrationGate(at_most=0.04), "its calibration error is 5%; at most 4% is allowed", 0.05, 0.04),
        (
            CalibrationGate(worse_by=0.01),
            "its calibration error is 5%, 3 points above that of model 1, the champion; at most 1 point",
            pytest.approx(0.03),
            0.01,
        ),
    ],
)
def test_what_failed_is_said_in_a_sentence(
    gate: Gate, sentence: str, value: float | None, limit: float | None
) -> None:
    found = said(gate)
    assert sentence in found.sentence
    assert (found.passed, found.value, found.limit) == (False, value, limit)


def test_a_part_that_lost_much_is_named_first() -> None:
    old = replace(GOOD, slices={name: replace(one, value=1.0) for name, one in GOOD.slices.items()})
    found = said(SlicesGate(worse_by=0.01), replace(KNOWN, champion=old))
    assert found.sentence.startswith(
        "class:dog reaches 85%, 15 points below the 100% of model 1, the champion; at most 1 point"
    )
    assert "; class:cat reaches 95%" in found.sentence
    assert "brightness:dark" not in found.sentence, "ten samples say little"


@pytest.mark.parametrize(
    "gate",
    [
        QualityGate(better_by=0.5, sure=True),
        SlicesGate(worse_by=0.0),
        LatencyGate(times=0.01),
        SizeGate(times=0.01),
        CalibrationGate(worse_by=0.0),
        DriftGate(),
    ],
)
def test_the_first_model_is_compared_with_nothing(gate: Gate) -> None:
    found = said(gate, FIRST)
    assert found.passed
    assert "no champion" in found.sentence or "no parent" in found.sentence


@pytest.mark.parametrize(
    ("gate", "known", "sentence"),
    [
        (QualityGate(at_least=0.0), replace(KNOWN, new=None), "the model was not measured"),
        (SizeGate(times=9), replace(KNOWN, champion=None), "model 1, the champion, was not measured"),
        (QualityGate(better_by=-1, sure=True), replace(KNOWN, difference=None), "is not kept"),
        (LatencyGate(p99_ms=9), replace(KNOWN, new=replace(GOOD, latency_p99_ms=None)), "nobody timed"),
        (LicenceGate(), replace(KNOWN, licence=" "), "a licence or a note is asked"),
        (DataChecksGate(), replace(KNOWN, data_checks=()), "no check of its data version is known"),
        (
            DataChecksGate(),
            replace(KNOWN, data_checks=(CheckOutcome("labels_grew", None),)),
            "not run for its data version: labels_grew",
        ),
        (
            DataChecksGate(missing_passes=True),
            replace(KNOWN, data_checks=(CheckOutcome("labels_grew", False, "label 3 is gone"),)),
            "labels_grew did not pass: label 3 is gone",
        ),
        (DriftGate(), replace(KNOWN, drift=CheckOutcome("drift", None)), "not run"),
    ],
)
def test_what_is_not_known_or_not_in_order_does_not_pass(
    gate: Gate, known: GateEvidence, sentence: str
) -> None:
    found = said(gate, known)
    assert not found.passed
    assert sentence in found.sentence


def test_without_what_was_said_of_each_sample_the_scores_are_compared() -> None:
    found = said(QualityGate(better_by=0.01), replace(KNOWN, difference=None))
    assert found.passed
    assert found.sentence.startswith("the accuracy is 2 points above that of model 1, the champion; at least")


def test_without_a_declaration_only_a_failed_data_check_bars_a_model() -> None:
    assert [one.gate for one in judge(GatePlan(), FIRST)] == ["data_checks"]
    assert all(one.passed for one in judge(GatePlan(), replace(FIRST, data_checks=())))


@pytest.mark.parametrize(
    ("gate", "new", "old"),
    [
        (SlicesGate(worse_by=0.1), {"slices": part(0.7)}, {"slices": part(0.8)}),
        (QualityGate(better_by=0.01), {"value": 0.57}, {"value": 0.56}),
        (CalibrationGate(worse_by=0.1), {"calibration_error": 0.8}, {"calibration_error": 0.7}),
        (LatencyGate(times=1.1), {"latency_p99_ms": 0.33}, {"latency_p99_ms": 0.3}),
        (QualityGate(at_least=0.3), {"value": 0.1 + 0.1 + 0.1}, {}),
    ],
)
def test_what_is_on_its_limit_passes_whatever_a_machine_makes_of_the_difference(
    gate: Gate, new: dict[str, Any], old: dict[str, Any]
) -> None:
    known = replace(KNOWN, new=replace(GOOD, **new), champion=replace(OLD, **old), difference=None)
    assert said(gate, known).passed


@pytest.mark.parametrize(
    ("gate", "new", "told"),
    [
        (QualityGate(at_least=0.9), {"value": 0.899996}, "is 89.9996%; at least 90% is asked"),
        (SlicesGate(floors={"class:cat": 0.9}), {"slices": part(0.899996)}, "reaches 89.9996%; at least 90%"),
        (SlicesGate(worse_by=0.1), {"slices": part(0.70004)}, "10.004 points below the 80.01% of model 1"),
        (QualityGate(better_by=0.01), {"value": 0.889996}, "is 0.9996 points above that of model 1"),
        (LatencyGate(p99_ms=50), {"latency_p99_ms": 50.0004}, "is 50.0004 ms; at most 50 ms is allowed"),
        (LatencyGate(times=2), {"latency_p99_ms": 2.0004}, "is 2.0004 times that of model 1"),
    ],
)
def test_a_sentence_tells_a_value_from_the_limit_that_it_does_not_keep(
    gate: Gate, new: dict[str, Any], told: str
) -> None:
    old = replace(OLD, slices=part(0.80008))
    found = said(gate, replace(KNOWN, new=replace(GOOD, **new), champion=old, difference=None))
    assert not found.passed
    assert told in found.sentence
