"""Takes in new samples that have no label yet, and plans the version that brings them into the pool."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from dagster import (
    DefaultSensorStatus,
    SensorDefinition,
    SensorEvaluationContext,
    SensorResult,
    SkipReason,
    sensor,
)

from resources.clock import Clock, utc_now
from resources.data.arrivals.model import Taken
from resources.data.arrivals.service import ArrivalService
from resources.data.making.sources.model import Source
from resources.data.making.sources.watched import STILL_FOR_S
from resources.data.model import VersionRecord, VersionState
from resources.data.partitions import versions_partitions
from resources.data.resource import DataResource
from resources.data.service import DataService
from resources.data.spec import DatasetSpec
from resources.errors import Conflict, TrainplatError
from resources.labeling.resource import LabelStudioResource
from resources.labeling.service import LabelingService
from resources.learning.triggering.model import Paused
from resources.learning.triggering.service import TriggerService
from resources.registry.resource import MlflowResource
from resources.terms import Actor
from sensors.ownership import held_elsewhere

MINIMUM_INTERVAL_S = 30
TIME_BUDGET = timedelta(seconds=25)
"""After so long no further place is looked at in this tick: the next one begins with it."""


def build_arrivals_sensor(
    spec: DatasetSpec,
    *,
    minimum_interval_s: int = MINIMUM_INTERVAL_S,
    still_for_s: float = STILL_FOR_S,
    clock: Clock = utc_now,
) -> SensorDefinition:
    """The sensor ``<dataset>_arrivals``: it looks at the inbox and at each place that the data set declares.

    A sample comes in once, known by its content: it is a row before anything else depends on it, so a kill at
    any moment neither loses one nor takes it in twice. With enough that wait, it plans a version. The run of
    that version's round is requested by ``<dataset>_annotations``, as for every version that is planned: were
    it requested here too, there could be two.
    """

    @sensor(
        name=f"{spec.name}_arrivals",
        minimum_interval_seconds=minimum_interval_s,
        default_status=DefaultSensorStatus.RUNNING,
        description=(
            f"Takes new {spec.title.lower()} without a label in, from the inbox and the places that are "
            f"watched. With {_enough(spec)} of them, or when no question is open, it plans a version "
            "that brings them into the pool; fewer come with the next version that labels make. No training "
            "is started for them: the champion predicts them, and people are asked."
        ),
    )
    def arrivals(
        context: SensorEvaluationContext,
        data: DataResource,
        labeling: LabelStudioResource,
        registry: MlflowResource,
    ) -> SensorResult | SkipReason:
        actor = Actor(f"sensor:{spec.name}_arrivals")
        elsewhere = held_elsewhere(context.instance, clock(), actor)
        if elsewhere is not None:
            return elsewhere
        coming = data.arrivals()
        places = coming.places(spec, still_for_s=still_for_s)
        told, cursor = _take(coming, spec, _beginning_with(places, context.cursor), actor, clock)
        waiting, versions = coming.waiting(spec.name), data.service()
        known = versions.versions(spec.name)
        reason = " ".join([*told, _why_not_yet(spec, known, waiting)]).strip()
        is_idle = waiting > 0 and bool(known) and _is_idle(versions, labeling.service(), spec, known[-1])
        if (waiting >= _enough(spec) or is_idle) and known and known[-1].state is VersionState.SEALED:
            decided = registry.service().decision(spec.name, known[-1].version) is not None
            try:
                planned = versions.plan_for_arrivals(spec, actor) if decided else None
            except Conflict as locked:  # somebody writes after the newest version
                return SensorResult(skip_reason=SkipReason(f"{reason} {locked.one_line}"), cursor=cursor)
            if planned is not None:
                return SensorResult(
                    skip_reason=SkipReason(
                        f"{planned.version} is planned: it takes up {waiting} new samples."
                    ),
                    dynamic_partitions_requests=[
                        versions_partitions(spec.name).build_add_request([planned.version])
                    ],
                    cursor=cursor,
                )
            reason = f"{waiting} new samples wait: the round of {known[-1].version} is not decided yet."
        return SensorResult(skip_reason=SkipReason(reason), cursor=cursor)

    return arrivals


def _take(
    coming: ArrivalService, spec: DatasetSpec, places: Sequence[Source], actor: Actor, clock: Clock
) -> tuple[list[str], str]:
    """What is to be told, and the name of the place to begin with next time."""
    begun, told = clock(), list[str]()
    for place in places:
        if _is_over(begun, clock()):
            return told, place.name
        try:
            taken = coming.take(spec, place, actor)
        except TrainplatError as problem:
            told.append(f"{place.name}: {problem.one_line}")
            continue
        if taken.new:
            told.append(_counted(place, taken))
        if taken.more:
            return told, place.name
    return told, ""


def _counted(place: Source, taken: Taken) -> str:
    useless = [one for one in taken.new if one.problem is not None]
    such_as = f", such as {useless[0].name}, {useless[0].problem}" if useless else ""
    return f"{place.name}: {len(taken.new)} new samples, {len(useless)} of them of no use{such_as}."


def _is_over(begun: datetime, now: datetime) -> bool:
    return now - begun > TIME_BUDGET


def _beginning_with(places: Sequence[Source], name: str | None) -> list[Source]:
    at = next((place for place, one in enumerate(places) if one.name == name), 0)
    return [*places[at:], *places[:at]]


def _is_idle(
    versions: DataService, people: LabelingService, spec: DatasetSpec, newest: VersionRecord
) -> bool:
    """Whether people answered all that was asked, and no label is there that would make a version: fewer new
    samples than usual are worth one then, for nobody would ever be asked about them.
    """
    if people.asked(spec.name, newest.version) is None or not people.settled(spec.name):
        return False
    if TriggerService(versions.database).paused(spec.name, Paused.ASKING) is not None:
        return False
    taken = versions.taken_refs(spec.name)
    return all(answer.ref in taken for answer in people.confirmed(spec.name))


def _why_not_yet(spec: DatasetSpec, known: Sequence[VersionRecord], waiting: int) -> str:
    if not waiting:
        return "No new sample waits."
    if not known or known[-1].state is not VersionState.SEALED:
        newest = known[-1].version if known else "a first version"
        return f"{waiting} new samples wait until {newest} is sealed."
    return f"{waiting} of {_enough(spec)} new samples wait for the next version."


def _enough(spec: DatasetSpec) -> int:
    return spec.labels_per_round if spec.arrivals_per_version is None else spec.arrivals_per_version
