"""Brings versions that queued runs need, while they wait: what lies in a colder tier, or only at a remote."""

from collections.abc import Sequence
from threading import Thread

from dagster import (
    DagsterInstance,
    DagsterRun,
    DagsterRunStatus,
    DefaultSensorStatus,
    RunsFilter,
    SensorDefinition,
    SensorEvaluationContext,
    SkipReason,
    sensor,
)

from resources.clock import Clock, utc_now
from resources.data.resource import DataResource
from resources.errors import TrainplatError
from resources.terms import Actor, DatasetName
from sensors.ownership import held_elsewhere

MINIMUM_INTERVAL_S = 10
PARTITION_TAG = "dagster/partition"
_WAITS = [DagsterRunStatus.NOT_STARTED, DagsterRunStatus.QUEUED]
_LOOKED_AT = 200
"""So many waiting runs are looked at, those that wait longest first."""
Wanted = tuple[DatasetName, str]


class Prefetching:
    """Brings one version after the other, beside the ticks: a large one takes longer than a tick may."""

    def __init__(self) -> None:
        self.done: dict[Wanted, str] = {}
        """What became of each version that was asked for."""
        self._thread: Thread | None = None

    @property
    def is_at_work(self) -> bool:
        """Whether something is being brought now."""
        return self._thread is not None and self._thread.is_alive()

    def begin(self, wanted: Sequence[Wanted], data: DataResource) -> None:
        """Bring these. A process that ends meanwhile leaves whole objects only; the next tick goes on."""
        self._thread = Thread(target=self._bring, args=(list(wanted), data), daemon=True, name="prefetch")
        self._thread.start()

    def wait(self) -> None:
        """Until all is there."""
        if self._thread is not None:
            self._thread.join()

    def _bring(self, wanted: list[Wanted], data: DataResource) -> None:
        for one in wanted:
            try:
                [found] = data.places().prefetch([one])
            except TrainplatError as problem:
                self.done[one] = problem.one_line
                continue
            left = f", {found.left} cannot be had now" if found.left else ""
            self.done[one] = f"{found.objects} objects came{left}"


def build_prefetch_sensor(
    datasets: Sequence[DatasetName], *, clock: Clock = utc_now, prefetching: Prefetching | None = None
) -> SensorDefinition:
    """The sensor ``data_prefetch``: versions of ``datasets`` that waiting runs name as their partition."""
    at_work = prefetching or Prefetching()

    @sensor(
        name="data_prefetch",
        minimum_interval_seconds=MINIMUM_INTERVAL_S,
        default_status=DefaultSensorStatus.RUNNING,
        description=(
            "Brings the versions back that waiting runs need, from colder tiers or remotes, before devices "
            "are free. Turned off, a run brings what it needs when it has its devices already."
        ),
    )
    def data_prefetch(context: SensorEvaluationContext, data: DataResource) -> SkipReason:
        elsewhere = held_elsewhere(context.instance, clock(), Actor("sensor:data_prefetch"))
        if elsewhere is not None:
            return elsewhere
        wanted = versions_waited_for(context.instance, datasets)
        for one in [one for one in at_work.done if one not in wanted]:
            del at_work.done[one]  # a run that comes later has it looked at again
        new = [one for one in wanted if one not in at_work.done]
        if new and not at_work.is_at_work:
            at_work.begin(new, data)
        if new:
            return SkipReason("Brings " + ", ".join(f"{dataset} {key}" for dataset, key in new) + ".")
        told = [f"{dataset} {key}: {at_work.done[dataset, key]}" for dataset, key in wanted]
        return SkipReason("; ".join(told) or "No waiting run needs a version.")

    return data_prefetch


def versions_waited_for(instance: DagsterInstance, datasets: Sequence[DatasetName]) -> list[Wanted]:
    """The versions that waiting runs need, each once; those of the run that waits longest first."""
    runs = instance.get_runs(RunsFilter(statuses=_WAITS), limit=_LOOKED_AT, ascending=True)
    found = (
        (dataset, run.tags[PARTITION_TAG])
        for run in runs
        if PARTITION_TAG in run.tags
        for dataset in datasets
        if _is_of(run, dataset)
    )
    return list(dict.fromkeys(found))


def _is_of(run: DagsterRun, dataset: DatasetName) -> bool:
    """Whether a run is of a data set: its job bears the name, or an asset of it is selected."""
    if run.job_name.startswith(f"{dataset}_"):
        return True
    return any(key.path[0] == dataset for key in run.asset_selection or ())
