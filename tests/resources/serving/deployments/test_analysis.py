from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.deploy_plan import AbortRules, DeployPlan, Strategy
from resources.serving.deployments.analysis import (
    QUIET_STEPS,
    Action,
    Counts,
    Observed,
    copies_needed,
    lower_bound,
    next_step,
)
from resources.serving.deployments.model import Rollout, Served
from tests.resources.serving.examples import BEGAN

PLAN = DeployPlan(step_s=60, least_requests=50)
LATER = BEGAN + timedelta(seconds=61)
WELL = Counts(60, 0, 2.0, 5.0)
MANY = Counts(600, 0, 2.0, 5.0)


def rollout(strategy: Strategy = Strategy.CANARY, step: int = 1, *, is_rollback: bool = False) -> Rollout:
    weight = PLAN.steps_percent[step - 1] if step else 0
    return Rollout(
        1, "digits", Served(1), Served(2), strategy, step, weight, BEGAN, BEGAN, PLAN, is_rollback=is_rollback
    )


def test_a_version_that_is_not_ready_gets_no_request() -> None:
    verdict = next_step(rollout(step=0), PLAN, Observed(Counts(), WELL, ready=False), LATER)
    assert verdict.action is Action.HOLD
    assert verdict.sentence == "model 2 is not ready yet"


def test_blue_green_waits_for_as_many_copies_as_the_live_version_has() -> None:
    plan = DeployPlan(strategy=Strategy.BLUE_GREEN, least_replicas=2, most_replicas=8)
    waiting = replace(rollout(step=0), strategy=Strategy.BLUE_GREEN, plan=plan)
    assert copies_needed(waiting, 5) == 5
    assert copies_needed(waiting, 0) == 2  # the live version sleeps
    assert copies_needed(replace(waiting, is_rollback=True), 5) == 2
    assert copies_needed(replace(waiting, step=1), 5) == 2
    for strategy in (Strategy.CANARY, Strategy.ROLLING, Strategy.SHADOW):
        assert copies_needed(replace(waiting, strategy=strategy), 5) == 2


def test_a_version_that_is_ready_goes_to_its_first_step_at_once() -> None:
    assert next_step(rollout(step=0), PLAN, Observed(Counts(), WELL), BEGAN).action is Action.ADVANCE


def test_a_canary_goes_from_step_to_step_and_is_complete_after_the_last() -> None:
    verdicts = [next_step(rollout(step=step), PLAN, Observed(WELL, WELL), LATER) for step in (1, 2, 3)]
    assert [one.action for one in verdicts] == [Action.ADVANCE, Action.ADVANCE, Action.COMPLETE]
    assert "60 requests, 0 failed" in verdicts[0].sentence


@pytest.mark.parametrize(
    ("observed", "now", "sentence"),
    [
        (Observed(WELL, WELL), BEGAN + timedelta(seconds=20), "40 s of this step are left"),
        (Observed(Counts(49), WELL), LATER, "1 requests of 50 are to come"),
        (Observed(Counts(0), WELL), BEGAN + timedelta(days=1), "50 requests of 50 are to come"),
    ],
)
def test_a_canary_holds_until_time_and_requests_are_enough(
    observed: Observed, now: object, sentence: str
) -> None:
    verdict = next_step(rollout(), PLAN, observed, now)  # type: ignore[arg-type]
    assert verdict.action is Action.HOLD
    assert sentence in verdict.sentence


def test_where_nobody_asks_at_all_a_canary_goes_on_without_requests() -> None:
    quiet = Observed(Counts(), Counts())
    end = BEGAN + timedelta(seconds=QUIET_STEPS * PLAN.step_s)
    assert next_step(rollout(), PLAN, quiet, end - timedelta(seconds=1)).action is Action.HOLD
    assert next_step(rollout(), PLAN, quiet, end).action is Action.ADVANCE


@pytest.mark.parametrize("step", [0, 1])
def test_an_endpoint_that_nobody_asks_changes_at_once(step: int) -> None:
    asleep = Observed(Counts(), Counts(), quiet_s=PLAN.idle_s)
    verdict = next_step(rollout(step=step), PLAN, asleep, BEGAN)
    assert verdict.action is Action.COMPLETE
    assert verdict.sentence == "model 2 is ready, and nobody has asked for 300 s"
    asked = Observed(Counts(1), Counts(), quiet_s=PLAN.idle_s)
    assert next_step(rollout(step=1), PLAN, asked, BEGAN).action is Action.HOLD
    awake = DeployPlan(idle_s=0)
    assert next_step(rollout(step=1), awake, asleep, BEGAN).action is Action.HOLD
    loading = Observed(Counts(), Counts(), ready=False, quiet_s=PLAN.idle_s)
    assert next_step(rollout(step=step), PLAN, loading, BEGAN).action is Action.HOLD


