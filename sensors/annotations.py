"""Hears what people answered, and starts the next version when there is enough of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from dagster import (
    AddDynamicPartitionsRequest,
    DefaultSensorStatus,
    RunRequest,
    SensorDefinition,
    SensorEvaluationContext,
    SensorResult,
    SkipReason,
    sensor,
)

from resources.clock import Clock, utc_now
from resources.data.model import ConfirmedLabel, VersionRecord, VersionState
from resources.data.partitions import versions_partitions
from resources.data.resource import DataResource
from resources.data.service import DataService
from resources.data.spec import DatasetSpec
from resources.errors import TrainplatError
from resources.files import require_room
from resources.labeling.model import Problem, Standing
from resources.labeling.resource import LabelStudioResource
from resources.labeling.service import LabelingService
from resources.registry.resource import MlflowResource
from resources.registry.service import RegistryService
from resources.terms import FIRST_VERSION, Actor, VersionKey
from sensors.attempts import Ask, Attempt, Outcome, is_given_up, next_step, read_attempts, run_key
from sensors.ownership import held_elsewhere

if TYPE_CHECKING:
    from dagster._core.definitions.target import ExecutableDefinition

MINIMUM_INTERVAL_S = 10
TIME_BUDGET = timedelta(seconds=30)
"""Half of what Dagster allows a tick: a longer poll goes on from its cursor in the next one."""

SHOWN_PROBLEMS = 3


@dataclass(frozen=True)
class Situation:
    """What the decision rests on: a snapshot."""

    newest: VersionRecord
    decided: bool
    """Whether the newest version's round has a decision."""
    attempts: tuple[Attempt, ...]
    """Runs of the newest version's round, newest first."""
    questions_sent: bool
    """Whether all questions of the newest version are in Label Studio."""
    new_labels: int
    """Confirmed labels that no version has taken up."""
    standing: Standing
    problems: tuple[Problem, ...]
    """Those that keep a question open."""


@dataclass(frozen=True)
class StartRound:
    """Request a run of the round for a version that is planned."""

    version: VersionKey
    attempt: int


@dataclass(frozen=True)
class PlanNext:
    """Plan the next version with all new labels, and request its first run."""


@dataclass(frozen=True)
class Wait:
    """Do nothing, and why, for a person."""

    reason: str


def decide(spec: DatasetSpec, at: Situation, now: datetime) -> StartRound | PlanNext | Wait:
    """What to do in ``at``. Pure.

    1. While the newest version's round is not decided, nothing new is planned. A round that nobody asked for
       is requested (the first version's is left to people); one that failed, again, with back-off. So is one
       that failed behind its decision: MLflow was not told of it then, and shows another champion.
    2. With as many new labels as a round asks for, the next version is planned.
    3. With fewer, but some, it is planned when all questions were sent and none is open any more.
    4. Else it waits for people, and says for how many and what they must mend.
    """
    if at.newest.state is VersionState.PLANNED or not at.decided or _is_untold(at.attempts):
        return _finish_round(spec, at, now)
    if at.new_labels >= spec.labels_per_round:
        return PlanNext()
    if at.new_labels > 0 and at.questions_sent and at.standing.open == 0:
        return PlanNext()
    return Wait(_waits_for_people(spec, at))


def build_annotation_sensor(
    spec: DatasetSpec,
    job: "ExecutableDefinition",
    *,
    minimum_interval_s: int = MINIMUM_INTERVAL_S,
    clock: Clock = utc_now,
) -> SensorDefinition:
    """The sensor ``<dataset>_annotations``; ``job`` is the round that it requests for each version.

    Exactly one version, and one run of its round, for one set of annotations, whatever is killed between any
    two steps: the version is a row before it is requested, a label's ref goes into one version only, and the
    run key names version and attempt.
    """

    @sensor(
        name=f"{spec.name}_annotations",
        job=job,
        minimum_interval_seconds=minimum_interval_s,
        default_status=DefaultSensorStatus.RUNNING,
        description=(
            f"Asks Label Studio what people answered about {spec.title.lower()}. With "
            f"{spec.labels_per_round} new labels, or when no question is open any more, it plans the next "
            "version and requests its round; a round that failed is requested again, with back-off."
        ),
    )
    def annotations(
        context: SensorEvaluationContext,
        data: DataResource,
        labeling: LabelStudioResource,
        registry: MlflowResource,
    ) -> SensorResult | SkipReason:
        actor = Actor(f"sensor:{spec.name}_annotations")
        elsewhere = held_elsewhere(context.instance, clock(), actor)
        if elsewhere is not None:
            return elsewhere
        versions = data.service()
        people = labeling.service()

        def attempts_at(version: VersionKey) -> tuple[Attempt, ...]:
            return tuple(read_attempts(context.instance, job.name, version, _keys(spec, version)))

        known = versions.versions(spec.name) or [versions.plan_first(spec, actor)]
        cursor, trouble = _poll(people, spec, context.cursor, clock() + TIME_BUDGET, actor)
        if trouble:
            context.log.warning(trouble)
        registered = registry.service()
        is_over = registered.decision(spec.name, known[-1].version) is not None or (
            known[-1].state is VersionState.SEALED and is_given_up(attempts_at(known[-1].version))
        )
        known, unfit = _with_what_people_committed(versions, spec, known, actor) if is_over else (known, "")
        trouble = " ".join(part for part in (trouble, unfit) if part)
        newest = known[-1]
        new = _new_labels(versions, people, spec)
        at = Situation(
            newest=newest,
            decided=registered.decision(spec.name, newest.version) is not None,
            attempts=attempts_at(newest.version),
            questions_sent=people.asked(spec.name, newest.version) is not None,
            new_labels=len(new),
            standing=people.standing(spec.name),
            problems=tuple(problem for problem in people.problems(spec.name) if problem.blocks),
        )
        step = decide(spec, at, clock())
        if isinstance(step, PlanNext):
            step = _plan(versions, spec, new, actor)
            known = versions.versions(spec.name)
        if isinstance(step, StartRound):
            step = _when_it_can_be_kept(versions.home.path, registered, step)
        partitions = _missing_partitions(context, spec, known)
        if isinstance(step, Wait):
            reason = " ".join(part for part in (trouble, step.reason) if part)
            return SensorResult(
                skip_reason=SkipReason(reason), dynamic_partitions_requests=partitions, cursor=cursor
            )
        key = run_key(_keys(spec, step.version), str(step.attempt))
        return SensorResult(
            run_requests=[RunRequest(run_key=key, partition_key=step.version)],
            dynamic_partitions_requests=partitions,
            cursor=cursor,
        )

    return annotations


