"""When it trains, and why: laws of every policy, and each condition by example."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.learning.triggering.judging import judge
from resources.learning.triggering.model import (
    ConditionRow,
    DriftReading,
    PickQuality,
    TriggerSnapshot,
    Verdict,
)
from resources.learning.triggering.telling import from_json, sentence, to_json
from resources.terms import VersionKey
from resources.triggers import (
    DEEPEST,
    AllAnswered,
    AllOf,
    AnyOf,
    ByHand,
    Condition,
    Drift,
    DriftOf,
    Elapsed,
    LabelCount,
    QualityDrop,
    TriggerPolicy,
)
from tests.resources.learning.triggering.policies import (
    NOTHING,
    NOW,
    PAUSE,
    POLICIES,
    WISH,
    snapshots,
)


def children(rows: tuple[ConditionRow, ...], parent: ConditionRow) -> list[ConditionRow]:
    prefix = f"{parent.place}." if parent.place else ""
    return [
        one
        for one in rows
        if one.place and one.place.startswith(prefix) and one.depth == parent.depth + 1 and one != parent
    ]


@given(POLICIES, snapshots())
def test_a_group_is_met_as_its_conditions_are(policy: TriggerPolicy, at: TriggerSnapshot) -> None:
    rows = judge(policy, at, NOW).conditions
    for row in rows:
        inner = children(rows, row)
        if row.kind == "AllOf":
            assert row.met == all(one.met for one in inner)
        elif row.kind == "AnyOf":
            assert row.met == any(one.met for one in inner)
        else:
            assert not inner


@given(POLICIES, snapshots())
def test_it_fires_exactly_when_its_conditions_are_met_and_nothing_holds_it(
    policy: TriggerPolicy, at: TriggerSnapshot
) -> None:
    verdict = judge(policy, at, NOW)
    assert verdict.fires == (verdict.conditions[0].met and not verdict.holding)


@given(POLICIES, snapshots())
def test_one_training_at_a_time_within_no_cool_down_and_never_over_budget(
    policy: TriggerPolicy, at: TriggerSnapshot
) -> None:
    if not judge(policy, at, NOW).fires:
        return
    assert at.under_way is None
    assert at.new_labels
    if at.last_training_at is not None:
        assert NOW - at.last_training_at >= timedelta(seconds=policy.cool_down_s)
    if policy.budget_gpu_hours is not None:
        assert at.used_gpu_hours + at.next_gpu_hours <= policy.budget_gpu_hours
    if at.pause is not None:
        assert at.wishes


@given(POLICIES, snapshots(), st.integers(0, 30))
def test_more_labels_never_take_a_training_back(
    policy: TriggerPolicy, at: TriggerSnapshot, more: int
) -> None:
    if judge(policy, at, NOW).fires:
        assert judge(policy, replace(at, new_labels=at.new_labels + more), NOW).fires


@given(POLICIES, snapshots())
def test_answers_that_never_end_hold_nothing_back_for_ever(
    policy: TriggerPolicy, at: TriggerSnapshot
) -> None:
    waited = replace(at, first_answer_at=NOW - timedelta(seconds=policy.quiet_at_most_s), last_answer_at=NOW)
    assert "quiet" not in [one.kind for one in judge(policy, waited, NOW).holding]


@given(POLICIES, snapshots())
def test_every_condition_says_how_much_it_lacks(policy: TriggerPolicy, at: TriggerSnapshot) -> None:
    verdict = judge(policy, at, NOW)
    for row in verdict.conditions:
        assert row.said.text
        assert not row.met or row.missing == 0
        assert row.missing is None or row.missing >= 0
    assert sentence(verdict).startswith("Trains" if verdict.fires else ("Does not train", "Would train"))


@given(POLICIES, snapshots())
def test_what_is_kept_is_what_was_found(policy: TriggerPolicy, at: TriggerSnapshot) -> None:
    verdict = judge(policy, at, NOW)
    assert from_json(to_json(verdict)) == verdict


def told(when: Condition, **changes: object) -> tuple[bool, str]:
    verdict = of(TriggerPolicy(when=when), **changes)
    return verdict.fires, sentence(verdict)


def of(policy: TriggerPolicy, **changes: object) -> Verdict:
    return judge(policy, replace(NOTHING, **changes), NOW)  # type: ignore[arg-type]


LOW = PickQuality(right=14, picks=20, high=0.85, reference=0.95)


@pytest.mark.parametrize(
    ("when", "changes", "fires", "words"),
    [
        (LabelCount(), {"new_labels": 7}, False, "Does not train: 7 of 10 new labels, 3 missing."),
        (LabelCount(5), {"new_labels": 7}, True, "Trains, because 7 new labels, 5 are enough."),
        (AllAnswered(), {"new_labels": 1}, True, "no question waits for an answer any more"),
        (AllAnswered(), {"new_labels": 1, "questions_open": 2}, False, "2 questions wait for an answer"),
        (AllAnswered(), {"new_labels": 1, "questions_sent": False}, False, "not all questions are in"),
        (QualityDrop(), {"new_labels": 1}, False, "only 0 of 20 random picks are answered"),
        (
            QualityDrop(),
            {"new_labels": 1, "quality": (replace(LOW, right=13, picks=19),)},
            False,
            "only 19 of 20 random picks are answered",
        ),
        (
            QualityDrop(),
            {"new_labels": 1, "quality": (LOW,)},
            True,
            "10 points lower for sure, the limit is 5",
        ),
        (
            QualityDrop(beyond_chance=False, by_points=30),
            {"new_labels": 1, "quality": (LOW,)},
            False,
            "70.0% of 20 random picks were guessed against 95.0%: 25 points lower, the limit is 30",
        ),
        (
            QualityDrop(),
            {"new_labels": 1, "quality": (replace(LOW, reference=None),)},
            False,
            "nothing yet to compare",
        ),
        (
            Drift(),
            {"new_labels": 1, "drift": (DriftReading("brightness", 0.31, 0.2, True),)},
            True,
            "new samples in the pool drifted: brightness 0.31, the limit is 0.2",
        ),
        (Drift(DriftOf.PREDICTIONS), {"new_labels": 1}, False, "too few new samples"),
        (
            Elapsed(7200),
            {"new_labels": 1, "last_training_at": NOW - timedelta(minutes=90)},
            False,
            "90 min of 2 h since the last training, 30 min missing",
        ),
        (Elapsed(60), {"new_labels": 1}, False, "there was no training yet"),
        (
            ByHand(),
            {"new_labels": 1, "wishes": (WISH,)},
            True,
            "user:anna asked for it by hand: before the fair",
        ),
        (ByHand(), {"new_labels": 1}, False, "nobody asked for it by hand"),
        (ByHand(), {"wishes": (WISH,)}, False, "there is no new label to train on"),
        (
            LabelCount(1),
            {"new_labels": 1, "under_way": VersionKey("v1.4")},
            False,
            "the round of v1.4 is not done",
        ),
        (
            LabelCount(1),
            {"new_labels": 1, "pause": PAUSE},
            False,
            "user:anna paused it: the guide is rewritten",
        ),
        (
            AllOf((LabelCount(2), ByHand())),
            {"new_labels": 1, "wishes": (WISH,)},
            False,
            "Does not train: 1 of 2 new labels, 1 missing.",
        ),
        (
            LabelCount(9),
            {"new_labels": 1, "wishes": (WISH,), "pause": PAUSE},
            True,
            "Trains, because user:anna asked for it by hand: before the fair.",
        ),
        (LabelCount(9), {"wishes": (WISH,)}, False, "there is no new label to train on"),
    ],
)
def test_each_condition_says_what_it_found(
    when: Condition, changes: dict[str, object], fires: bool, words: str
) -> None:
    found, said = told(when, **changes)
    assert (found, words in said) == (fires, True), said


def test_that_all_is_answered_is_met_by_an_answer_only() -> None:
    policy = TriggerPolicy(when=AllAnswered())
    assert not of(policy).conditions[0].met
    assert of(policy, new_labels=1).conditions[0].met


def test_a_training_that_uses_the_budget_up_to_the_last_is_within_it() -> None:
    policy = TriggerPolicy(when=LabelCount(1), budget_gpu_hours=1)
    assert of(policy, new_labels=1, used_gpu_hours=0.5, next_gpu_hours=0.5).fires
    assert not of(policy, new_labels=1, used_gpu_hours=0.5, next_gpu_hours=0.6).fires


def test_a_wish_stands_beside_a_policy_that_names_none_however_deep_that_is() -> None:
    deep: Condition = LabelCount(9)
    for _ in range(DEEPEST):
        deep = AllOf((deep,))
    verdict = of(TriggerPolicy(when=deep), new_labels=1, wishes=(WISH,))
    assert verdict.fires
    assert [(one.place, one.kind, one.met) for one in (*verdict.conditions[:2], verdict.conditions[-1])] == [
        ("", "AnyOf", True),
        ("0", "AllOf", False),
        ("1", "ByHand", True),
    ]
    assert of(TriggerPolicy(when=deep), new_labels=1).conditions[0].kind == "AllOf"


def test_several_drops_and_drifts_have_their_own_readings_in_order() -> None:
    policy = TriggerPolicy(
        when=AnyOf((Drift(), AllOf((Drift(DriftOf.PREDICTIONS), QualityDrop())), QualityDrop()))
    )
    mild = DriftReading("size", 0.1, 0.2, False)
    strong = DriftReading("classes", 0.9, 0.2, True)
    rows = of(policy, drift=(mild, strong), quality=(None, LOW)).conditions
    assert [(one.place, one.kind, one.met) for one in rows] == [
        ("", "AnyOf", True),
        ("0", "Drift.pool", False),
        ("1", "AllOf", False),
        ("1.0", "Drift.predictions", True),
        ("1.1", "QualityDrop", False),
        ("2", "QualityDrop", True),
    ]


def test_answers_that_still_come_are_waited_for_but_not_by_who_asks_by_hand() -> None:
    policy = TriggerPolicy(quiet_for_s=60)
    come = {"new_labels": 20, "first_answer_at": NOW - timedelta(seconds=90), "last_answer_at": NOW}
    held = of(policy, **come)
    assert "answers still come: the last one 0 s ago, it waits for 60 s of quiet" in sentence(held)
    assert of(policy, **come, wishes=(WISH,)).fires
    assert of(policy, **{**come, "last_answer_at": NOW - timedelta(seconds=60)}).fires


def test_a_wish_waits_for_the_cool_down_and_the_budget_but_passes_a_pause() -> None:
    wished = {"new_labels": 1, "wishes": (WISH,)}
    recent = {"last_training_at": NOW - timedelta(seconds=10)}
    assert not of(TriggerPolicy(cool_down_s=60), **wished, **recent).fires
    assert not of(TriggerPolicy(budget_gpu_hours=1), **wished, used_gpu_hours=0.9, next_gpu_hours=0.2).fires
    passed = of(TriggerPolicy(), **wished, pause=PAUSE)
    assert passed.fires
    assert passed.by_hand
