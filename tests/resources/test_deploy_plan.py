from typing import Any

import pytest

from resources.deploy_plan import AbortRules, DeployPlan, Strategy
from resources.errors import BadInput


def test_a_plan_that_says_nothing_is_a_canary_of_three_steps() -> None:
    plan = DeployPlan()
    assert (plan.strategy, plan.steps_percent, plan.abort) == (Strategy.CANARY, (10, 50, 100), AbortRules())


def test_a_plan_takes_the_words_and_lists_of_a_file() -> None:
    plan = DeployPlan(strategy="blue_green", steps_percent=[20, 100])  # type: ignore[arg-type]
    assert (plan.strategy, plan.steps_percent) == (Strategy.BLUE_GREEN, (20, 100))


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"strategy": "fast"}, "one of rolling, blue_green, canary, shadow"),
        ({"steps_percent": ()}, "rise to 100"),
        ({"steps_percent": (50, 10, 100)}, "rise to 100"),
        ({"steps_percent": (10, 50)}, "rise to 100"),
        ({"steps_percent": (0, 100)}, "rise to 100"),
        ({"steps_percent": 10}, "whole numbers"),
        ({"step_s": -1}, "seconds"),
        ({"step_s": True}, "a number"),
        ({"idle_s": float("nan")}, "seconds"),
        ({"least_requests": -1}, "0 or more"),
        ({"least_replicas": 0}, "1 or more"),
        ({"most_replicas": 2, "least_replicas": 3}, "least_replicas, 3, or more"),
        ({"sample_share": 1.5}, "a share, 0 to 1"),
        ({"sample_uncertain": "much"}, "a number"),
        ({"gpu": " "}, "a request"),
        ({"project": " "}, "the name of a project"),
        ({"priority": 0.5}, "a whole number"),
        ({"priority": 10**7}, "a whole number from"),
        ({"preemptible": "no"}, "true or false"),
    ],
)
def test_a_plan_that_cannot_be_carried_out_is_refused_by_its_field(
    said: dict[str, Any], expected: str
) -> None:
    with pytest.raises(BadInput, match=expected) as refused:
        DeployPlan(**said)
    assert refused.value.problem.startswith(f"deploy: {next(iter(said))} is ")


@pytest.mark.parametrize("said", [{"error_rate": 2}, {"latency_ratio": 0.5}, {"disagreement": -0.1}])
def test_rules_that_no_version_could_be_held_to_are_refused(said: dict[str, Any]) -> None:
    with pytest.raises(BadInput, match=f"abort.{next(iter(said))}"):
        AbortRules(**said)


def test_a_plan_is_read_as_it_was_kept_also_by_a_trainplat_with_other_fields() -> None:
    plan = DeployPlan(strategy=Strategy.SHADOW, step_s=5, abort=AbortRules(disagreement=0.5))
    assert DeployPlan.from_json(plan.to_json()) == plan
    assert DeployPlan.from_json('{"step_s": 5, "colour": "red", "abort": {"taste": 1}}') == DeployPlan(
        step_s=5
    )
