"""When a failed run is tried again, and when it is not."""

from datetime import UTC, datetime, timedelta

import pytest
from dagster import (
    AssetCheckEvaluation,
    AssetCheckResult,
    AssetCheckSeverity,
    DagsterEvent,
    DagsterEventType,
    DagsterInstance,
    Definitions,
    Failure,
    StaticPartitionsDefinition,
    asset,
    define_asset_job,
    in_process_executor,
)
from hypothesis import given
from hypothesis import strategies as st

from sensors.attempts import (
    MAX_ATTEMPTS,
    WHAT_NEXT,
    Ask,
    Attempt,
    Hold,
    Outcome,
    is_given_up,
    next_step,
    read_attempts,
    run_key,
)
from trainplat_assets.partitioned_checks import partitioned_check

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


def attempt(number: int | None, outcome: Outcome, ago_s: float = 10_000) -> Attempt:
    return Attempt(f"run-{number or 0}-of-them", number, outcome, NOW - timedelta(seconds=ago_s))


def ask(*newest_first: Attempt) -> Ask | Hold:
    return next_step(newest_first, NOW, what="The round of v1.1")


def test_the_first_attempt_is_asked_for_at_once() -> None:
    assert ask() == Ask(1)


def test_a_run_that_was_created_and_never_submitted_is_asked_for_again_under_its_own_key() -> None:
    assert ask(attempt(2, Outcome.CREATED), attempt(1, Outcome.FAILED)) == Ask(2)


def test_one_that_a_person_created_is_left_to_them() -> None:
    assert isinstance(ask(attempt(None, Outcome.CREATED)), Hold)


def test_while_one_is_under_way_nothing_is_asked_for() -> None:
    step = ask(attempt(None, Outcome.UNDER_WAY), attempt(1, Outcome.FAILED))

    assert isinstance(step, Hold)
    assert "under way in run run-0-of" in step.reason


@pytest.mark.parametrize(("failures", "wait_s"), [(1, 30), (2, 60), (3, 120), (4, 240)])
def test_the_wait_doubles_with_each_failure(failures: int, wait_s: int) -> None:
    def after(ago_s: float) -> Ask | Hold:
        newest = attempt(failures, Outcome.FAILED, ago_s)
        older = [attempt(number, Outcome.FAILED) for number in range(failures - 1, 0, -1)]
        return ask(newest, *older)

    waiting = after(wait_s - 1)

    assert isinstance(waiting, Hold)
    assert f"attempt {failures + 1} follows in" in waiting.reason
    assert after(wait_s) == Ask(failures + 1)


def test_what_a_check_stopped_is_not_asked_for_again_and_says_what_to_do() -> None:
    stopped = Attempt("run-1-of-them", 1, Outcome.STOPPED, NOW - timedelta(days=1), "It forgot. Ask less.")

    step = ask(stopped)

    assert step == Hold(
        "The round of v1.1 was stopped (run run-1-of) and is not tried again by itself. It forgot. Ask less. "
        "Then re-execute that run in the Dagster UI."
    )
    assert ask(attempt(None, Outcome.UNDER_WAY), stopped) != step


@pytest.mark.parametrize(
    ("blocking", "severity", "outcome"),
    [
        (True, AssetCheckSeverity.ERROR, Outcome.STOPPED),
        (True, AssetCheckSeverity.WARN, Outcome.FAILED),
        (False, AssetCheckSeverity.ERROR, Outcome.FAILED),
    ],
)
def test_only_a_check_that_blocks_stops_what_a_run_does(
    blocking: bool, severity: AssetCheckSeverity, outcome: Outcome
) -> None:
    days = StaticPartitionsDefinition(["v1.1"])

    @asset(partitions_def=days)
    def measured() -> None:
        pass

    @partitioned_check(
        measured.key, name="little_forgotten", description="", partitions=days, blocking=blocking
    )
    def little_forgotten() -> AssetCheckResult:
        return AssetCheckResult(
            passed=False, severity=severity, description="It forgot", metadata={WHAT_NEXT: "Ask less."}
        )

    @asset(deps=[measured], partitions_def=days)
    def promoted() -> None:
        raise OSError("the disk is full")

    job = define_asset_job("measuring", "*", executor_def=in_process_executor)
    defs = Definitions(assets=[measured, promoted], asset_checks=[little_forgotten], jobs=[job])
    with DagsterInstance.ephemeral() as instance:
        run = defs.resolve_job_def("measuring").execute_in_process(
            instance=instance,
            partition_key="v1.1",
            tags={"dagster/run_key": "shapes:v1.1:2"},
            raise_on_error=False,
        )
        (found,) = read_attempts(instance, "measuring", "v1.1", "shapes:v1.1")

    assert (found.run_id, found.number, found.outcome) == (run.run_id, 2, outcome)
    told = "Check little_forgotten on measured did not pass: It forgot. Ask less."
    assert found.stopped_by == (told if outcome is Outcome.STOPPED else "")


