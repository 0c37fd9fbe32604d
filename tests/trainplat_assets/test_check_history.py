"""What the checks of a data version said last, from Dagster's log."""

from collections.abc import Iterator

import pytest
from dagster import AssetCheckEvaluation, AssetCheckKey, AssetCheckSeverity, AssetKey, DagsterInstance

from resources.terms import FIRST_VERSION, VersionKey
from tests.resources.data.shapes import SHAPES
from tests.trainplat_assets.test_data_checks import BLOCKING
from trainplat_assets.check_history import DRIFT, blocking_checks, drift_check


@pytest.fixture
def instance() -> Iterator[DagsterInstance]:
    with DagsterInstance.ephemeral() as ephemeral:
        yield ephemeral


def say(
    instance: DagsterInstance,
    asset: str,
    check: str,
    *,
    passed: bool,
    version: str = FIRST_VERSION,
    severity: AssetCheckSeverity = AssetCheckSeverity.ERROR,
) -> None:
    key = AssetCheckKey(AssetKey([SHAPES.name, asset]), check)
    instance.report_runless_asset_event(
        AssetCheckEvaluation(
            asset_key=key.asset_key,
            check_name=key.name,
            passed=passed,
            metadata={},
            severity=severity,
            description="label 3 is gone",
            partition=version,
        )
    )


def test_checks_that_were_not_run_say_nothing(instance: DagsterInstance) -> None:
    found = blocking_checks(instance, SHAPES, FIRST_VERSION)
    assert {one.name for one in found} == set().union(*BLOCKING.values())
    assert {one.passed for one in found} == {None}
    assert drift_check(instance, SHAPES, FIRST_VERSION).passed is None


def test_what_a_check_said_about_this_version_counts(instance: DagsterInstance) -> None:
    say(instance, "split", "labels_grew", passed=False)
    say(instance, "split", "labels_grew", passed=True, version="v1.1")
    by_name = {one.name: one for one in blocking_checks(instance, SHAPES, FIRST_VERSION)}
    assert (by_name["labels_grew"].passed, by_name["labels_grew"].said) == (False, "label 3 is gone")
    later = {one.name: one.passed for one in blocking_checks(instance, SHAPES, VersionKey("v1.1"))}
    assert later["labels_grew"] is True


def test_what_a_blocking_check_only_warned_of_is_no_failure_but_drift_is(instance: DagsterInstance) -> None:
    say(instance, "split", "no_leak_into_the_test_set", passed=False, severity=AssetCheckSeverity.WARN)
    say(instance, *DRIFT, passed=False, severity=AssetCheckSeverity.WARN)
    by_name = {one.name: one.passed for one in blocking_checks(instance, SHAPES, FIRST_VERSION)}
    assert by_name["no_leak_into_the_test_set"] is True
    assert drift_check(instance, SHAPES, FIRST_VERSION).passed is False