@pytest.mark.parametrize(
    ("observed", "sentence"),
    [
        (Observed(Counts(10, 5), Counts(90, 0)), "5 of 10 requests failed"),
        (Observed(Counts(12), Counts(90), disagreed=9, compared=12), "9 of 12 answers differ"),
    ],
)
def test_what_is_surely_bad_is_taken_back_amid_a_step(observed: Observed, sentence: str) -> None:
    verdict = next_step(rollout(), PLAN, observed, BEGAN + timedelta(seconds=1))
    assert verdict.action is Action.ABORT
    assert sentence in verdict.sentence


@pytest.mark.parametrize(
    ("observed", "sentence"),
    [
        (Observed(Counts(60, 1), Counts(500, 0)), "1 of 60 requests failed"),
        (Observed(WELL, WELL, disagreed=13, compared=60), "13 of 60 answers differ"),
        (
            Observed(Counts(60, 0, 40, 50), WELL),
            "its median is 40.0 ms, 20.0 times the live version's 2.0 ms",
        ),
        (Observed(Counts(100, 0, 2, 50), MANY), "its p99 is 50.0 ms, 10.0 times the live version's 5.0 ms"),
    ],
)
def test_what_is_worse_at_the_end_of_a_step_is_taken_back(observed: Observed, sentence: str) -> None:
    assert next_step(rollout(), PLAN, observed, BEGAN + timedelta(seconds=9)).action is Action.HOLD
    verdict = next_step(rollout(), PLAN, observed, LATER)
    assert verdict.action is Action.ABORT
    assert sentence in verdict.sentence


def test_one_failure_amid_a_step_is_chance_and_two_of_ten_are_not() -> None:
    soon = BEGAN + timedelta(seconds=1)
    one, two = (Observed(Counts(10, errors), Counts(90)) for errors in (1, 2))
    assert next_step(rollout(), PLAN, one, soon).action is Action.HOLD
    assert next_step(rollout(), PLAN, two, soon).action is Action.ABORT


def test_errors_that_the_live_version_has_too_speak_against_nobody() -> None:
    both_fail = Observed(Counts(60, 30), Counts(60, 30))
    assert next_step(rollout(), PLAN, both_fail, LATER).action is Action.ADVANCE


def test_a_rollback_is_complete_when_it_is_ready_however_bad_what_it_leaves() -> None:
    going_back = rollout(Strategy.BLUE_GREEN, 0, is_rollback=True)
    assert next_step(going_back, PLAN, Observed(Counts(), Counts(9, 9)), BEGAN).action is Action.COMPLETE


def test_blue_green_waits_for_time_alone_and_rolling_for_nothing() -> None:
    few = Observed(Counts(1), Counts(1))
    assert next_step(rollout(Strategy.BLUE_GREEN), PLAN, few, LATER).action is Action.COMPLETE
    assert next_step(rollout(Strategy.ROLLING), PLAN, few, BEGAN).action is Action.COMPLETE
    assert next_step(rollout(Strategy.SHADOW), PLAN, few, LATER).action is Action.HOLD


@given(st.integers(0, 500), st.integers(0, 500))
def test_the_lower_bound_is_at_most_the_share_and_never_below_0(count: int, more: int) -> None:
    total = count + more
    assert 0 <= lower_bound(count, total) <= (count / total if total else 0) + 1e-12


@given(st.integers(0, 300), st.integers(0, 300), st.integers(0, 300), st.integers(0, 200))
def test_a_version_that_fails_no_request_and_never_disagrees_is_never_taken_back(
    requests: int, live: int, errors: int, seconds: int
) -> None:
    observed = Observed(Counts(requests), Counts(live, min(errors, live)), 0, requests)
    verdict = next_step(rollout(), PLAN, observed, BEGAN + timedelta(seconds=seconds))
    assert verdict.action is not Action.ABORT


@given(st.integers(0, 100), st.integers(1, 100))
def test_rules_that_allow_everything_take_nothing_back(errors: int, more: int) -> None:
    lax = DeployPlan(abort=AbortRules(error_rate=1, latency_ratio=1e9, disagreement=1))
    observed = Observed(Counts(errors + more, errors, 1, 1e6), Counts(10, 0, 1, 1), more, more)
    assert next_step(rollout(), lax, observed, LATER).action is not Action.ABORT


def test_what_is_slower_by_a_few_milliseconds_is_let_be() -> None:
    observed = Observed(Counts(100, 0, 0.3, 4.0), Counts(600, 0, 0.1, 0.5))
    assert next_step(rollout(step=1), PLAN, observed, LATER).action is Action.ADVANCE
