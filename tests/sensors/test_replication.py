"""A round of replication begins when a remote lacks a version, and brings it there."""

from pathlib import Path

from dagster import (
    DagsterInstance,
    DagsterRunStatus,
    RunRequest,
    SkipReason,
    build_sensor_context,
    define_asset_job,
    materialize,
)
from dagster._core.test_utils import create_run_for_test

from resources.data.resource import DataResource
from resources.home import Home
from sensors.replication import build_replication_sensor
from tests.resources.data.tiers.conftest import ANN, DIGITS, OLD, Tiered
from tests.trainplat_assets.rounds import metadata_of
from trainplat_assets.replication import KEY, build_replicas_asset

JOB = define_asset_job("data_replication_round")


def tick(instance: DagsterInstance) -> object:
    with build_sensor_context(instance=instance, resources={"data": DataResource()}) as context:
        return build_replication_sensor(JOB)(context)


def test_a_lag_starts_one_round_which_ends_it(trainplat_home: Path, tmp_path: Path) -> None:
    home = Home(trainplat_home)
    store = Tiered(home, home.database(), tmp_path / "places")
    store.commit(OLD, tmp_path / "work")
    data = DataResource()
    data.places().add("far", str(tmp_path / "far"), ANN)
    with DagsterInstance.ephemeral() as instance:
        told = tick(instance)
        assert isinstance(told, SkipReason)
        assert told.skip_message == "Every second remote has all that it is to have."
        data.replication().replicate(DIGITS, "far", ANN)
        first, second = tick(instance), tick(instance)
        assert isinstance(first, RunRequest)
        assert isinstance(second, RunRequest)
        create_run_for_test(instance, JOB.name, status=DagsterRunStatus.STARTED)
        told = tick(instance)
        assert isinstance(told, SkipReason)
        assert "far lacks 1 versions of digits" in (told.skip_message or "")
        ran = materialize([build_replicas_asset()], instance=instance, resources={"data": data})
    assert ran.success
    found = metadata_of(ran, KEY.path[-1])
    assert (found["versions_pushed"], found["versions_behind"]) == (1, 0)
    assert data.replication().lags()[0].behind == 0
