"""Reports as assets: what they are, and when they start by themselves."""

import subprocess
import sys
from pathlib import Path

import pytest
from dagster import (
    AssetKey,
    AssetMaterialization,
    AssetSelection,
    AutomationCondition,
    DagsterInstance,
    DefaultSensorStatus,
    Definitions,
    JobDefinition,
    asset,
    define_asset_job,
    evaluate_automation_conditions,
    execute_job,
    in_process_executor,
    reconstructable,
)
from dagster._core.definitions.asset_daemon_cursor import AssetDaemonCursor

from resources.data.partitions import versions_partitions
from resources.data.resource import DataResource
from resources.registry.resource import MlflowResource
from tests.house.modules import CHECKOUT
from trainplat_assets.datasets import DIGITS
from trainplat_assets.reports import NOTEBOOK, build_report_assets, build_report_sensors, report_file

CHAMPION, COMPARISON = AssetKey(["digits", "champion"]), AssetKey(["digits", "comparison"])


@asset(key=CHAMPION, partitions_def=versions_partitions(DIGITS.name))
def champion() -> None:
    """What a round ends with."""


def definitions() -> Definitions:
    return Definitions(
        assets=[champion, *build_report_assets(DIGITS)],
        sensors=build_report_sensors(DIGITS),
        resources={"data": DataResource(), "registry": MlflowResource()},
    )


def test_the_comparison_says_what_it_is_and_whose() -> None:
    spec = definitions().resolve_all_asset_specs()
    (comparison,) = [one for one in spec if one.key == COMPARISON]
    assert comparison.group_name == "digits_reports"
    assert comparison.kinds == {"jupyter"}
    assert comparison.owners == ["team:ml"]
    assert comparison.partitions_def == versions_partitions(DIGITS.name)
    assert [dep.asset_key for dep in comparison.deps] == [CHAMPION]
    assert "fixed and broke" in (comparison.description or "")
    assert NOTEBOOK.exists()


def test_the_sensor_runs_without_anybody_starting_it() -> None:
    (sensor,) = build_report_sensors(DIGITS)
    assert sensor.name == "digits_reports"
    assert sensor.default_status is DefaultSensorStatus.RUNNING


def test_every_version_has_a_file_of_its_own(tmp_path: Path) -> None:
    files = [report_file(tmp_path, DIGITS, version) for version in ("v1.0", "v1.1", "v1.10")]
    assert [file.name for file in files] == ["v1.0.ipynb", "v1.1.ipynb", "v1.10.ipynb"]


def test_loading_the_reports_does_not_load_jupyter() -> None:
    heavy = [
        "dagstermill",
        "papermill",
        "nbformat",
        "pyarrow",
        "pandas",
        "matplotlib",
        "torch",
        "jupyter_client",
    ]
    code = f"import sys, trainplat_assets.reports; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=CHECKOUT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_a_report_follows_each_round_once_and_leaves_old_versions_alone() -> None:
    defs = definitions()
    cursor: AssetDaemonCursor | None = None
    with DagsterInstance.ephemeral() as instance:

        def champion_of(version: str) -> None:
            instance.add_dynamic_partitions("digits_versions", [version])
            instance.report_runless_asset_event(AssetMaterialization(CHAMPION, partition=version))

        def requested() -> set[str | None]:
            nonlocal cursor
            result = evaluate_automation_conditions(
                defs, instance, asset_selection=AssetSelection.assets(COMPARISON), cursor=cursor
            )
            cursor = result.cursor
            asked = result.get_requested_partitions(COMPARISON)
            for version in asked:
                instance.report_runless_asset_event(AssetMaterialization(COMPARISON, partition=version))
            return set(asked)

        assert not requested()
        instance.add_dynamic_partitions("digits_versions", ["v1.0"])
        assert not requested(), "the version has no champion yet"
        champion_of("v1.0")
        assert requested() == {"v1.0"}
        assert not requested()
        champion_of("v1.1")
        assert requested() == {"v1.1"}
        champion_of("v1.2")
        champion_of("v1.3")
        assert requested() == {"v1.2", "v1.3"}, "rounds that ended between two looks"
        assert not requested()
        champion_of("v1.1")
        assert requested() == {"v1.1"}, "a round that was run again"
        assert not requested()


def reporting() -> JobDefinition:
    """The job of the report alone; a kernel finds it again by its name."""
    job = define_asset_job("reporting", AssetSelection.assets(COMPARISON), executor_def=in_process_executor)
    return Definitions.merge(definitions(), Definitions(jobs=[job])).resolve_job_def("reporting")


@pytest.mark.slow
def test_a_report_that_fails_says_why_and_keeps_the_notebook(
    trainplat_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "dagster").mkdir()
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster"))
    with DagsterInstance.get() as instance:
        instance.add_dynamic_partitions("digits_versions", ["v1.0"])
        tags = {"dagster/partition": "v1.0"}
        with execute_job(reconstructable(reporting), instance, tags=tags) as done:
            (event,) = [event for event in done.all_events if event.is_step_failure]
        kept = report_file(Path(instance.storage_directory()), DIGITS, "v1.0").with_suffix(".failed.ipynb")
    failure = event.step_failure_data.user_failure_data
    assert failure is not None
    assert "failed with UnknownVersion" in (failure.description or "")
    assert failure.metadata["executed_notebook"].value == str(kept)
    assert "UnknownVersion" in kept.read_text()


def test_the_condition_is_one_of_dagsters_own() -> None:
    (made,) = build_report_assets(DIGITS)
    assert made.automation_conditions_by_key[COMPARISON] == AutomationCondition.eager()
