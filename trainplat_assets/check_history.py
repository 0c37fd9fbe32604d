"""What the checks of a data version said when they ran last, from Dagster's event log."""

from collections.abc import Sequence

from dagster import AssetCheckKey, AssetCheckSeverity, AssetKey, DagsterInstance
from dagster._core.event_api import PartitionKeyFilter
from dagster._core.events import DagsterEventType
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecord

from resources.data.spec import DatasetSpec
from resources.registry.gates.model import CheckOutcome
from resources.terms import VersionKey
from trainplat_assets.data_checks import build_data_checks

DRIFT = ("split", "no_drift_from_the_parent")
"""The asset and the check that says whether a version has drifted from its parent."""


def blocking_checks(instance: DagsterInstance, spec: DatasetSpec, version: VersionKey) -> list[CheckOutcome]:
    """Of each blocking check of a data version what it said last. What it only warned of is no failure."""
    specs = [one for definition in build_data_checks(spec) for one in definition.check_specs if one.blocking]
    return outcomes(instance, [one.key for one in specs], version, warns=False)


def drift_check(instance: DagsterInstance, spec: DatasetSpec, version: VersionKey) -> CheckOutcome:
    """What the check of drift said last; it always only warns."""
    asset, name = DRIFT
    key = AssetCheckKey(AssetKey([spec.name, asset]), name)
    return outcomes(instance, [key], version, warns=True)[0]


def outcomes(
    instance: DagsterInstance, keys: Sequence[AssetCheckKey], version: VersionKey, *, warns: bool
) -> list[CheckOutcome]:
    """What checks said last about one version; ``warns``: whether a warning is a failure too."""
    found = instance.event_log_storage.get_latest_asset_check_execution_by_key(
        keys, partition_filter=PartitionKeyFilter(key=version)
    )
    return [_outcome(key, found.get(key), warns=warns) for key in keys]


def _outcome(key: AssetCheckKey, ran: AssetCheckExecutionRecord | None, *, warns: bool) -> CheckOutcome:
    event = None if ran is None else ran.event
    told = None if event is None or event.dagster_event is None else event.dagster_event
    if told is None or told.event_type is not DagsterEventType.ASSET_CHECK_EVALUATION:
        return CheckOutcome(key.name, None)
    evaluation = told.asset_check_evaluation_data
    harmless = evaluation.severity is AssetCheckSeverity.WARN and not warns
    return CheckOutcome(key.name, evaluation.passed or harmless, evaluation.description or "")
