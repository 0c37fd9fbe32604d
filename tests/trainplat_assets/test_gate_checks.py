"""The gates of a data set as checks in Dagster, and what they let a round decide."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from dagster import AssetCheckSeverity, DagsterInstance, ExecuteInProcessResult, materialize

from resources.data.licences.service import LicenceService
from resources.data.partitions import versions_partitions
from resources.data.resource import DataResource
from resources.data.spec import DatasetSpec
from resources.gate_plan import GatePlan, IfFailed, LicenceGate, QualityGate, SizeGate, SlicesGate
from resources.gpu.resource import GpuResource
from resources.home import Home
from resources.registry.gates.service import GateService
from resources.registry.resource import MlflowResource
from resources.terms import FIRST_VERSION, VersionKey
from sensors.attempts import WHAT_NEXT
from tests.resources.data.shapes import ACTOR
from tests.trainplat_assets.rounds import SPEC, make_first, make_next, metadata_of, registry_service
from trainplat_assets.gate_checks import build_gate_checks
from trainplat_assets.model_assets import build_model_assets

pytestmark = pytest.mark.usefixtures("mlflow_in_home")

EASY = GatePlan(
    quality=QualityGate(at_least=0.1, better_by=-1, sure=True),
    slices=SlicesGate(at_least=0.0, least_count=5, if_failed=IfFailed.WARN),
    size=SizeGate(mib=100),
)


@pytest.fixture
def instance() -> Iterator[DagsterInstance]:
    with DagsterInstance.ephemeral() as ephemeral:
        yield ephemeral


def run(
    instance: DagsterInstance, gates: GatePlan, version: VersionKey, *only: str
) -> ExecuteInProcessResult:
    """Materialize the model assets of a version, with the checks of its gates."""
    spec = replace(SPEC, gates=gates, runs=replace(SPEC.runs, retries=2, retry_delay_s=1))
    instance.add_dynamic_partitions(str(versions_partitions(spec.name).name), [version])
    return materialize(
        [*build_model_assets(spec), *build_gate_checks(spec)],
        partition_key=version,
        instance=instance,
        resources={"data": DataResource(), "gpu": GpuResource(), "registry": MlflowResource()},
        raise_on_error=False,
        selection=[f"key:{spec.name}/{name}" for name in only] or None,
    )


def said(result: ExecuteInProcessResult) -> dict[str, tuple[bool, AssetCheckSeverity, str | None]]:
    return {
        one.check_name: (one.passed, one.severity, one.description)
        for one in result.get_asset_check_evaluations()
    }


def test_gates_are_asked_in_each_round_and_bar_a_promotion_until_they_pass(
    trainplat_home: Path, instance: DagsterInstance
) -> None:
    data = make_first(trainplat_home)
    with_licence = replace(EASY, licence=LicenceGate())
    first = run(instance, with_licence, FIRST_VERSION)
    assert not first.success, "there is no champion that could stay"
    tries = [one for one in first.all_events if one.step_key == "shapes__champion"]
    assert not [one for one in tries if one.is_step_up_for_retry], "the gates would say it again"
    failure = next(one for one in tries if one.is_step_failure).step_failure_data.user_failure_data
    assert failure is not None
    problem = str(failure.description).partition("\nNext: ")[0]
    assert problem.endswith(f"may not be champion, and nobody is: licence: {said(first)['gate_licence'][2]}")
    assert "trainplat model promote shapes:1 --override WHY" in str(failure.metadata[WHAT_NEXT].value)
    failed = said(first)["gate_licence"]
    assert failed[:2] == (False, AssetCheckSeverity.ERROR)
    assert "a licence or a note is asked" in str(failed[2])
    gates = GateService(Home(trainplat_home), Home(trainplat_home).database())
    assert gates.failed_sentences(SPEC.name, 1) == (f"licence: {failed[2]}",)
    assert registry_service(trainplat_home).champion(SPEC.name) is None

    LicenceService(data.database).say(SPEC.name, None, "CC0-1.0", ACTOR)
    again = run(instance, with_licence, FIRST_VERSION, "champion")
    assert again.success
    assert metadata_of(again, "champion")["gates_passed"] is True
    assert gates.passed(SPEC.name, 1)

    second = make_next(data)
    strict = replace(EASY, size=SizeGate(times=0.5))
    kept = run(instance, strict, second)
    assert kept.success, "the champion stays, and the loop goes on"
    assert {name for name, (passed, *_) in said(kept).items() if not passed} == {"gate_size"}
    told = metadata_of(kept, "champion")
    assert (told["promoted"], told["gates_passed"]) == (False, False)
    assert "its gates bar the new one: size: the size of its weights is 1 times" in str(told["outcome"])
    (failed_check,) = [one for one in kept.get_asset_check_evaluations() if not one.passed]
    assert "trainplat model promote" in str(failed_check.metadata[WHAT_NEXT].value)
    assert failed_check.metadata["limit"].value == 0.5
    (quality,) = [one for one in gates.results(SPEC.name, 2) if one.gate == "quality"]
    assert "(95% interval" in quality.sentence

    gates.record_override(SPEC.name, 2, ACTOR, "Smaller is for later.")
    freed = run(instance, strict, second, "champion")
    decision = registry_service(trainplat_home).decision(SPEC.name, second)
    assert freed.success
    assert decision is not None
    assert decision.barred == ""


@pytest.mark.parametrize(("if_failed", "blocks"), [("keep", False), ("stop", True), ("warn", False)])
def test_only_a_gate_that_is_to_stop_the_round_blocks_in_dagster(if_failed: str, blocks: bool) -> None:
    spec: DatasetSpec = replace(
        SPEC, gates=GatePlan(quality=QualityGate(at_least=0.5, if_failed=IfFailed(if_failed)))
    )
    told = {one.name: one for check in build_gate_checks(spec) for one in check.check_specs}
    assert set(told) == {"gate_quality", "gate_data_checks"}
    assert told["gate_quality"].blocking is blocks
    assert "Asked: at_least 0.5." in str(told["gate_quality"].description)
