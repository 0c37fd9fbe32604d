"""How a model scales: what was done and why, and the next day by the same rules, without doing any of it."""

from dataclasses import dataclass, replace

from resources.clock import Clock, utc_now
from resources.database.engine import Database
from resources.deploy_plan import DeployPlan
from resources.home import Home
from resources.registry.evaluations.service import EvaluationService
from resources.serving.deployments.model import EndpointState
from resources.serving.scaling.model import ScalingSnapshot, ScalingSpec
from resources.serving.scaling.plan import scaling_of
from resources.serving.scaling.preview import Preview, preview
from resources.serving.scaling.records.service import ScalingRecords
from resources.serving.scaling.scalers import Step
from resources.terms import DatasetName


@dataclass(frozen=True)
class Foresight:
    """One endpoint."""

    declared: str
    """The text that it goes by."""
    spec: ScalingSpec
    steps: tuple[Step, ...]
    """What was done, the newest first."""
    next_day: Preview


def foresee(
    home: Home,
    database: Database,
    state: EndpointState,
    plan: DeployPlan,
    tried: str | None = None,
    clock: Clock = utc_now,
) -> Foresight:
    """By what ``plan`` declares, or by the text ``tried`` instead. Raises :class:`BadScaling`."""
    records = ScalingRecords(home, database, clock)
    declared = plan.autoscale if tried is None else tried
    spec = scaling_of(replace(plan, autoscale=declared))
    foreseen = preview(spec, _seen(home, database, state, records), clock())
    return Foresight(declared, spec, tuple(records.steps(state.endpoint)), foreseen)


def _seen(home: Home, database: Database, state: EndpointState, records: ScalingRecords) -> ScalingSnapshot:
    """What the next day begins with; a request takes as long as when the model was measured."""
    kept = EvaluationService(home, database)
    measured = (
        None if state.live is None else kept.measurement(DatasetName(state.endpoint), state.live.number)
    )
    latency_ms = None if measured is None else measured.latency_p50_ms
    return ScalingSnapshot(
        state.endpoint,
        ready=state.plan.least_replicas if state.live is not None else 0,
        service_s=None if not latency_ms else latency_ms / 1000,
        arrivals=records.arrivals(state.endpoint),
    )
