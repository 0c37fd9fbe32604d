"""``trainplat model gates``: what each gate says about a model, and who went past them."""

from dataclasses import replace
from pathlib import Path

import pytest

from resources.gate_plan import IfFailed
from resources.registry.gates.model import GateResult
from resources.registry.gates.service import GateService
from resources.serving.deployments.service import DeploymentService
from tests.resources.serving.examples import ACTOR, NAME, deployments
from tests.trainplat_cli.commands.model.test_model import run, told

GOOD = GateResult("size", True, "the size of its weights is 1 MiB; at most 2 MiB is allowed", 1.0, 2.0)
BAD = GateResult("quality", False, "the accuracy is 80%; at least 90% is asked", 0.8, 0.9)
WARNS = replace(BAD, gate="latency", sentence="it takes 9 ms; at most 5 ms", if_failed=IfFailed.WARN)


@pytest.fixture(autouse=True)
def service(trainplat_home: Path) -> DeploymentService:
    """Five models."""
    return deployments(trainplat_home)


def test_each_gate_is_a_line_and_an_override_tells_who_and_why(service: DeploymentService) -> None:
    kept = GateService(service.home, service.database)
    kept.record(NAME, 4, [BAD, WARNS, GOOD], ACTOR)
    shown = run("gates", "digits:4").stdout
    assert "✗ quality: the accuracy is 80%; at least 90% is asked\n" in shown
    assert "✗ latency: it takes 9 ms; at most 5 ms (only warns)\n" in shown
    assert "✓ size: the size of its weights is 1 MiB; at most 2 MiB is allowed\n" in shown
    assert "It may not be promoted." in shown
    refused = run("promote", "digits:4", "-y")
    assert refused.exit_code == 5
    assert "the accuracy is 80%; at least 90% is asked" in refused.stderr

    assert run("promote", "digits:4", "-y", "--override", "The test set is wrong.").exit_code == 0
    document = told("gates", "digits:4")
    assert (document["passed"], document["against"]) == (False, [f"quality: {BAD.sentence}"])
    bars = {one["gate"]: one["bars"] for one in document["gates"]}
    assert bars["quality"]
    assert not bars["latency"]
    assert not bars["size"]
    assert document["now"] == document["gates"], "a promotion keeps what they said"
    (override,) = document["overrides"]
    assert (override["why"], override["against"]) == ("The test set is wrong.", document["against"])
    assert "The test set is wrong." in run("gates", "digits:4").stdout


def test_a_model_of_a_time_before_gates_says_so(service: DeploymentService) -> None:
    shown = run("gates", "digits:3").stdout
    assert "Its gates were never asked" in shown
    assert "It may be promoted." in shown, "it was, in its round"
    assert told("gates", "digits:3")["gates"] == []


def test_an_unknown_model_is_not_found() -> None:
    assert run("gates", "digits:77").exit_code == 4
