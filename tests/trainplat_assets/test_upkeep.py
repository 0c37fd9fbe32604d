"""One round of upkeep, as the schedule starts it."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from dagster import DagsterInstance, DefaultScheduleStatus, ExecuteInProcessResult, materialize

from resources.data.resource import DataResource
from resources.data.versions.committing import Wanted
from resources.data.versions.model import State
from resources.data.versions.service import VersionService
from resources.home import Home
from resources.learning.trainings.model import End, Outcome
from resources.learning.trainings.service import TrainingService
from resources.terms import Actor, DatasetName
from tests.resources.data.folders import write
from tests.streamlit_app import training_home
from tests.trainplat_assets.rounds import metadata_of
from trainplat_assets.definitions import defs
from trainplat_assets.upkeep import CHECK, KEY, build_upkeep_asset

ANN = Actor("user:ann")
PETS = DatasetName("pets")


def run_upkeep() -> ExecuteInProcessResult:
    with DagsterInstance.ephemeral() as instance:
        return materialize([build_upkeep_asset()], instance=instance, resources={"data": DataResource()})


def filled(home: Path, folder: Path) -> VersionService:
    versions = VersionService(Home(home), Home(home).database())
    for number in range(3):
        write(folder, {"a": b"%d" % number, "b": b"the same"})
        versions.commit(Wanted(PETS, folder, "", ANN, "ann"))
    return versions


def test_a_round_retires_by_rule_reads_the_store_and_tells_numbers_that_plot(
    trainplat_home: Path, tmp_path: Path
) -> None:
    versions = filled(trainplat_home, tmp_path / "pets")
    DataResource().retention().set_rule(PETS, ANN, keep_last=1)
    ran = run_upkeep()
    told = metadata_of(ran, KEY.path[-1])
    assert {name: told[name] for name in ("versions_retired", "damaged", "repaired", "bytes_freed")} == {
        "versions_retired": 2,
        "damaged": 0,
        "repaired": 0,
        "bytes_freed": 0,
    }
    assert told["objects_checked"] == 7
    assert [one.state for one in versions.log(PETS)] == [State.SEALED, State.RETIRED, State.RETIRED]
    (check,) = ran.get_asset_check_evaluations()
    assert (check.check_name, check.passed) == (CHECK, True)


def test_damage_fails_the_check_by_name_and_the_rest_is_done_all_the_same(
    trainplat_home: Path, tmp_path: Path
) -> None:
    versions = filled(trainplat_home, tmp_path / "pets")
    lost = versions.show(PETS, "v1.1").tree_md5
    versions.objects.path(lost).unlink()
    (versions.objects.cache / "trees" / lost.removesuffix(".dir")).unlink()
    ran = run_upkeep()
    assert ran.success
    (check,) = ran.get_asset_check_evaluations()
    assert not check.passed
    assert "they belong to pets v1.1" in str(check.description)
    assert "nothing is collected" in str(check.description)
    assert metadata_of(ran, KEY.path[-1])["damaged"] == 1


def replicated(far: Path) -> DataResource:
    """A second remote that has all versions."""
    data = DataResource()
    data.places().add("far", str(far), ANN)
    data.replication().replicate(PETS, "far", ANN)
    data.replication().run(ANN)
    return data


def test_a_second_remote_that_was_emptied_is_noticed_and_told(trainplat_home: Path, tmp_path: Path) -> None:
    filled(trainplat_home, tmp_path / "pets")
    data = replicated(tmp_path / "far")
    shutil.rmtree(tmp_path / "far" / "files")
    ran = run_upkeep()
    told = metadata_of(ran, KEY.path[-1])
    assert (told["replicas_asked_for"], told["replicas_lost"]) == (3, 3)
    assert [lag.behind for lag in data.replication().lags()] == [3], "the sensor has them sent again"
    (check,) = ran.get_asset_check_evaluations()
    assert not check.passed
    assert "far lost 3 versions, pets v1.0, pets v1.1, pets v1.2" in str(check.description)
    assert "Next: see who emptied it" in str(check.description)


def test_a_second_remote_that_is_not_mounted_fails_the_check_and_is_not_filled(
    trainplat_home: Path, tmp_path: Path
) -> None:
    filled(trainplat_home, tmp_path / "pets")
    data = replicated(tmp_path / "nas" / "far")
    (tmp_path / "nas").rename(tmp_path / "away")
    (tmp_path / "nas").mkdir()
    ran = run_upkeep()
    (check,) = ran.get_asset_check_evaluations()
    assert not check.passed
    assert "remote far is not at" in str(check.description)
    assert "replicas_lost" in metadata_of(ran, KEY.path[-1])
    assert [lag.behind for lag in data.replication().lags()] == [0]
    assert list((tmp_path / "nas").iterdir()) == []


def test_the_schedule_is_on_and_starts_the_round() -> None:
    schedule = defs.get_repository_def().get_schedule_def("data_upkeep")
    assert schedule.default_status is DefaultScheduleStatus.RUNNING
    assert schedule.job_name == "data_upkeep_round"
    assert schedule.execution_timezone == "UTC"


def test_old_trainings_are_removed_and_told(trainplat_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = datetime.now(UTC)
    training_home.fill(Home(trainplat_home), now)
    monkeypatch.setenv("TRAINPLAT_KEEP_FAILED_TRAININGS_DAYS", "0")
    service = TrainingService(Home(trainplat_home), Home(trainplat_home).database())
    failed = service.end(service.named("wine"), End(now, Outcome.FAILED), ANN)
    told = metadata_of(run_upkeep(), KEY.path[-1])
    assert told["trainings_removed"] == 1
    assert told["trainings_bytes"] != 0
    assert {str(one.id) for one in service.all()} == {"stories/a1", "sums/b1"}
    assert not service.folder(failed.id).exists()


def test_a_rule_that_cannot_be_read_is_told_and_the_rest_is_done(
    trainplat_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAINPLAT_KEEP_TRAININGS", "few")
    (check,) = run_upkeep().get_asset_check_evaluations()
    assert "trainings: TRAINPLAT_KEEP_TRAININGS is 'few'" in str(check.description)
