"""Versions come back while the runs that need them wait."""

from pathlib import Path

from dagster import DagsterInstance, DagsterRunStatus, SkipReason, build_sensor_context
from dagster._core.test_utils import create_run_for_test

from resources.data.resource import DataResource
from resources.data.tiers.model import Tier
from resources.data.versions.service import VersionService
from resources.home import Home
from resources.terms import DatasetName
from sensors.prefetch import PARTITION_TAG, Prefetching, build_prefetch_sensor, versions_waited_for
from tests.resources.data.tiers.conftest import ANN, DIGITS, OLD, Tiered


def tick(instance: DagsterInstance, prefetching: Prefetching) -> str:
    with build_sensor_context(instance=instance, resources={"data": DataResource()}) as context:
        told = build_prefetch_sensor([DIGITS], prefetching=prefetching)(context)
    assert isinstance(told, SkipReason)
    prefetching.wait()
    return told.skip_message or ""


def test_what_a_waiting_run_needs_comes_back_once(trainplat_home: Path, tmp_path: Path) -> None:
    home = Home(trainplat_home)
    store = Tiered(home, home.database(), tmp_path / "places").with_places()
    store.commit(OLD, tmp_path / "work")
    store.commit({"new": b"new"}, tmp_path / "work")
    store.pass_days(40)
    store.tiers.apply(ANN)
    assert not store.is_hot(OLD["a.txt"])
    prefetching = Prefetching()
    with DagsterInstance.ephemeral() as instance:
        assert tick(instance, prefetching) == "No waiting run needs a version."
        create_run_for_test(
            instance,
            "digits_round",
            status=DagsterRunStatus.NOT_STARTED,
            tags={PARTITION_TAG: "v1.0"},
        )
        create_run_for_test(
            instance, "digits_ask", status=DagsterRunStatus.NOT_STARTED, tags={PARTITION_TAG: "v9.9"}
        )
        assert tick(instance, prefetching) == "Brings digits v1.0, digits v9.9."
        assert store.is_hot(OLD["a.txt"])
        assert store.tier_of("v1.0") is Tier.HOT
        told = tick(instance, prefetching)
    assert told.startswith("digits v1.0: 3 objects came; digits v9.9: digits has no version")
    assert VersionService(home, home.database()).show(DIGITS, "v1.0").key == "v1.0"


def test_only_waiting_runs_of_these_data_sets_count() -> None:
    with DagsterInstance.ephemeral() as instance:
        for job, status, key in (
            ("digits_round", DagsterRunStatus.SUCCESS, "v1.0"),
            ("other_round", DagsterRunStatus.NOT_STARTED, "v1.1"),
            ("digits_round", DagsterRunStatus.NOT_STARTED, "v1.2"),
            ("digits_ask", DagsterRunStatus.NOT_STARTED, "v1.2"),
        ):
            create_run_for_test(instance, job, status=status, tags={PARTITION_TAG: key})
        assert versions_waited_for(instance, [DatasetName("digits")]) == [(DatasetName("digits"), "v1.2")]
