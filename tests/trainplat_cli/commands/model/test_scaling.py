"""``trainplat model scaling``: what was scaled and why, and what the next day would be."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from resources.clock import utc_now
from resources.deploy_plan import DeployPlan
from resources.serving.deployments.service import DeploymentService
from resources.serving.references import parse_reference
from resources.serving.scaling.observer import minute_of
from resources.serving.scaling.records.service import ScalingRecords
from resources.serving.scaling.scalers import Step, Taken
from tests.resources.serving.examples import ACTOR, deployments
from tests.resources.serving.scaling.made import decided, seen
from tests.trainplat_cli.commands.model.test_model import run, told

HOURS = DeployPlan(most_replicas=4, autoscale="9~21:3,21~9:1")


@pytest.fixture(autouse=True)
def service(trainplat_home: Path) -> DeploymentService:
    """Five models, of which one is live."""
    made = deployments(trainplat_home)
    made.promote(parse_reference("digits:2"), ACTOR, "a test", declared=HOURS)
    return made


def keep(service: DeploymentService, taken: Taken) -> None:
    ScalingRecords(service.home, service.database).keep(taken)


def test_what_was_done_is_shown_with_its_rule_and_reason(service: DeploymentService) -> None:
    decision = decided("cpu:50%", seen(2, cpu=0.9))
    keep(service, Taken((Step(utc_now(), decision),), {}))
    shown = run("scaling", "digits").stdout
    assert "9~21:3,21~9:1" in shown
    assert "2 → 4" in shown
    assert "cpu is 90%, its target 50%: 2 ready replicas become 4." in shown
    (step,) = told("scaling", "digits")["steps"]
    assert (step["current"], step["replicas"], step["rule"]) == (2, 4, "S1")


def test_a_dry_run_is_told_as_one(service: DeploymentService) -> None:
    decision = replace(decided("cpu:50%", seen(2, cpu=0.9)), dry_run=True)
    keep(service, Taken((Step(utc_now(), decision),), {}))
    assert "2 → 4 (dry run)" in run("scaling", "digits").stdout


def test_the_next_day_is_foreseen_by_the_hours_that_are_declared() -> None:
    assert "No replica was added or taken away yet." in run("scaling", "digits").stdout
    day = told("scaling", "digits")["next_day"]
    assert day["highest"] == 3
    assert {change["replicas"] for change in day["changes"]} == {1, 3}


def test_another_text_can_be_tried_before_it_is_declared(service: DeploymentService) -> None:
    minute = minute_of(utc_now() - timedelta(hours=2))
    keep(service, Taken((), {("digits", minute + past): 1200 for past in range(120)}))
    day = told("scaling", "digits", "--try", "rate:5")["next_day"]
    assert day["highest"] == 4
    refused = run("scaling", "digits", "--try", "rate:5ms")
    assert refused.exit_code == 2
    assert "at position 7 expected" in refused.stderr


def test_what_nobody_declared_is_not_found() -> None:
    assert run("scaling", "nothing").exit_code == 4
