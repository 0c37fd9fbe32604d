"""What a replica asks for is what its plan declares, and what is guaranteed is asked for in earnest."""

from resources.deploy_plan import DeployPlan
from resources.gpu.model import Terms
from resources.serving.server.claims import Claim, claim_of


def test_a_plan_without_devices_claims_none() -> None:
    assert claim_of(DeployPlan(gpu="0", priority=3)) is None


def test_project_priority_and_whether_it_may_be_stopped_are_those_of_the_plan() -> None:
    plan = DeployPlan(gpu="0.5", project="vision", priority=5, preemptible=False)
    assert claim_of(plan) == Claim("0.5", "vision", 5, preemptible=False)
    assert claim_of(DeployPlan(gpu="1")) == Claim("1", "default", 0, preemptible=True)


def test_a_priority_of_the_scaling_counts_before_that_of_the_plan() -> None:
    claim = claim_of(DeployPlan(gpu="1", priority=5, autoscale="gpu:60%,priority:high"))
    assert claim is not None
    assert claim.priority == 1
    unreadable = claim_of(DeployPlan(gpu="1", priority=5, autoscale="gpu:much"))
    assert unreadable is not None
    assert unreadable.priority == 5


def test_a_guaranteed_replica_is_stopped_for_nobody() -> None:
    assert Claim("1", priority=2).terms(is_guaranteed=True) == Terms(priority=2, preemptible=False)
    assert Claim("1", priority=2).terms(is_guaranteed=False) == Terms(priority=2, preemptible=True)
    assert Claim("1", preemptible=False).terms(is_guaranteed=False) == Terms()
