"""Hears what people answered, and starts the next version when there is enough of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from dagster import (
    AddDynamicPartitionsRequest,
    AssetKey,
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
from resources.labeling.model import ConfirmedAnswer, Problem, Standing
from resources.labeling.resource import LabelStudioResource
from resources.labeling.service import LabelingService
from resources.learning.triggering.judging import judge
from resources.learning.triggering.model import TriggerSnapshot, Verdict
from resources.learning.triggering.service import TriggerService
from resources.learning.triggering.telling import sentence
from resources.registry.model import Decision
from resources.registry.resource import MlflowResource
from resources.registry.service import RegistryService
from resources.terms import FIRST_VERSION, Actor, VersionKey
from sensors.attempts import Ask, Attempt, Outcome, is_given_up, next_step, read_attempts, run_key
from sensors.measuring import Measures, Sources
from sensors.ownership import held_elsewhere
from sensors.reviewing import send_back_doubtful, told

if TYPE_CHECKING:
    from dagster._core.definitions.target import ExecutableDefinition

MINIMUM_INTERVAL_S = 10
TIME_BUDGET = timedelta(seconds=30)
"""Half of what Dagster allows a tick: a longer poll goes on from its cursor in the next one."""

SHOWN_PROBLEMS = 3
TRIGGER_TAG = "trainplat/trigger"
"""Why a round was started, on its run: a display, never a store."""
LONGEST_TAG = 400


NOTHING_MEASURED = TriggerSnapshot(labels_per_round=1, new_labels=0)


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
    measured: TriggerSnapshot = NOTHING_MEASURED
    """What the trigger policy looks at besides the labels and questions above."""


@dataclass(frozen=True)
class StartRound:
    """Request a run of the round for a version that is planned."""

    version: VersionKey
    attempt: int


@dataclass(frozen=True)
class PlanNext:
    """Plan the next version with all new labels, and request its first run."""


@dataclass(frozen=True)
class Carry:
    """Let the champion stay after a version that brought samples and no label: nothing is to be learned."""

    version: VersionKey
    parent: VersionKey


@dataclass(frozen=True)
class Wait:
    """Do nothing, and why, for a person."""

    reason: str


def decide(spec: DatasetSpec, at: Situation, now: datetime) -> StartRound | PlanNext | Carry | Wait:
    """What to do in ``at``. Pure.

    1. While the newest version's round is not decided, nothing new is planned. A round that nobody asked for
       is requested (the first version's is left to people, who may ask for it by hand); one that failed,
       again, with back-off. So is one that failed behind its decision: MLflow was not told of it then, and
       shows another champion. One that a blocking check stopped is left to people: the check would say it
       again.
    2. A version that brought samples and no label is made, and the champion stays: nothing is trained.
    3. When the data set's trigger policy says so, the next version is planned with all new labels.
    4. Else it waits for people, and says for how many, what they must mend, and what the policy lacks.
    """
    if _is_unfinished(at):
        return _finish_round(spec, at, now)
    verdict = judged(spec, at, now)
    if verdict.fires:
        return PlanNext()
    return Wait(f"{_waits_for_people(spec, at)} {sentence(verdict)}")


def judged(spec: DatasetSpec, at: Situation, now: datetime) -> Verdict:
    """What the data set's trigger policy says to ``at``. Pure."""
    snapshot = replace(
        at.measured,
        labels_per_round=spec.labels_per_round,
        new_labels=at.new_labels,
        questions_sent=at.questions_sent,
        questions_open=at.standing.open,
        under_way=at.newest.version if _is_unfinished(at) else None,
        stopped_by=at.attempts[0].stopped_by if at.attempts else "",
    )
    return judge(spec.triggers, snapshot, now)


def _is_unfinished(at: Situation) -> bool:
    return at.newest.state is VersionState.PLANNED or not at.decided or _is_untold(at.attempts)


def brings_no_label(version: VersionRecord) -> bool:
    """Whether a version only takes up samples that came by themselves: there is nothing to learn from it."""
    is_trained_anew = version.adopted or version.starts_from is not None
    return version.parent is not None and version.new_labels == 0 and not is_trained_anew


def build_annotation_sensor(
    spec: DatasetSpec,
    job: "ExecutableDefinition",
    *,
    making: Sequence[AssetKey] = (),
    minimum_interval_s: int = MINIMUM_INTERVAL_S,
    clock: Clock = utc_now,
) -> SensorDefinition:
    """The sensor ``<dataset>_annotations``; ``job`` is the round that it requests for each version, and
    ``making`` those of its assets that make the version: all that is run where there is nothing to learn.

    Exactly one version, and one run of its round, for one set of annotations, whatever is killed between any
    two steps: the version is a row before it is requested, a label's ref goes into one version only, and the
    run key names version and attempt.
    """
    measures = Measures()

    @sensor(
        name=f"{spec.name}_annotations",
        job=job,
        minimum_interval_seconds=minimum_interval_s,
        default_status=DefaultSensorStatus.RUNNING,
        description=(
            f"Asks Label Studio what people answered about {spec.title.lower()}. When the trigger policy "
            "says so, it plans the next version and requests its round; a round that failed is requested "
            "again, with back-off."
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
        newest, attempts = known[-1], attempts_at(known[-1].version)
        new, decisions = _new_answers(versions, people, spec), registered.decisions(spec.name)
        triggers = TriggerService(versions.database, versions.clock)
        sources = Sources(spec, versions, people, triggers, context.instance, job.name, actor)
        at = Situation(
            newest=newest,
            decided=any(one.version == newest.version for one in decisions),
            attempts=attempts,
            questions_sent=people.asked(spec.name, newest.version) is not None,
            new_labels=len(new),
            standing=people.standing(spec.name),
            problems=tuple(problem for problem in people.problems(spec.name) if problem.blocks),
            measured=measures.take(sources, known, _begun(known, attempts), decisions, new, clock()),
        )
        _note_planned(triggers, spec, newest)
        triggers.keep(spec.name, judged(spec, at, clock()))
        step = decide(spec, at, clock())
        if isinstance(step, PlanNext):
            returned = send_back_doubtful(people, spec, new, actor)
            step = Wait(told(spec, returned)) if returned else _plan(versions, spec, new, actor)
            known = versions.versions(spec.name)
            _note_planned(triggers, spec, known[-1])
        if isinstance(step, Carry):
            step = _carry(registered, spec, step, actor)
        if isinstance(step, StartRound):
            step = _when_it_can_be_kept(versions.home.path, registered, step)
        partitions = _missing_partitions(context, spec, known)
        if isinstance(step, Wait):
            reason = " ".join(part for part in (trouble, step.reason) if part)
            return SensorResult(
                skip_reason=SkipReason(reason), dynamic_partitions_requests=partitions, cursor=cursor
            )
        request = RunRequest(
            run_key=run_key(_keys(spec, step.version), str(step.attempt)),
            partition_key=step.version,
            tags=_why_tags(triggers, spec, step.version),
            asset_selection=list(making) if making and _learns_nothing(known[-1], decisions) else None,
        )
        return SensorResult(
            run_requests=[request],
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


def _finish_round(spec: DatasetSpec, at: Situation, now: datetime) -> StartRound | Carry | Wait:
    version, parent = at.newest.version, at.newest.parent
    if not at.attempts and version == FIRST_VERSION and not at.measured.wishes:
        return Wait(
            f"{version} has not been made yet. Start it: run {spec.name}_round for partition {version}."
        )
    step = next_step(at.attempts, now, what=f"The round of {version}")
    if isinstance(step, Ask):
        return StartRound(version, step.number)
    if step.done:
        if not at.decided and parent is not None and brings_no_label(at.newest):
            return Carry(version, parent)
        return Wait(
            f"{step.reason} But {version} has no decision: materialize {spec.name}/champion for {version}."
        )
    return Wait(step.reason)


def comes_of_labels(version: VersionRecord) -> bool:
    """Whether a trigger can have planned it: not a commit of people, nor new samples alone, nor a search."""
    return version.new_labels > 0 and not version.adopted and version.starts_from is None


def _note_planned(triggers: TriggerService, spec: DatasetSpec, newest: VersionRecord) -> None:
    if comes_of_labels(newest):
        triggers.note_planned(spec.name, newest.version, newest.planned_at)


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
        cursor = people.poll(spec.name, cursor, deadline, actor=actor).cursor
        people.reviews.ask_again(spec.name, people.client, actor=actor)
        return cursor, None
    except TrainplatError as problem:
        return cursor, problem.one_line


def _new_answers(
    versions: DataService, people: LabelingService, spec: DatasetSpec
) -> Sequence[ConfirmedAnswer]:
    taken = versions.taken_refs(spec.name)
    return [answer for answer in people.confirmed(spec.name) if answer.ref not in taken]


def _begun(known: Sequence[VersionRecord], attempts: Sequence[Attempt]) -> list[VersionKey]:
    """The versions that take wishes: all but a first one that waits for somebody to start it."""
    return [
        one.version
        for one in known
        if one.version != FIRST_VERSION or one.state is not VersionState.PLANNED or attempts
    ]


def _learns_nothing(version: VersionRecord, decisions: Sequence[Decision]) -> bool:
    """Whether the champion before a version can stay after it untried."""
    return brings_no_label(version) and any(one.version == version.parent for one in decisions)


def _carry(registry: RegistryService, spec: DatasetSpec, step: Carry, actor: Actor) -> Wait:
    if registry.carry(spec.name, step.version, step.parent, actor) is None:
        return Wait(
            f"{step.version} is made, and {step.parent} before it has no champion: "
            f"run {spec.name}_round for partition {step.parent}."
        )
    return Wait(f"{step.version} brought new samples and no label: the champion stays.")


def _why_tags(triggers: TriggerService, spec: DatasetSpec, version: VersionKey) -> dict[str, str]:
    """Why the version was planned, for who looks at its run."""
    found = triggers.planned(spec.name, version)
    return {} if found is None else {TRIGGER_TAG: sentence(found.verdict)[:LONGEST_TAG]}


def _plan(
    versions: DataService, spec: DatasetSpec, new: Sequence[ConfirmedAnswer], actor: Actor
) -> StartRound | Wait:
    labels = [ConfirmedLabel(answer.sample, answer.label, answer.ref) for answer in new]
    try:
        return StartRound(versions.plan_next(spec, labels, actor).version, 1)
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
