"""Hears what people answered, and starts the next version when there is enough of it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
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
from resources.data.spec import DatasetSpec
from resources.errors import TrainplatError
from resources.files import require_room
from resources.labeling.model import ConfirmedAnswer
from resources.labeling.resource import LabelStudioResource
from resources.learning.triggering.telling import sentence
from resources.registry.model import Decision
from resources.registry.resource import MlflowResource
from resources.terms import FIRST_VERSION, Actor, VersionKey
from sensors.attempts import WISHES_TAG, Attempt, is_given_up, run_key
from sensors.measuring import Measures
from sensors.ownership import held_elsewhere
from sensors.reviewing import send_back_doubtful, told
from sensors.rounds import (
    Carry,
    PlanNext,
    Situation,
    StartRound,
    Wait,
    brings_no_label,
    comes_of_labels,
    decide,
    judged,
)
from sensors.tick import Tick

if TYPE_CHECKING:
    from dagster._core.definitions.target import ExecutableDefinition

MINIMUM_INTERVAL_S = 10
TIME_BUDGET = timedelta(seconds=30)
"""Half of what Dagster allows a tick: a longer poll goes on from its cursor in the next one."""

TRIGGER_TAG = "trainplat/trigger"
"""Why a round was started, on its run: a display, never a store."""
LONGEST_TAG = 400


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
        tick = Tick(
            spec,
            data.service(),
            labeling.service(),
            registry.service(),
            context.instance,
            job.name,
            actor,
        )
        known = tick.data.versions(spec.name) or [tick.data.plan_first(spec, actor)]
        cursor, trouble = _poll(tick, context.cursor, clock() + TIME_BUDGET)
        if trouble:
            context.log.warning(trouble)
        known, unfit = _with_what_people_committed(tick, known)
        new, decisions = _new_answers(tick), tick.registry.decisions(spec.name)
        at = _situation(tick, measures, known, decisions, new, clock())
        _note_planned(tick, known[-1])
        tick.triggers.keep(spec.name, judged(spec, at, clock()))
        step = decide(spec, at, clock())
        if isinstance(step, PlanNext):
            step = _plan(tick, new)
            known = tick.data.versions(spec.name)
            _note_planned(tick, known[-1])
        if isinstance(step, Carry):
            step = _carry(tick, step)
        if isinstance(step, StartRound):
            step = _when_it_can_be_kept(tick, step)
        partitions = _missing_partitions(tick, known)
        if isinstance(step, Wait):
            reason = " ".join(part for part in (trouble, unfit, step.reason) if part)
            return SensorResult(
                skip_reason=SkipReason(reason), dynamic_partitions_requests=partitions, cursor=cursor
            )
        request = RunRequest(
            run_key=run_key(tick.keys(step.version), str(step.attempt)),
            partition_key=step.version,
            tags=_why_tags(tick, step.version) | _wishes_tag(step),
            asset_selection=list(making) if making and _learns_nothing(known[-1], decisions) else None,
        )
        return SensorResult(run_requests=[request], dynamic_partitions_requests=partitions, cursor=cursor)

    return annotations


def _poll(tick: Tick, cursor: str | None, deadline: datetime) -> tuple[str | None, str]:
    """The new cursor, and what is wrong with Label Studio; a round that failed is tried again even then."""
    try:
        cursor = tick.people.poll(tick.spec.name, cursor, deadline, actor=tick.actor).cursor
    except TrainplatError as problem:
        return cursor, problem.one_line
    return cursor, _ask_again(tick)


def _ask_again(tick: Tick) -> str:
    """Make the tasks that are missing for what went back; returns what hindered it."""
    try:
        tick.people.reviews.ask_again(tick.spec.name, tick.people.client, actor=tick.actor)
    except TrainplatError as problem:
        return problem.one_line
    return ""


def _with_what_people_committed(tick: Tick, known: list[VersionRecord]) -> tuple[list[VersionRecord], str]:
    """All versions, with the next one that people committed or merged; and what is wrong with that one.

    One at a time, when the round before it is decided: it is measured against that one's champion. A round
    that nobody tries again holds nothing up: a commit may be what mends it.
    """
    name, newest = tick.spec.name, known[-1]
    is_over = tick.registry.decision(name, newest.version) is not None or (
        newest.state is VersionState.SEALED and is_given_up(tick.attempts_at(newest.version))
    )
    try:
        adopted = tick.data.adopt(tick.spec, tick.actor, at_most=1) if is_over else None
    except TrainplatError as problem:
        return known, problem.one_line
    return (tick.data.versions(name), "") if adopted else (known, "")


def _new_answers(tick: Tick) -> Sequence[ConfirmedAnswer]:
    taken = tick.data.taken_refs(tick.spec.name)
    return [answer for answer in tick.people.confirmed(tick.spec.name) if answer.ref not in taken]


def _situation(
    tick: Tick,
    measures: Measures,
    known: Sequence[VersionRecord],
    decisions: Sequence[Decision],
    new: Sequence[ConfirmedAnswer],
    now: datetime,
) -> Situation:
    name, newest = tick.spec.name, known[-1]
    attempts = tick.attempts_at(newest.version)
    return Situation(
        newest=newest,
        decided=any(one.version == newest.version for one in decisions),
        attempts=attempts,
        questions_sent=tick.people.asked(name, newest.version) is not None,
        new_labels=len(new),
        standing=tick.people.standing(name),
        problems=tuple(problem for problem in tick.people.problems(name) if problem.blocks),
        measured=measures.take(
            tick, known, _begun(known, attempts), decisions, new, now, again=_again(newest, attempts)
        ),
    )


def _begun(known: Sequence[VersionRecord], attempts: Sequence[Attempt]) -> list[VersionKey]:
    """The versions that take wishes: all but a first one that waits for somebody to start it, or again."""
    is_under_way = bool(attempts) and not is_given_up(attempts)
    return [
        one.version
        for one in known
        if one.version != FIRST_VERSION or one.state is not VersionState.PLANNED or is_under_way
    ]


def _again(newest: VersionRecord, attempts: Sequence[Attempt]) -> dict[int, VersionKey]:
    """The wishes that the newest version takes because its round was begun once more for them."""
    return {wish: newest.version for one in attempts for wish in one.wishes}


def _note_planned(tick: Tick, newest: VersionRecord) -> None:
    if comes_of_labels(newest):
        tick.triggers.note_planned(tick.spec.name, newest.version, newest.planned_at)


def _wishes_tag(step: StartRound) -> dict[str, str]:
    return {WISHES_TAG: ",".join(map(str, step.wishes))} if step.wishes else {}


def _plan(tick: Tick, new: Sequence[ConfirmedAnswer]) -> StartRound | Wait:
    returned = send_back_doubtful(tick.people, tick.spec, new, tick.actor)
    if returned:
        return Wait(told(tick.spec, returned, _ask_again(tick)))
    labels = [ConfirmedLabel(answer.sample, answer.label, answer.ref) for answer in new]
    try:
        return StartRound(tick.data.plan_next(tick.spec, labels, tick.actor).version, 1)
    except TrainplatError as problem:
        return Wait(f"The next version cannot be planned: {problem.one_line}")


def _carry(tick: Tick, step: Carry) -> Wait:
    name = tick.spec.name
    if tick.registry.carry(name, step.version, step.parent, tick.actor) is None:
        return Wait(
            f"{step.version} is made, and {step.parent} before it has no champion: "
            f"run {name}_round for partition {step.parent}."
        )
    return Wait(f"{step.version} brought new samples and no label: the champion stays.")


def _when_it_can_be_kept(tick: Tick, step: StartRound) -> StartRound | Wait:
    """While MLflow is down or the disk full, a round could only fail: no attempt is spent on it."""
    try:
        require_room(tick.data.home.path)
        tick.registry.check()
    except TrainplatError as problem:
        return Wait(f"The round of {step.version} waits: {problem.one_line}")
    return step


def _missing_partitions(tick: Tick, known: Sequence[VersionRecord]) -> list[AddDynamicPartitionsRequest]:
    partitions = versions_partitions(tick.spec.name)
    registered = set(tick.instance.get_dynamic_partitions(str(partitions.name)))
    missing = [one.version for one in known if one.version not in registered]
    return [partitions.build_add_request(missing)] if missing else []


def _why_tags(tick: Tick, version: VersionKey) -> dict[str, str]:
    """Why the version was planned, for who looks at its run."""
    found = tick.triggers.planned(tick.spec.name, version)
    return {} if found is None else {TRIGGER_TAG: sentence(found.verdict)[:LONGEST_TAG]}


def _learns_nothing(version: VersionRecord, decisions: Sequence[Decision]) -> bool:
    """Whether the champion before a version can stay after it untried."""
    return brings_no_label(version) and any(one.version == version.parent for one in decisions)
