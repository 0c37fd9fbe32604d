"""How a model scales, foreseen from what is declared and what was kept."""

from pathlib import Path

import pytest

from resources.deploy_plan import DeployPlan
from resources.errors import BadInput
from resources.home import Home
from resources.serving.deployments.model import EndpointState, Served
from resources.serving.scaling.foreseeing import foresee

PLAN = DeployPlan(autoscale="replicas:1-4")
STATE = EndpointState("digits", Served(1), plan=PLAN)


def test_a_text_that_is_tried_takes_the_place_of_what_is_declared(trainplat_home: Path) -> None:
    home = Home(trainplat_home)
    declared = foresee(home, home.database(), STATE, PLAN)
    assert (declared.declared, declared.spec.least, declared.spec.most) == ("replicas:1-4", 1, 4)
    tried = foresee(home, home.database(), STATE, PLAN, "replicas:2-6")
    assert (tried.declared, tried.spec.least, tried.spec.most) == ("replicas:2-6", 2, 6)
    assert (declared.steps, tried.steps) == ((), ())
    assert tried.next_day.replica_h == pytest.approx(48, abs=0.1)
    assert all(change.decision.sentence for change in tried.next_day.changes)


def test_a_text_that_cannot_be_is_refused(trainplat_home: Path) -> None:
    home = Home(trainplat_home)
    with pytest.raises(BadInput, match="percentage"):
        foresee(home, home.database(), STATE, PLAN, "cpu:50")
