"""The arbiter as a sensor: its ticks, its log and its switch are in the Dagster UI."""

from dagster import DefaultSensorStatus, SensorDefinition, SensorEvaluationContext, SkipReason, sensor

from resources.errors import TrainplatError, Unavailable
from resources.gpu.enforcement.watch import WatchState
from resources.gpu.model import Decision, Grant, Wait
from resources.gpu.resource import GpuResource
from resources.gpu.settings import rebalances
from resources.home import Home
from resources.runs.mounting import sweep_mounts
from resources.runs.reconcile import reconcile
from resources.runs.watching import Watch, look_where_nobody_does
from resources.terms import Actor

MINIMUM_INTERVAL_S = 5
"""Dagster's own floor. Submission and release decide at once; a tick mends what died."""


def build_arbiter_sensor() -> SensorDefinition:
    """The sensor ``gpu_arbiter``: one reconciliation, one pass of decisions and one look at each tick."""
    states = [WatchState()]  # of the look before; the process of the code location outlives its ticks

    @sensor(
        name="gpu_arbiter",
        minimum_interval_seconds=MINIMUM_INTERVAL_S,
        default_status=DefaultSensorStatus.RUNNING,
        description="Grants devices to waiting runs, and takes up again the runs whose process died. "
        "Turned off, no run that waits is started by a tick; submissions still decide for themselves.",
    )
    def gpu_arbiter(context: SensorEvaluationContext, gpu: GpuResource) -> SkipReason:
        service, actor = gpu.service(), Actor("sensor:gpu_arbiter")
        decisions, silent = list[Decision](), ""
        try:
            decisions = reconcile(context.instance, service, actor)
        except Unavailable as problem:  # as where every accelerator is ill: the next tick looks again
            silent = f"Nothing is given out: {problem.one_line}"
            context.log.warning(silent)
        try:
            if not silent and rebalances():
                service.rebalance(actor)
        except TrainplatError as problem:
            context.log.warning("what projects lend stays as it is: %s", problem)
        sweep_mounts(actor)
        watch = Watch(context.instance, service, Home.from_environment(), state=states[-1])
        try:
            look_where_nobody_does(watch)
        except TrainplatError as problem:
            context.log.warning("the runs could not be looked at: %s", problem)
        states[-1] = watch.state
        return SkipReason(silent or summary(decisions, service.waiting_count()))

    return gpu_arbiter


def summary(decisions: list[Decision], waiting: int) -> str:
    """What a pass did, in one line; ``waiting`` requests go on waiting after it."""
    granted = sum(isinstance(one, Grant) for one in decisions)
    if not granted and not waiting:
        return "Nothing waits for devices."
    first = next((one for one in decisions if isinstance(one, Wait) and one.place == 1), None)
    told = "" if first is None else f" First in line, run {first.run_id[:8]}: {first.reason}"
    return f"Granted {granted}, waiting {waiting}.{told}"
