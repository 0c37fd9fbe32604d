"""What speaks against a promotion is what is declared and known now, not what gates said once."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from resources.data.licences.service import LicenceService
from resources.errors import Conflict
from resources.gate_plan import (
    DataChecksGate,
    DeclaredGates,
    DriftGate,
    GatePlan,
    IfFailed,
    LicenceGate,
    QualityGate,
    SizeGate,
)
from resources.registry import store as registry_store
from resources.registry.evaluations import store as measured_store
from resources.registry.gates.judging import MIB, judge
from resources.registry.gates.model import GateEvidence, GateResult
from resources.registry.gates.service import GateService
from resources.serving.deployments.gating import failed_gates, judged_now
from resources.serving.deployments.service import DeploymentService
from resources.serving.references import parse_reference
from tests.resources.registry.gates.examples import GOOD
from tests.resources.serving.examples import ACTOR, BEGAN, NAME, deployments, model

BETTER = DeclaredGates(GatePlan(quality=QualityGate(better_by=0.0)))


@pytest.fixture
def service(trainplat_home: Path, sqlite_at_head: Path) -> DeploymentService:
    """Five models, the fifth the champion; each was let pass by gates that asked nothing of it."""
    made = deployments(trainplat_home, at_head=sqlite_at_head)
    for number in range(1, 6):
        kept(made, number, *judge(GatePlan(), GateEvidence(None)))
        measure(made, number, 0.9 + number / 100)
    return made


def kept(service: DeploymentService, number: int, *results: GateResult) -> None:
    GateService(service.home, service.database).record(NAME, number, results, ACTOR)


def measure(
    service: DeploymentService, number: int, value: float, test_set: str = "t", later: int = 0
) -> None:
    at = BEGAN + timedelta(days=number + later)
    measured = replace(
        GOOD, dataset=NAME, number=number, value=value, test_set=test_set * 64, measured_at=at, size_bytes=MIB
    )
    with service.database.write() as connection:
        measured_store.put_measurement(connection, measured)


def now(service: DeploymentService, number: int, declared: DeclaredGates) -> list[str]:
    one = model(number)
    return failed_gates(service.registry, one, judged_now(service.registry, one, declared))


def test_a_model_is_compared_with_the_champion_of_now_by_the_gates_of_now(service: DeploymentService) -> None:
    assert failed_gates(service.registry, model(3)) == [], "what the gates said last"
    (against,) = now(service, 3, BETTER)
    assert against.startswith("quality: the accuracy is 2 points below that of model 5, the champion")
    service.promote(parse_reference("digits:2"), ACTOR)
    assert now(service, 3, BETTER) == []
    loose = DeclaredGates(GatePlan(quality=QualityGate(better_by=0.05, if_failed=IfFailed.WARN)))
    assert now(service, 3, loose) == []


def test_the_champion_is_not_compared_with_itself(service: DeploymentService) -> None:
    assert now(service, 5, DeclaredGates(GatePlan(quality=QualityGate(better_by=0.01)))) == []
    (against,) = now(service, 5, DeclaredGates(GatePlan(quality=QualityGate(at_least=0.99))))
    assert against == "quality: the accuracy is 95%; at least 99% is asked"


def test_both_are_compared_on_the_newest_test_set_that_both_know(service: DeploymentService) -> None:
    measure(service, 5, 0.5, "u", later=1)
    measure(service, 3, 0.6, "u", later=5)
    measure(service, 3, 0.1, "w", later=9)
    assert now(service, 3, BETTER) == []
    service.registry.crown(model(1), ACTOR, "for a while")
    measure(service, 3, 0.99, "x", later=20)
    with service.database.write() as connection:
        connection.execute(
            measured_store.MEASUREMENTS.delete().where(measured_store.MEASUREMENTS.c.number == 1)
        )
    (against,) = now(service, 3, BETTER)
    assert against == "quality: model 1, the champion, was not measured on this test set"


def test_terms_that_were_noted_since_count_at_once(service: DeploymentService) -> None:
    asked = DeclaredGates(GatePlan(licence=LicenceGate()))
    (against,) = now(service, 3, asked)
    assert against.startswith("licence: nothing says on what terms")
    LicenceService(service.database).say(NAME, None, "CC0-1.0", ACTOR)
    assert now(service, 3, asked) == []
    assert now(service, 4, replace(asked, licence="CC-BY-4.0")) == []


def test_a_check_of_the_data_that_was_never_asked_as_it_is_declared_is_open(
    service: DeploymentService,
) -> None:
    drift = DeclaredGates(GatePlan(drift=DriftGate()))
    (against,) = now(service, 3, drift)
    assert against == (
        "drift: it was not asked since it was declared; "
        "run the check gate_drift of digits/evaluation for v1.2"
    )
    assert now(service, 3, DeclaredGates(GatePlan(drift=DriftGate(missing_passes=True)))) == []
    (against,) = now(service, 3, DeclaredGates(GatePlan(data_checks=DataChecksGate())))
    assert "it was not asked since what it asks was changed; run the check gate_data_checks" in against
    old = GateResult("drift", False, "no_drift_from_the_parent did not pass", 1.0, 0.0)
    kept(service, 3, old)
    assert now(service, 3, drift) == ["drift: no_drift_from_the_parent did not pass"]
    warns = DeclaredGates(GatePlan(drift=DriftGate(if_failed=IfFailed.WARN), data_checks=None))
    assert now(service, 3, warns) == []


def test_a_gate_that_is_declared_no_more_bars_nobody(service: DeploymentService) -> None:
    kept(service, 3, GateResult("size", False, "it is too large", 2.0, 1.0))
    assert failed_gates(service.registry, model(3)) == ["size: it is too large"]
    assert now(service, 3, DeclaredGates(GatePlan())) == []


def test_a_promotion_asks_the_gates_of_now_and_keeps_what_they_said(service: DeploymentService) -> None:
    small = DeclaredGates(GatePlan(size=SizeGate(mib=0.5)))
    reference = parse_reference("digits:3")
    with pytest.raises(Conflict, match=r"size: the size of its weights is 1 MiB; at most 0.5 MiB"):
        service.promote(reference, ACTOR, gates=small)
    gates = GateService(service.home, service.database)
    assert [one.gate for one in gates.results(NAME, 3)] == ["data_checks"], "nothing was done"
    service.promote(reference, ACTOR, override="the others are larger", gates=small)
    assert [one.gate for one in gates.results(NAME, 3)] == ["size", "data_checks"]
    made = gates.override_of(NAME, 3)
    assert made is not None
    assert made.failed == ("size: the size of its weights is 1 MiB; at most 0.5 MiB is allowed",)


def test_a_model_that_is_not_measured_any_more_is_held_to_what_its_gates_said_of_the_same(
    service: DeploymentService,
) -> None:
    plan = GatePlan(quality=QualityGate(at_least=0.9), data_checks=None)
    kept(service, 7, *judge(plan, GateEvidence(replace(GOOD, value=0.8))))
    with service.database.write() as connection:
        registry_store.put_model(connection, model(7))
    assert now(service, 7, DeclaredGates(plan)) == ["quality: the accuracy is 80%; at least 90% is asked"]
    looser = GatePlan(quality=QualityGate(at_least=0.7), data_checks=None)
    assert now(service, 7, DeclaredGates(looser)) == ["quality: the model was not measured"]


def test_a_model_of_a_time_before_gates_is_held_to_its_round(
    trainplat_home: Path, sqlite_at_head: Path
) -> None:
    made = deployments(trainplat_home, at_head=sqlite_at_head)
    assert now(made, 3, BETTER) == []
    assert now(made, 3, DeclaredGates(GatePlan(licence=LicenceGate()))) != []
