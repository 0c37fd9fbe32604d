"""What a data set declares decides how its models scale."""

import pytest

from resources.deploy_plan import DeployPlan
from resources.serving.scaling.autoscaler import Autoscaler
from resources.serving.scaling.grammar.errors import BadScaling
from resources.serving.scaling.model import Metric
from resources.serving.scaling.plan import scaling_of
from tests.resources.serving.scaling.made import NOW, seen


def test_copies_and_metrics_are_those_of_the_plan() -> None:
    spec = scaling_of(DeployPlan(least_replicas=2, most_replicas=5, idle_s=60, autoscale="gpu:60%"))
    assert (spec.least, spec.most, spec.idle_s) == (2, 5, 60)
    assert [target.metric for target in spec.targets] == [Metric.GPU]


def test_the_least_copies_of_a_plan_are_there_while_somebody_asks() -> None:
    spec = scaling_of(DeployPlan(least_replicas=2, most_replicas=5, idle_s=60))
    assert Autoscaler(spec).decide(seen(2, idle_s=59), NOW).replicas == 2
    asleep = Autoscaler(spec).decide(seen(2, idle_s=60), NOW)
    assert (asleep.replicas, asleep.by) == (0, "S6")
    assert Autoscaler(spec).decide(seen(0, idle_s=900), NOW).replicas == 0
    assert Autoscaler(spec).decide(seen(0, queue=1), NOW).replicas == 2
    assert Autoscaler(spec).decide(seen(0, idle_s=1), NOW).replicas == 2  # of a server that has just begun


def test_a_plan_whose_copies_are_never_unloaded_keeps_them() -> None:
    spec = scaling_of(DeployPlan(least_replicas=1, most_replicas=5, idle_s=0, autoscale="gpu:60%"))
    assert Autoscaler(spec).decide(seen(1, gpu=0.0, idle_s=1e6), NOW).replicas == 1


def test_what_a_text_guarantees_is_there_all_the_time() -> None:
    spec = scaling_of(DeployPlan(most_replicas=5, autoscale="replicas:1-4,9~21:2"))
    assert Autoscaler(spec).decide(seen(2, idle_s=1e6), NOW).replicas == 2
    assert Autoscaler(spec).decide(seen(1, idle_s=1e6), NOW.replace(hour=23)).replicas == 1


def test_a_plan_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(BadScaling):
        scaling_of(DeployPlan(autoscale="gpu:60"))
