"""Asks people the next questions when a round is decided."""

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
from resources.data.spec import DatasetSpec
from resources.errors import TrainplatError
from resources.files import require_room
from resources.labeling.resource import LabelStudioResource
from resources.registry.resource import MlflowResource
from resources.terms import Actor
from sensors.attempts import Ask, next_step, read_attempts, run_key
from sensors.ownership import held_elsewhere

if TYPE_CHECKING:
    from dagster._core.definitions.target import ExecutableDefinition

MINIMUM_INTERVAL_S = 10


def build_questions_sensor(
    spec: DatasetSpec,
    job: "ExecutableDefinition",
    *,
    minimum_interval_s: int = MINIMUM_INTERVAL_S,
    clock: Clock = utc_now,
) -> SensorDefinition:
    """The sensor ``<dataset>_questions``; ``job`` sends the questions of one version to Label Studio.

    It is requested once for the newest decision. One that failed is requested again, with back-off; while
    Label Studio is down, or the disk full, no attempt is spent.
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
        context: SensorEvaluationContext, labeling: LabelStudioResource, registry: MlflowResource
    ) -> SensorResult | SkipReason:
        elsewhere = held_elsewhere(context.instance, clock(), Actor(f"sensor:{spec.name}_questions"))
        if elsewhere is not None:
            return elsewhere
        decisions = registry.service().decisions(spec.name)
        if not decisions:
            return SkipReason("No version has a champion yet.")
        version = decisions[-1].version
        people = labeling.service()
        asked = people.asked(spec.name, version)
        if asked is not None:
            return SkipReason(f"The {asked} questions of {version} are in Label Studio.")
        keys = run_key(spec.name, "ask", version)
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