def _with_what_people_committed(
    versions: DataService,
    spec: DatasetSpec,
    known: list[VersionRecord],
    actor: Actor,
) -> tuple[list[VersionRecord], str]:
    """All versions, with the next one that people committed or merged; and what is wrong with that one.

    One at a time, when the round before it is decided: it is measured against that one's champion. A round
    that nobody tries again holds nothing up: a commit may be what mends it.
    """
    try:
        adopted = versions.adopt(spec, actor, at_most=1)
    except TrainplatError as problem:
        return known, problem.one_line
    return (versions.versions(spec.name), "") if adopted else (known, "")


def _finish_round(spec: DatasetSpec, at: Situation, now: datetime) -> StartRound | Wait:
    version = at.newest.version
    if not at.attempts and version == FIRST_VERSION:
        return Wait(
            f"{version} has not been made yet. Start it: run {spec.name}_round for partition {version}."
        )
    step = next_step(at.attempts, now, what=f"The round of {version}")
    if isinstance(step, Ask):
        return StartRound(version, step.number)
    if step.done:
        return Wait(
            f"{step.reason} But {version} has no decision: materialize {spec.name}/champion for {version}."
        )
    return Wait(step.reason)


def _is_untold(attempts: Sequence[Attempt]) -> bool:
    """Whether no run of a decided round came behind its decision; one that was cancelled was meant to end."""
    outcomes = [one.outcome for one in attempts]
    return outcomes[:1] == [Outcome.FAILED] and Outcome.DONE not in outcomes


def _waits_for_people(spec: DatasetSpec, at: Situation) -> str:
    version = at.newest.version
    if not at.questions_sent:
        return f"The questions of {version} are not in Label Studio yet; {at.new_labels} new labels so far."
    if at.standing.open == 0:
        return (
            f"No question is open and there is no new label: people answered all that {version} asked. "
            f"A corrected answer, or running {spec.name}_ask for {version} again, starts the next version."
        )
    reason = (
        f"Waits for people: {at.new_labels} of {spec.labels_per_round} new labels, "
        f"{at.standing.open} questions are open."
    )
    for problem in at.problems[:SHOWN_PROBLEMS]:
        reason += f" To mend: {problem.problem}. {problem.next_step}"
    more = len(at.problems) - SHOWN_PROBLEMS
    return f"{reason} And {more} more like these." if more > 0 else reason


def _poll(
    people: LabelingService, spec: DatasetSpec, cursor: str | None, deadline: datetime, actor: Actor
) -> tuple[str | None, str | None]:
    """The new cursor, and what is wrong with Label Studio; a round that failed is tried again even then."""
    try:
        return people.poll(spec.name, cursor, deadline, actor=actor).cursor, None
    except TrainplatError as problem:
        return cursor, problem.one_line


def _new_labels(
    versions: DataService, people: LabelingService, spec: DatasetSpec
) -> Sequence[ConfirmedLabel]:
    taken = versions.taken_refs(spec.name)
    return [
        ConfirmedLabel(answer.sample, answer.label, answer.ref)
        for answer in people.confirmed(spec.name)
        if answer.ref not in taken
    ]


def _plan(
    versions: DataService, spec: DatasetSpec, new: Sequence[ConfirmedLabel], actor: Actor
) -> StartRound | Wait:
    try:
        return StartRound(versions.plan_next(spec, new, actor).version, 1)
    except TrainplatError as problem:
        return Wait(f"The next version cannot be planned: {problem.one_line}")


def _when_it_can_be_kept(home: Path, registry: RegistryService, step: StartRound) -> StartRound | Wait:
    """While MLflow is down or the disk full, a round could only fail: no attempt is spent on it."""
    try:
        require_room(home)
        registry.check()
    except TrainplatError as problem:
        return Wait(f"The round of {step.version} waits: {problem.one_line}")
    return step


def _missing_partitions(
    context: SensorEvaluationContext, spec: DatasetSpec, known: Sequence[VersionRecord]
) -> list[AddDynamicPartitionsRequest]:
    partitions = versions_partitions(spec.name)
    registered = set(context.instance.get_dynamic_partitions(str(partitions.name)))
    missing = [one.version for one in known if one.version not in registered]
    return [partitions.build_add_request(missing)] if missing else []


def _keys(spec: DatasetSpec, version: VersionKey) -> str:
    return run_key(spec.name, version)
