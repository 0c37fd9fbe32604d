"""The arbiter as a sensor: its ticks, its log and its switch are in the Dagster UI."""

from dagster import DefaultSensorStatus, SensorDefinition, SensorEvaluationContext, SkipReason, sensor

from resources.gpu.model import Decision, Grant
from resources.gpu.resource import GpuResource
from resources.gpu.settings import rebalances
from resources.runs.reconcile import reconcile
from resources.terms import Actor

MINIMUM_INTERVAL_S = 5
"""Dagster's own floor. Submission and release decide at once; a tick mends what died."""


def build_arbiter_sensor() -> SensorDefinition:
    """The sensor ``gpu_arbiter``: one reconciliation and one pass of decisions at each tick."""

    @sensor(
        name="gpu_arbiter",
        minimum_interval_seconds=MINIMUM_INTERVAL_S,
        default_status=DefaultSensorStatus.RUNNING,
        description="Grants devices to waiting runs, and takes up again the runs whose process died. "
        "Turned off, no run that waits is started by a tick; submissions still decide for themselves.",
    )
    def gpu_arbiter(context: SensorEvaluationContext, gpu: GpuResource) -> SkipReason:
        service, actor = gpu.service(), Actor("sensor:gpu_arbiter")
        if rebalances():
            service.rebalance(actor)
        decisions = reconcile(context.instance, service, actor)
        return SkipReason(summary(decisions))

    return gpu_arbiter


def summary(decisions: list[Decision]) -> str:
    """What a pass did, in one line."""
    if not decisions:
        return "Nothing waits for devices."
    granted = [one for one in decisions if isinstance(one, Grant)]
    waiting = [one for one in decisions if not isinstance(one, Grant)]
    first = f" First in line, run {waiting[0].run_id[:8]}: {waiting[0].reason}" if waiting else ""
    return f"Granted {len(granted)}, waiting {len(waiting)}.{first}"
