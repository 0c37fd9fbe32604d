"""When to try again: the attempts of one job for one partition, judged by a pure function."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from dagster import (
    AssetCheckSeverity,
    DagsterEventType,
    DagsterInstance,
    DagsterRunStatus,
    RunRecord,
    RunsFilter,
)
from dagster._core.definitions.asset_checks.asset_check_evaluation import AssetCheckEvaluation

MAX_ATTEMPTS = 5
FIRST_WAIT = timedelta(seconds=30)
"""How long after the first failure; after each further one twice as long."""

PARTITION_TAG = "dagster/partition"
RUN_KEY_TAG = "dagster/run_key"
WISHES_TAG = "trainplat/wishes"
"""Of a run that people asked for by hand: the numbers of their wishes, which it takes."""
AGAIN = "re-execute that run in the Dagster UI"
WHAT_NEXT = "what_next"
"""Metadata of a check that did not pass: what a person does about it, in sentences. A step that fails with it
is for people: the same would come of another try."""

LOOK_BACK = 50
"""How many runs of one partition are looked at, newest first."""


class Outcome(StrEnum):
    """How one run stands, as far as trying again goes."""

    CREATED = "created"
    """It has a row but was never submitted: who created it was killed. Asking again submits it."""
    UNDER_WAY = "under way"
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"
    """A blocking check did not pass, or a step says that it is for people: the same comes the next time."""
    CANCELED = "canceled"


@dataclass(frozen=True)
class Attempt:
    """One run for the partition."""

    run_id: str
    number: int | None
    """Its number where a sensor asked for it; None where a person started it."""
    outcome: Outcome
    ended_at: datetime | None
    stopped_by: str = ""
    """What stopped it, what was found and what to do about it, for a person."""
    wishes: tuple[int, ...] = ()
    """Those that it takes, where people asked for it by hand."""


@dataclass(frozen=True)
class Ask:
    """Ask for this attempt, now."""

    number: int


@dataclass(frozen=True)
class Hold:
    """Ask for nothing, and why, for a person."""

    reason: str
    done: bool = False
    """Whether the newest run went well."""


def run_key(*parts: str) -> str:
    """A run key; its last part is the number of the attempt, because Dagster remembers a key for ever."""
    return ":".join(parts)


def next_step(
    attempts: Sequence[Attempt],
    now: datetime,
    *,
    what: str,
    again: str = AGAIN,
    asked_at: datetime | None = None,
) -> Ask | Hold:
    """What to do next for ``what`` (a job and its partition, in words); ``attempts`` are newest first.

    ``again`` is how a person starts it once more, in words; ``asked_at``, when one last asked for that.

    1. None yet: ask for the first.
    2. Created and never submitted: ask for the same one again.
    3. One is under way: hold.
    4. The newest was cancelled: hold, for a person wanted it so.
    5. The newest is done: hold.
    6. A blocking check stopped the newest, or a step that is for people: hold, for it would do so again.
    7. Failed: ask for the next one 30 s later, then twice as long each time, at most five in all.
    8. What is not tried again by itself (4, 6, and 7 after five) is, once, for who asks after it ended.
    """
    if not attempts:
        return Ask(1)
    created = [one for one in attempts if one.outcome is Outcome.CREATED and one.number is not None]
    if created:
        return Ask(created[0].number or 1)
    under_way = [one for one in attempts if one.outcome in (Outcome.UNDER_WAY, Outcome.CREATED)]
    if under_way:
        return Hold(f"{what} is under way in run {under_way[0].run_id[:8]}.")
    newest = attempts[0]
    if is_given_up(attempts) and is_asked_for_since(newest, asked_at):
        return Ask(_next_number(attempts))
    if newest.outcome is Outcome.CANCELED:
        return Hold(
            f"{what} was cancelled (run {newest.run_id[:8]}) and is not started again by itself. "
            f"When it should go on, {again}."
        )
    if newest.outcome is Outcome.DONE:
        return Hold(f"{what} is done (run {newest.run_id[:8]}).", done=True)
    if newest.outcome is Outcome.STOPPED:
        return Hold(
            f"{what} was stopped (run {newest.run_id[:8]}) and is not tried again by itself. "
            f"{newest.stopped_by} Then {again}."
        )
    failures = sum(1 for one in attempts if one.outcome is Outcome.FAILED)
    if failures >= MAX_ATTEMPTS:
        return Hold(
            f"{what} failed {failures} times and is not tried again by itself. See run {newest.run_id[:8]}, "
            f"mend what it names, then {again}."
        )
    due = (newest.ended_at or now) + FIRST_WAIT * 2 ** (failures - 1)
    if now < due:
        seconds = int((due - now).total_seconds()) + 1
        return Hold(
            f"{what} failed (run {newest.run_id[:8]}); attempt {failures + 1} follows in {seconds} s."
        )
    return Ask(_next_number(attempts))


def is_asked_for_since(attempt: Attempt, asked_at: datetime | None) -> bool:
    """Whether somebody asked after an attempt ended."""
    return asked_at is not None and attempt.ended_at is not None and asked_at > attempt.ended_at


def is_given_up(attempts: Sequence[Attempt]) -> bool:
    """Whether no further attempt comes by itself: rules 4, 6 and 7 of :func:`next_step`."""
    failures = sum(1 for one in attempts if one.outcome is Outcome.FAILED)
    newest = attempts[0].outcome if attempts else None
    is_hopeless = newest is Outcome.FAILED and failures >= MAX_ATTEMPTS
    return is_hopeless or newest in (Outcome.CANCELED, Outcome.STOPPED)


def read_attempts(instance: DagsterInstance, job_name: str, partition: str, keys: str) -> list[Attempt]:
    """The runs of a job for a partition, newest first; numbered where their run key begins with ``keys``.

    Only of the newest it is asked whether something stopped it: that reads events.
    """
    chosen = RunsFilter(job_name=job_name, tags={PARTITION_TAG: partition})
    found = [_attempt(record, keys) for record in instance.get_run_records(chosen, limit=LOOK_BACK)]
    if found and found[0].outcome is Outcome.FAILED:
        told = " ".join(_stopped_by(instance, found[0].run_id))
        if told:
            found[0] = replace(found[0], outcome=Outcome.STOPPED, stopped_by=told)
    return found


def _next_number(attempts: Sequence[Attempt]) -> int:
    taken = [one.number for one in attempts if one.number is not None]
    return max([len(attempts), *taken]) + 1


def _stopped_by(instance: DagsterInstance, run_id: str) -> Iterator[str]:
    last = dict[tuple[str, str], AssetCheckEvaluation]()  # a step that was tried twice was checked twice
    for event in instance.all_logs(run_id, of_type=DagsterEventType.ASSET_CHECK_EVALUATION):
        if event.dagster_event is not None:
            check = event.dagster_event.asset_check_evaluation_data
            last[check.asset_key.to_user_string(), check.check_name] = check
    for (asset, name), check in last.items():
        if check.blocking and not check.passed and check.severity is AssetCheckSeverity.ERROR:
            said = f"Check {name} on {asset} did not pass: {check.description or 'it says no more'}."
            next_step = check.metadata.get(WHAT_NEXT)
            yield f"{said} {next_step.value}" if next_step is not None else said
    for event in instance.all_logs(run_id, of_type=DagsterEventType.STEP_FAILURE):
        failed = None if event.dagster_event is None else event.dagster_event.step_failure_data
        told = None if failed is None else failed.user_failure_data
        next_step = None if told is None else told.metadata.get(WHAT_NEXT)
        if told is not None and next_step is not None:
            problem, _, _ = (told.description or "").partition("\n")
            yield f"{problem}. {next_step.value}"


def _attempt(record: RunRecord, keys: str) -> Attempt:
    run = record.dagster_run
    prefix, _, number = run.tags.get(RUN_KEY_TAG, "").rpartition(":")
    ended = None if record.end_time is None else datetime.fromtimestamp(record.end_time, UTC)
    return Attempt(
        run_id=run.run_id,
        number=int(number) if prefix == keys and number.isdecimal() else None,
        outcome=_OUTCOMES.get(run.status, Outcome.UNDER_WAY),
        ended_at=ended,
        wishes=tuple(int(one) for one in run.tags.get(WISHES_TAG, "").split(",") if one.isdecimal()),
    )


_OUTCOMES = {
    DagsterRunStatus.NOT_STARTED: Outcome.CREATED,
    DagsterRunStatus.SUCCESS: Outcome.DONE,
    DagsterRunStatus.FAILURE: Outcome.FAILED,
    DagsterRunStatus.CANCELED: Outcome.CANCELED,
}
