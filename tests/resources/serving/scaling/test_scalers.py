"""A server asks with plans and readings, and is told numbers and what is to be kept."""

from dataclasses import replace
from typing import Any

from resources.deploy_plan import DeployPlan
from resources.gpu.model import Offer
from resources.serving.scaling.observer import Reading, minute_of
from resources.serving.scaling.scalers import Scalers, Service
from tests.resources.serving.scaling.made import NOW, later

PLAN = DeployPlan(most_replicas=8, autoscale="queue:4")
READING = Reading(ready=1, starting=0, waiting=0, requests=0)


def service(endpoint: str = "digits", plan: DeployPlan = PLAN, **values: Any) -> Service:
    return Service(endpoint, plan, replace(READING, **values))


def test_replicas_follow_the_readings() -> None:
    scalers = Scalers()
    assert scalers.decide([service()], 0, NOW)["digits"].replicas == 1
    assert scalers.decide([service(waiting=16)], 0, later(1))["digits"].replicas == 4


def test_each_step_is_kept_once() -> None:
    scalers = Scalers()
    scalers.decide([service()], 0, NOW)
    scalers.decide([service(waiting=16)], 0, later(1))
    scalers.decide([service(waiting=16)], 0, later(2))  # nothing has started yet
    scalers.decide([service(waiting=16, starting=3)], 0, later(3))
    (step,) = scalers.taken().steps
    assert (step.at, step.decision.current, step.decision.replicas, step.decision.by) == (
        later(1),
        1,
        4,
        "S1",
    )
    assert scalers.taken().steps == ()


def test_a_dry_run_is_kept_too() -> None:
    plan = replace(PLAN, autoscale="queue:4,dry_run:on")
    scalers = Scalers()
    for second in range(5):
        found = scalers.decide([service(plan=plan, waiting=16)], 0, later(second))
    assert found["digits"].replicas == 1
    (step,) = scalers.taken().steps
    assert (step.decision.wanted, step.decision.dry_run) == (4, True)


def test_another_plan_counts_at_once() -> None:
    scalers = Scalers()
    scalers.decide([service()], 0, NOW)
    more = replace(PLAN, least_replicas=3)
    assert scalers.decide([service(plan=more)], 0, later(1))["digits"].replicas == 3


def test_minutes_are_taken_once_each() -> None:
    scalers = Scalers()
    for second in range(0, 130, 10):
        scalers.decide([service(requests=second)], 0, later(second))
    first = scalers.taken().counts
    minute = minute_of(NOW)
    assert first == {("digits", minute): 60, ("digits", minute + 1): 60} or sum(first.values()) in (110, 120)
    assert scalers.taken().counts == {}
    scalers.decide([service(requests=130)], 0, later(185))
    assert list(scalers.taken().counts) == [("digits", minute + 2)]


def test_a_service_that_is_no_more_is_forgotten() -> None:
    scalers = Scalers()
    scalers.decide([service("a"), service("b")], 0, NOW)
    assert list(scalers.decide([service("b")], 0, later(1))) == ["b"]


def test_only_services_that_need_devices_wish_for_them() -> None:
    scalers = Scalers()
    one, other = replace(service("a", waiting=16), device_milli=500), service("b", waiting=16)
    assert scalers.wishes([one, other], NOW) == {"a": 3}
    offered = replace(one, offer=Offer(2))
    found = scalers.decide([offered, other], 1000, NOW)
    assert (found["a"].replicas, found["b"].replicas) == (3, 4)


def test_services_share_the_devices_by_their_priority() -> None:
    scalers = Scalers()
    high = replace(
        service("high", replace(PLAN, autoscale="queue:4,priority:high"), waiting=16), device_milli=1000
    )
    low = replace(service("low", waiting=16), device_milli=1000)
    found = scalers.decide([low, high], 2000, NOW)
    assert (found["high"].replicas, found["low"].replicas) == (3, 1)
