"""Starts a round of replication when a second remote lacks a version that it is to have."""

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING

from dagster import (
    DagsterRunStatus,
    DefaultSensorStatus,
    RunRequest,
    RunsFilter,
    SensorDefinition,
    SensorEvaluationContext,
    SkipReason,
    sensor,
)

from resources.clock import Clock, utc_now
from resources.data.places.model import Lag
from resources.data.resource import DataResource
from resources.terms import Actor
from sensors.ownership import held_elsewhere

if TYPE_CHECKING:
    from dagster._core.definitions.target import ExecutableDefinition

MINIMUM_INTERVAL_S = 30
AGAIN_AFTER = timedelta(minutes=10)
"""So long a remote is left alone that did not take all."""
_AT_WORK = [
    DagsterRunStatus.NOT_STARTED,
    DagsterRunStatus.QUEUED,
    DagsterRunStatus.STARTING,
    DagsterRunStatus.STARTED,
    DagsterRunStatus.CANCELING,
]


def build_replication_sensor(job: "ExecutableDefinition", *, clock: Clock = utc_now) -> SensorDefinition:
    """The sensor ``data_replication``; ``job`` pushes what is missing. It reads rows only."""

    @sensor(
        name="data_replication",
        job=job,
        minimum_interval_seconds=MINIMUM_INTERVAL_S,
        default_status=DefaultSensorStatus.RUNNING,
        description=(
            "Starts a round when a second remote lacks a version that a rule says is to be there, and says "
            "how far each is behind. Turned off, nothing goes there by itself."
        ),
    )
    def replication(context: SensorEvaluationContext, data: DataResource) -> RunRequest | SkipReason:
        elsewhere = held_elsewhere(context.instance, clock(), Actor("sensor:data_replication"))
        if elsewhere is not None:
            return elsewhere
        behind = [one for one in data.replication().lags() if one.behind]
        if not behind:
            return SkipReason("Every second remote has all that it is to have.")
        filters = RunsFilter(job_name=job.name, statuses=_AT_WORK)
        if context.instance.get_runs(filters, limit=1):
            return SkipReason(f"{_told(behind)} A round is at work.")
        return RunRequest(run_key=_key(behind, clock().timestamp()))

    return replication


def _told(behind: list[Lag]) -> str:
    return " ".join(
        f"{one.remote} lacks {one.behind} versions of {one.dataset}, the oldest of "
        f"{one.since:%Y-%m-%d %H:%M}."
        for one in behind
    )


def _key(behind: list[Lag], now_s: float) -> str:
    """Another one when something else is missing, or when enough time has passed."""
    missing = hashlib.sha256(repr(sorted(map(repr, behind))).encode()).hexdigest()[:16]
    return f"replication:{missing}:{int(now_s // AGAIN_AFTER.total_seconds())}"