@pytest.mark.parametrize(
    ("metadata", "outcome", "told"),
    [
        ({WHAT_NEXT: "Loosen them."}, Outcome.STOPPED, "Its gates bar it. Loosen them."),
        ({}, Outcome.FAILED, ""),
    ],
)
def test_a_step_that_says_what_a_person_does_is_not_tried_again(
    metadata: dict[str, str], outcome: Outcome, told: str
) -> None:
    @asset
    def champion() -> None:
        raise Failure("Its gates bar it", metadata, allow_retries=False)

    job = define_asset_job("deciding", "*", executor_def=in_process_executor)
    defs = Definitions(assets=[champion], jobs=[job])
    with DagsterInstance.ephemeral() as instance:
        tags = {"dagster/partition": "v1.0", "dagster/run_key": "shapes:v1.0:1"}
        defs.resolve_job_def("deciding").execute_in_process(
            instance=instance, tags=tags, raise_on_error=False
        )
        (found,) = read_attempts(instance, "deciding", "v1.0", "shapes:v1.0")
    assert (found.outcome, found.stopped_by) == (outcome, told)


@pytest.mark.parametrize(("passed", "outcome"), [(True, Outcome.FAILED), (False, Outcome.STOPPED)])
def test_of_a_check_that_was_made_twice_the_last_one_counts(passed: bool, outcome: Outcome) -> None:
    @asset
    def measured() -> None:
        raise OSError("the disk is full")

    job = define_asset_job("measuring", "*", executor_def=in_process_executor)
    defs = Definitions(assets=[measured], jobs=[job])
    with DagsterInstance.ephemeral() as instance:
        tags = {"dagster/partition": "v1.1", "dagster/run_key": "shapes:ask:v1.1:2"}
        run = defs.resolve_job_def("measuring").execute_in_process(
            instance=instance, tags=tags, raise_on_error=False
        )
        for came in (not passed, passed):
            check = AssetCheckEvaluation(
                asset_key=measured.key, check_name="little_forgotten", passed=came, blocking=True, metadata={}
            )
            kind = DagsterEventType.ASSET_CHECK_EVALUATION.value
            event = DagsterEvent(kind, "measuring", event_specific_data=check)
            instance.report_dagster_event(event, run.run_id)
        (found,) = read_attempts(instance, "measuring", "v1.1", "shapes:v1.1")

    assert found.outcome is outcome
    assert found.number is None, "its run key is of something else"


def test_after_five_failures_a_person_has_to_look() -> None:
    step = ask(*[attempt(number, Outcome.FAILED) for number in range(5, 0, -1)])

    assert isinstance(step, Hold)
    assert "failed 5 times" in step.reason
    assert "re-execute" in step.reason


def test_a_cancelled_run_is_never_tried_again() -> None:
    step = ask(attempt(2, Outcome.CANCELED), attempt(1, Outcome.FAILED))

    assert isinstance(step, Hold)
    assert "cancelled" in step.reason


def test_a_run_that_a_person_started_counts_as_an_attempt() -> None:
    assert ask(attempt(None, Outcome.FAILED), attempt(1, Outcome.FAILED)) == Ask(3)


@pytest.mark.parametrize(
    "given_up",
    [
        [attempt(1, Outcome.STOPPED, 60)],
        [attempt(1, Outcome.CANCELED, 60)],
        [attempt(number, Outcome.FAILED, 60) for number in range(5, 0, -1)],
    ],
)
def test_what_nobody_tries_again_is_tried_once_for_who_asks_after_it_ended(given_up: list[Attempt]) -> None:
    def asked(*attempts: Attempt, ago_s: float) -> Ask | Hold:
        return next_step(attempts, NOW, what="it", asked_at=NOW - timedelta(seconds=ago_s))

    assert isinstance(asked(*given_up, ago_s=61), Hold)
    assert asked(*given_up, ago_s=30) == Ask(len(given_up) + 1)
    once_more = attempt(len(given_up) + 1, Outcome.CANCELED, 10)
    assert isinstance(asked(once_more, *given_up, ago_s=30), Hold)
    assert isinstance(asked(attempt(1, Outcome.FAILED, 10), ago_s=5), Hold), "it is tried again by itself"


def test_a_failure_whose_end_nobody_wrote_down_waits_from_now() -> None:
    assert isinstance(ask(Attempt("run", 1, Outcome.FAILED, None)), Hold)


def test_the_key_ends_with_the_attempt() -> None:
    assert run_key("digits", "v1.1", "3") == "digits:v1.1:3"


outcomes = st.sampled_from([Outcome.FAILED, Outcome.CANCELED, Outcome.DONE, Outcome.UNDER_WAY])


@given(st.lists(st.tuples(st.one_of(st.none(), st.integers(1, 9)), outcomes), max_size=8))
def test_an_attempt_never_gets_a_key_that_was_used(history: list[tuple[int | None, Outcome]]) -> None:
    attempts = [attempt(number, outcome) for number, outcome in history]

    step = next_step(attempts, NOW, what="it")

    if isinstance(step, Ask):
        assert step.number not in {one.number for one in attempts}
        assert sum(one.outcome is Outcome.FAILED for one in attempts) < MAX_ATTEMPTS


@pytest.mark.parametrize(
    ("outcomes", "given_up"),
    [
        ([], False),
        ([Outcome.UNDER_WAY], False),
        ([Outcome.DONE], False),
        ([Outcome.FAILED], False),
        ([Outcome.CANCELED, Outcome.FAILED], True),
        ([Outcome.UNDER_WAY, Outcome.CANCELED], False),
        ([Outcome.STOPPED], True),
        ([Outcome.UNDER_WAY, Outcome.STOPPED], False),
        ([Outcome.FAILED] * MAX_ATTEMPTS, True),
    ],
)
def test_what_nobody_tries_again_is_given_up(outcomes: list[Outcome], given_up: bool) -> None:
    assert is_given_up([attempt(None, one) for one in outcomes]) is given_up
