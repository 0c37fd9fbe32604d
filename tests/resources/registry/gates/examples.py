"""Evidence about models for tests of gates."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from resources.kinds import Measure
from resources.registry.evaluations.bootstrap import Difference
from resources.registry.evaluations.model import Measurement, SliceName, SliceScore
from resources.registry.gates.judging import MIB
from resources.registry.gates.model import CheckOutcome, GateEvidence
from resources.terms import DatasetName, Label, VersionKey

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
CATS = DatasetName("cats")
GOOD = Measurement(
    dataset=CATS,
    number=2,
    dataset_version=VersionKey("v1.1"),
    test_set="t" * 64,
    test_count=200,
    measure=Measure.ACCURACY,
    value=0.9,
    recalls={Label("cat"): 0.95, Label("dog"): 0.85, Label("owl"): None},
    slices={
        SliceName("class:cat"): SliceScore(0.95, 100),
        SliceName("class:dog"): SliceScore(0.85, 100),
        SliceName("brightness:dark"): SliceScore(0.6, 10),
    },
    calibration_error=0.05,
    latency_p50_ms=1.0,
    latency_p99_ms=2.0,
    size_bytes=2 * MIB,
    parameters=1000,
    forgetting=0.02,
    params={},
    lease_s=3.0,
    cost=None,
    measured_at=NOW,
)
OLD = replace(GOOD, number=1, value=0.88, latency_p99_ms=1.0, size_bytes=MIB, calibration_error=0.02)
KNOWN = GateEvidence(
    new=GOOD,
    champion_number=1,
    champion=OLD,
    difference=Difference(-0.01, 0.02, 0.05, 200),
    data_checks=(CheckOutcome("labels_grew", True), CheckOutcome("tree_is_whole", True)),
    drift=CheckOutcome("no_drift_from_the_parent", True),
    licence="CC0-1.0",
)
FIRST = replace(KNOWN, champion_number=None, champion=None, difference=None, drift=None)

SHARES = st.floats(0, 1)


@st.composite
def measurements(draw: st.DrawFn) -> Measurement:
    """Any model on any test set."""
    parts = draw(
        st.dictionaries(
            st.sampled_from(["class:cat", "class:dog", "brightness:dark", "brightness:light"]),
            st.builds(SliceScore, SHARES, st.integers(5, 60)),
        )
    )
    return replace(
        GOOD,
        value=draw(SHARES),
        slices={SliceName(name): score for name, score in parts.items()},
        calibration_error=draw(st.none() | SHARES),
        latency_p99_ms=draw(st.none() | st.floats(0.01, 1e4)),
        size_bytes=draw(st.integers(0, 2**40)),
        forgetting=draw(st.none() | SHARES),
    )


@st.composite
def evidence(draw: st.DrawFn) -> GateEvidence:
    """Whatever may be known of a model and of the champion before it."""
    number = draw(st.none() | st.just(1))
    champion = None if number is None else draw(st.none() | measurements())
    low, value, high = sorted(draw(st.tuples(*[st.floats(-1, 1)] * 3)))
    checks: Any = st.builds(CheckOutcome, st.sampled_from("abc"), st.none() | st.booleans())
    return GateEvidence(
        new=draw(st.none() | measurements()),
        champion_number=number,
        champion=champion,
        difference=None if champion is None else draw(st.none() | st.just(Difference(low, value, high, 9))),
        data_checks=tuple(draw(st.lists(checks, max_size=3))),
        drift=draw(st.none() | checks),
        licence=draw(st.sampled_from(["", " ", "CC0-1.0"])),
    )
