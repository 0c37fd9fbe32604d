"""How a model scales, by what its data set declares."""

from resources.deploy_plan import DeployPlan
from resources.serving.scaling.grammar.parsing import parse_scaling
from resources.serving.scaling.model import ScalingSpec


def scaling_of(plan: DeployPlan) -> ScalingSpec:
    """The least and most copies, the time until an idle one is unloaded, the priority, and ``autoscale``.

    ``least_replicas`` are there while somebody asks; those of ``replicas:`` or of hours are there all the
    time. Raises :class:`BadScaling` for a text that declares nothing.
    """
    return parse_scaling(
        plan.autoscale,
        least=plan.least_replicas,
        most=plan.most_replicas,
        idle_s=plan.idle_s,
        sleeps=plan.idle_s > 0,
        priority=plan.priority,
    )
