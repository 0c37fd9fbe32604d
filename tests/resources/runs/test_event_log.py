"""The one file of the event log: what comes as a batch is one transaction."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from dagster import AssetKey, DagsterEvent, DagsterEventType, DagsterInstance, EventLogEntry
from dagster._core.events import AssetMaterializationPlannedData, DagsterEventBatchMetadata
from dagster._core.utils import make_new_run_id

from resources.runs.event_log import OneFileEventLogStorage
from resources.runs.instance import open_instance
from tests.servers.dagster_instances import copy_instance

PLANNED = DagsterEventType.ASSET_MATERIALIZATION_PLANNED


@pytest.fixture
def instance(tmp_path: Path, dagster_template: Path) -> Iterator[DagsterInstance]:
    with open_instance(copy_instance(dagster_template, tmp_path / "dagster")) as opened:
        yield opened


def plan(instance: DagsterInstance, run_id: str, assets: list[str]) -> None:
    for place, name in enumerate(assets, start=1):
        planned = DagsterEvent(
            event_type_value=PLANNED.value,
            job_name="job",
            message=f"intends to materialize {name}",
            event_specific_data=AssetMaterializationPlannedData(AssetKey(name)),
            step_key=name,
        )
        batch = DagsterEventBatchMetadata(run_id, place == len(assets))
        instance.report_dagster_event(planned, run_id, logging.DEBUG, batch_metadata=batch)


def planned(instance: DagsterInstance, run_id: str) -> list[str | None]:
    return [entry.step_key for entry in instance.all_logs(run_id, of_type=PLANNED)]


def test_a_batch_of_events_is_stored_whole_and_its_assets_are_known(
    instance: DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_EVENT_BATCH_SIZE", "1000")
    seen: list[list[str | None]] = []
    stored = OneFileEventLogStorage.store_event

    def look_from_outside(self: OneFileEventLogStorage, event: EventLogEntry) -> None:
        stored(self, event)
        outside = OneFileEventLogStorage(str(Path(instance.root_directory) / "history"))
        seen.append(
            [one.event_log_entry.step_key for one in outside.get_records_for_run(event.run_id).records]
        )

    monkeypatch.setattr(OneFileEventLogStorage, "store_event", look_from_outside)
    run_id = make_new_run_id()
    plan(instance, run_id, ["first", "second", "third"])
    assert seen == [[], [], []]  # nobody sees a part of it
    assert planned(instance, run_id) == ["first", "second", "third"]
    assert {key.to_user_string() for key in instance.all_asset_keys()} == {"first", "second", "third"}


def test_a_batch_that_is_cut_short_leaves_nothing_and_is_written_one_by_one(
    instance: DagsterInstance, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DAGSTER_EVENT_BATCH_SIZE", "1000")
    stored = OneFileEventLogStorage.store_event
    calls: list[str | None] = []

    def fails_once(self: OneFileEventLogStorage, event: EventLogEntry) -> None:
        calls.append(event.step_key)
        stored(self, event)
        if len(calls) == 2:
            raise OSError("the disk is full")

    monkeypatch.setattr(OneFileEventLogStorage, "store_event", fails_once)
    run_id = make_new_run_id()
    plan(instance, run_id, ["first", "second"])
    assert calls == ["first", "second", "first", "second"]
    assert planned(instance, run_id) == ["first", "second"]
    assert "the disk is full" in capfd.readouterr().err


def test_events_come_one_by_one_where_nothing_is_said_of_batches(
    instance: DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(OneFileEventLogStorage, "store_event_batch", lambda *_: pytest.fail("a batch"))
    run_id = make_new_run_id()
    plan(instance, run_id, ["first", "second"])
    assert planned(instance, run_id) == ["first", "second"]
