"""Tries to merge a branch when a training on it has succeeded."""

from dagster import (
    DefaultSensorStatus,
    SensorDefinition,
    SensorEvaluationContext,
    SkipReason,
    sensor,
)

from resources.clock import Clock, utc_now
from resources.data.resource import DataResource
from resources.data.results.following import Follower
from resources.data.spec import DatasetSpec
from resources.errors import TrainplatError
from resources.terms import Actor
from sensors.ownership import held_elsewhere

MINIMUM_INTERVAL_S = 15


def build_merge_sensor(
    spec: DatasetSpec, *, minimum_interval_s: int = MINIMUM_INTERVAL_S, clock: Clock = utc_now
) -> SensorDefinition:
    """The sensor ``<dataset>_merges``: clean by policy, the branch becomes the next version; else it is
    offered with its conflicts.

    Each training is followed once: its result is a row that says what came of it, and the merge says in its
    own transaction that it was done. So a kill at any moment merges nothing twice. The round of the merged
    version is requested by ``<dataset>_annotations``, as for every version that people make.
    """

    @sensor(
        name=f"{spec.name}_merges",
        minimum_interval_seconds=minimum_interval_s,
        default_status=DefaultSensorStatus.RUNNING,
        description=(
            f"When a training on a branch of {spec.title.lower()} has succeeded, merges the branch into the "
            "main line if that is clean; else lists its conflicts for people to answer."
        ),
    )
    def merges(context: SensorEvaluationContext, data: DataResource) -> SkipReason:
        actor = Actor(f"sensor:{spec.name}_merges")
        elsewhere = held_elsewhere(context.instance, clock(), actor)
        if elsewhere is not None:
            return elsewhere
        follower = Follower(data.results(), data.versions(), data.merges())
        told = []
        for result in follower.waiting(spec.name):
            try:
                told.append(follower.follow(result, spec.after_training, actor).told)
            except TrainplatError as problem:  # it waits, and is tried again
                told.append(problem.one_line)
        return SkipReason(" ".join(told) or "No training on a branch is new.")

    return merges
