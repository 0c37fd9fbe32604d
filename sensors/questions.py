"""Asks people the next questions when a round is decided."""

from datetime import timedelta
from typing import TYPE_CHECKING

from dagster import (
    DefaultSensorStatus,
    RunRequest,
    SensorDefinition,
    SensorEvaluationContext,
    SensorResult,
    SkipReason,
    sensor,
)

from resources.clock import Clock, utc_now
from resources.data.resource import DataResource
from resources.data.service import DataService
from resources.data.spec import DatasetSpec
from resources.errors import NotFound, TrainplatError
from resources.files import require_room
from resources.labeling.predictions import PredictionFiles
from resources.labeling.resource import LabelStudioResource
from resources.labeling.service import LabelingService
from resources.learning.triggering.model import Paused
from resources.learning.triggering.service import TriggerService
from resources.registry.resource import MlflowResource
from resources.terms import Actor, VersionKey
from sensors.attempts import Ask, next_step, read_attempts, run_key
from sensors.ownership import held_elsewhere

if TYPE_CHECKING:
    from dagster._core.definitions.target import ExecutableDefinition

MINIMUM_INTERVAL_S = 10
HEARD_AFTER = timedelta(seconds=60)
"""An evaluation that is so much younger than the last answer knew of it: its poll came after."""


def build_questions_sensor(
    spec: DatasetSpec,
    job: "ExecutableDefinition",
    *,
    minimum_interval_s: int = MINIMUM_INTERVAL_S,
    clock: Clock = utc_now,
) -> SensorDefinition:
    """The sensor ``<dataset>_questions``; ``job`` sends the questions of one version to Label Studio.

    It is requested once for the newest decision, and again for the same version when all that it asked is
    answered, no training comes of that, and the pool has samples left. One that failed is requested again,
    with back-off; while Label Studio is down, or the disk full, no attempt is spent. While asking is paused
    nothing is requested.
    """

    @sensor(
        name=f"{spec.name}_questions",
        job=job,
        minimum_interval_seconds=minimum_interval_s,
        default_status=DefaultSensorStatus.RUNNING,
        description=(
            f"When the champion after a version of {spec.title.lower()} is decided, lets it choose what "
            "people should label next, and sends that to Label Studio."
        ),
    )
    def questions(
        context: SensorEvaluationContext,
        data: DataResource,
        labeling: LabelStudioResource,
        registry: MlflowResource,
    ) -> SensorResult | SkipReason:
        elsewhere = held_elsewhere(context.instance, clock(), Actor(f"sensor:{spec.name}_questions"))
        if elsewhere is not None:
            return elsewhere
        decisions = registry.service().decisions(spec.name)
        if not decisions:
            return SkipReason("No version has a champion yet.")
        version, versions = decisions[-1].version, data.service()
        people, triggers = labeling.service(), TriggerService(versions.database, versions.clock)
        pause = triggers.paused(spec.name, Paused.ASKING)
        if pause is not None:
            return SkipReason(f"Asking is paused since {pause.since} by {pause.actor}: {pause.reason}")
        keys = run_key(spec.name, "ask", version)
        asked = people.asked(spec.name, version)
        if asked is not None:
            why_not = _why_no_more(spec, version, versions, people, triggers)
            if why_not:
                return SkipReason(
                    f"The {asked} questions of {version} are in Label Studio. {why_not}".strip()
                )
            keys = run_key(keys, f"after-{len(people.questions(spec.name, version))}")
        attempts = read_attempts(context.instance, job.name, version, keys)
        step = next_step(attempts, clock(), what=f"Asking the questions of {version}")
        if not isinstance(step, Ask):
            return SkipReason(step.reason)
        try:
            require_room(people.home.path)
            people.check()
        except TrainplatError as problem:
            return SkipReason(problem.one_line)
        request = RunRequest(run_key=run_key(keys, str(step.number)), partition_key=version)
        return SensorResult(run_requests=[request])

    return questions


def _why_no_more(
    spec: DatasetSpec,
    version: VersionKey,
    versions: DataService,
    people: LabelingService,
    triggers: TriggerService,
) -> str:
    """Why nothing more is asked for a version that asked already; nothing where more is to be asked."""
    still_open = people.standing(spec.name).open
    if still_open:
        return f"{still_open} wait for an answer."
    if versions.versions(spec.name)[-1].version != version:
        return "A later version is under way."
    newest = triggers.newest(spec.name)
    if newest is None or newest.verdict.fires:
        return "A training comes of the answers."
    last = max((answer.at for answer in people.confirmed(spec.name)), default=None)
    if last is not None and newest.seen_at < last + HEARD_AFTER:
        return "It is not judged yet whether a training comes of the answers."
    try:
        pool = PredictionFiles(people.home).read_predictions(spec.name, version).ids
    except NotFound as problem:
        return problem.one_line
    if not set(pool) - people.samples_asked(spec.name):
        return "All of the pool was asked."
    return ""
