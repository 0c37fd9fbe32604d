"""What can be declared about when to train, and what is refused in words."""

import pytest

from resources.errors import BadInput
from resources.triggers import (
    DEEPEST,
    AllAnswered,
    AllOf,
    AnyOf,
    ByHand,
    Condition,
    Drift,
    Elapsed,
    LabelCount,
    QualityDrop,
    TriggerPolicy,
)


def test_the_usual_policy_counts_labels_and_takes_wishes() -> None:
    assert list(TriggerPolicy().leaves()) == [LabelCount(), AllAnswered(), ByHand()]
    assert TriggerPolicy().asks_for(ByHand)
    assert not TriggerPolicy(when=LabelCount(5)).asks_for(ByHand)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: LabelCount(0), "LabelCount.at_least of a trigger policy is 0; expected 1 or more labels"),
        (lambda: Elapsed(0), "Elapsed.at_least_s of a trigger policy is 0; expected more than 0 seconds"),
        (lambda: Elapsed(float("nan")), "expected more than 0 seconds"),
        (lambda: QualityDrop(by_points=100), "expected more than 0 and less than 100 points"),
        (lambda: QualityDrop(against="peers"), "expected champion or earlier"),  # type: ignore[arg-type]
        (lambda: QualityDrop(newest_picks=10), "expected least_picks, 20, or more"),
        (lambda: Drift("labels"), "expected pool or predictions"),  # type: ignore[arg-type]
        (lambda: AnyOf(()), "AnyOf.conditions of a trigger policy is (); expected a tuple of one or more"),
        (lambda: AllOf((3,)), "expected conditions such as LabelCount() or Elapsed(3600)"),  # type: ignore[arg-type]
        (lambda: TriggerPolicy(when=None), "TriggerPolicy.when of a trigger policy is None"),  # type: ignore[arg-type]
        (lambda: TriggerPolicy(cool_down_s=-1), "TriggerPolicy.cool_down_s"),
        (lambda: TriggerPolicy(quiet_for_s=60, quiet_at_most_s=30), "expected quiet_for_s, 60, or more"),
        (lambda: TriggerPolicy(budget_gpu_hours=0), "expected more than 0 GPU-hours"),
        (lambda: TriggerPolicy(budget_window_h=0), "expected more than 0 hours"),
    ],
)
def test_what_cannot_work_is_refused_with_its_name_its_value_and_what_was_expected(
    make: object, words: str
) -> None:
    with pytest.raises(BadInput) as refused:
        make()  # type: ignore[operator]
    assert words in refused.value.problem


def test_conditions_are_nested_as_deep_as_anybody_reads() -> None:
    deep: Condition = LabelCount()
    for _ in range(DEEPEST):
        deep = AnyOf((deep,))
    with pytest.raises(BadInput, match="groups within each other"):
        AllOf((deep,))
