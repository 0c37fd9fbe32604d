"""Any policy and any snapshot, for laws."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from resources.learning.triggering.model import (
    DriftReading,
    Pause,
    Paused,
    PickQuality,
    TriggerSnapshot,
    Wish,
)
from resources.terms import Actor, DatasetName, VersionKey
from resources.triggers import (
    AllAnswered,
    AllOf,
    AnyOf,
    ByHand,
    Drift,
    DriftOf,
    Elapsed,
    LabelCount,
    QualityDrop,
    TriggerPolicy,
)

SHAPES = DatasetName("shapes")
ANNA = Actor("user:anna")
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
NOTHING = TriggerSnapshot(labels_per_round=10, new_labels=0)
WISH = Wish(1, SHAPES, NOW, ANNA, "before the fair", VersionKey("v1.0"))
PAUSE = Pause(SHAPES, Paused.TRAINING, NOW, ANNA, "the guide is rewritten")

LEAVES = st.one_of(
    st.builds(LabelCount, st.none() | st.integers(1, 20)),
    st.builds(AllAnswered),
    st.builds(QualityDrop, by_points=st.sampled_from([2.0, 5.0, 20.0]), beyond_chance=st.booleans()),
    st.builds(Drift, st.sampled_from(DriftOf)),
    st.builds(Elapsed, st.sampled_from([60.0, 3600.0, 86400.0])),
    st.builds(ByHand),
)


def _groups(inner: "st.SearchStrategy[object]") -> "st.SearchStrategy[object]":
    some = st.lists(inner, min_size=1, max_size=3).map(tuple)
    return st.builds(AnyOf, some) | st.builds(AllOf, some)


CONDITIONS = st.recursive(LEAVES, _groups, max_leaves=6)
POLICIES = st.builds(
    TriggerPolicy,
    when=CONDITIONS,
    quiet_for_s=st.sampled_from([0.0, 30.0]),
    quiet_at_most_s=st.sampled_from([60.0, 900.0]),
    cool_down_s=st.sampled_from([0.0, 600.0, 7200.0]),
    budget_gpu_hours=st.none() | st.sampled_from([0.5, 2.0]),
)
_AGO = st.integers(0, 200_000).map(lambda seconds: NOW - timedelta(seconds=seconds))


@st.composite
def snapshots(draw: st.DrawFn) -> TriggerSnapshot:
    """Any state of a data set. Every drop and drift that a policy may name has a reading, or none."""
    labels = draw(st.integers(0, 30))
    first, last = sorted((draw(_AGO), draw(_AGO)))
    quality = st.none() | st.builds(
        PickQuality,
        right=st.integers(0, 30),
        picks=st.integers(30, 60),
        high=st.floats(0, 1),
        reference=st.none() | st.floats(0, 1),
    )
    drift = st.none() | st.builds(
        DriftReading, st.just("brightness"), st.floats(0, 1), st.just(0.2), st.booleans()
    )
    return replace(
        NOTHING,
        new_labels=labels,
        questions_sent=draw(st.booleans()),
        questions_open=draw(st.integers(0, 5)),
        first_answer_at=first if labels else None,
        last_answer_at=last if labels else None,
        last_training_at=draw(st.none() | _AGO),
        under_way=draw(st.none() | st.just(VersionKey("v1.4"))),
        quality=tuple(draw(st.lists(quality, max_size=6))),
        drift=tuple(draw(st.lists(drift, max_size=6))),
        wishes=draw(st.sampled_from([(), (WISH,)])),
        pause=draw(st.sampled_from([None, PAUSE])),
        used_gpu_hours=draw(st.floats(0, 3)),
        next_gpu_hours=draw(st.floats(0, 1)),
    )
