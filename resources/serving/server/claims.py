"""What replicas ask the arbiter for, by what is declared."""

from dataclasses import dataclass

from resources.deploy_plan import DeployPlan
from resources.errors import BadInput
from resources.gpu.model import Terms
from resources.serving.scaling.plan import scaling_of

PROJECT = "default"
"""The project of those that name none."""
NOTHING = "0"


@dataclass(frozen=True)
class Claim:
    """The devices of one replica, and on whose behalf."""

    request: str
    project: str = PROJECT
    priority: int = 0
    preemptible: bool = True
    """Whether one above the guaranteed number makes room for others."""

    def terms(self, *, is_guaranteed: bool) -> Terms:
        """What the arbiter is told: a guaranteed replica is stopped for nobody."""
        return Terms(priority=self.priority, preemptible=self.preemptible and not is_guaranteed)


def claim_of(plan: DeployPlan) -> Claim | None:
    """What each replica of a plan asks for; None where that is nothing.

    Its priority is that of ``autoscale``, where that says one.
    """
    request = str(plan.gpu).strip()
    if request == NOTHING:
        return None
    try:
        priority = scaling_of(plan).priority
    except BadInput:
        priority = plan.priority
    return Claim(request, plan.project or PROJECT, priority, plan.preemptible)
