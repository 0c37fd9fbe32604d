"""Rules are kept, planned and carried out on each database, and nobody's version goes by mistake."""

from datetime import timedelta
from pathlib import Path

import pytest

from resources.clock import utc_now
from resources.data.collecting.dependents import Kind
from resources.data.collecting.service import CollectingService
from resources.data.locks.service import Asked, LockService
from resources.data.retention.service import RetentionService
from resources.data.service import DataService
from resources.data.versions.committing import Wanted
from resources.data.versions.errors import UnknownDataset
from resources.data.versions.model import BranchState, State
from resources.data.versions.service import VersionService
from resources.database.audit import recent
from resources.database.engine import Database
from resources.errors import NotFound
from resources.home import Home
from resources.terms import Actor, DatasetName
from tests.resources.data.folders import write
from tests.resources.data.shapes import SHAPES, first_version

ANN = Actor("user:ann")
PETS = DatasetName("pets")
LATER = timedelta(days=40)


def commit(versions: VersionService, folder: Path, content: bytes, base: str | None = None) -> str:
    write(folder, {"a": content})
    return versions.commit(Wanted(PETS, folder, "", ANN, "ann", base)).version.key


@pytest.fixture
def versions(any_database: Database, trainplat_home: Path, tmp_path: Path) -> VersionService:
    """Data set pets, v1.0 to v1.3, and a branch from v1.0."""
    service = VersionService(Home(trainplat_home), any_database)
    for number in range(4):
        commit(service, tmp_path / "pets", b"%d" % number)
    service.branch(PETS, "v1.0", "bob", ANN)
    return service


def asked(purpose: str) -> Asked:
    return Asked(ANN, "ann", purpose)


def later(versions: VersionService) -> RetentionService:
    return RetentionService(versions.database, lambda: utc_now() + LATER)


def states(versions: VersionService) -> dict[str, State]:
    return {one.key: one.state for one in versions.log(PETS)}


def test_a_rule_retires_what_it_does_not_keep_and_closes_what_nobody_works_on(
    versions: VersionService,
) -> None:
    versions.tag(PETS, "v1.1", "best", ANN)
    service = later(versions)
    service.set_rule(PETS, ANN, keep_last=1, close_after_s=30 * 86_400)
    planned = service.plans(PETS)
    assert states(versions)["v1.0"] is State.SEALED, "a plan changes nothing"
    assert service.apply(ANN) == planned
    assert states(versions) == {
        "v1.3": State.SEALED,
        "v1.2": State.RETIRED,
        "v1.1": State.SEALED,
        "v1.0": State.RETIRED,
    }
    assert [one.state for one in versions.branches(PETS)] == [BranchState.CLOSED]
    told = {(one.action, one.subject): one.detail for one in recent(versions.database, 9)}
    assert "nothing depends on it" in told["data.retire", "pets v1.0"]
    assert "data.close_branch" in {action for action, _ in told}
    assert not service.apply(ANN)[0].retires
    assert versions.retire(PETS, "v1.0", ANN, undo=True).state is State.SEALED


def test_retiring_takes_no_byte_away(versions: VersionService, trainplat_home: Path) -> None:
    later(versions).set_rule(PETS, ANN, keep_last=1)
    later(versions).apply(ANN)
    keeper = CollectingService(Home(trainplat_home), versions.database)
    assert keeper.collect(ANN, timedelta(0)).swept == 0
    assert not keeper.verify(PETS, None, lambda *_: None).damaged


def test_pins_models_and_running_trainings_keep_a_version_until_they_end(
    versions: VersionService, trainplat_home: Path
) -> None:
    keeper = CollectingService(Home(trainplat_home), versions.database)
    keeper.depend(PETS, "v1.0", Kind.PIN, "ann", ANN)
    keeper.depend(PETS, "v1.1", Kind.MODEL, "pets 1", ANN)
    keeper.depend(PETS, "v1.2", Kind.RUN, "abc", ANN, for_s=60)
    later(versions).set_rule(PETS, ANN, keep_last=1)
    (planned,) = RetentionService(versions.database).plans(PETS)
    assert not planned.retires
    assert [one.name for one in later(versions).plans(PETS)[0].retires] == ["v1.2"]


def test_what_somebody_has_locked_is_kept_and_his_branch_stays_open(versions: VersionService) -> None:
    (branch,) = versions.branches(PETS)
    locks = LockService(versions.database)
    locks.read(PETS, "v1.1", asked("reads"))
    locks.write(PETS, branch.name, asked("writes"))
    service = RetentionService(versions.database)
    service.set_rule(PETS, ANN, keep_last=1, close_after_s=1)
    late = RetentionService(versions.database, lambda: utc_now() + timedelta(hours=1))
    (planned,) = late.plans(PETS)
    assert not planned.closes
    assert [one.name for one in planned.retires] == ["v1.2"]
    reasons = {one.name: one.reason for one in planned.versions}
    assert reasons["v1.1"] == "it is kept for the lock user:ann"


def test_what_the_pipeline_of_a_declared_data_set_has_not_taken_up_is_kept(
    any_database: Database, trainplat_home: Path, tmp_path: Path
) -> None:
    home = Home(trainplat_home)
    data = DataService(home, any_database)
    first_version(data)
    versions = VersionService(home, any_database)
    for number in range(2):
        versions.restore(SHAPES.name, "latest", tmp_path / str(number))
        write(tmp_path / str(number), {"note": b"%d" % number})
        versions.commit(Wanted(SHAPES.name, tmp_path / str(number), "", ANN, "ann"))
    retention = RetentionService(any_database)
    retention.set_rule(SHAPES.name, ANN, keep_last=1)
    (planned,) = retention.plans()
    reasons = {one.name: one.reason for one in planned.versions}
    assert "its pipeline" in reasons["v1.1"]
    assert [one.name for one in planned.retires] == ["v1.0"]


def test_a_rule_can_be_changed_and_taken_away(versions: VersionService) -> None:
    service = later(versions)
    service.set_rule(PETS, ANN, keep_last=1)
    service.set_rule(PETS, ANN, keep_younger_s=86_400)
    (kept,) = service.rules(PETS)
    assert (kept.keep_last, kept.keep_younger_s) == (None, 86_400)
    service.remove_rule(PETS, ANN)
    assert service.rules() == []
    assert service.apply(ANN) == []
    with pytest.raises(NotFound, match="no retention rule"):
        service.remove_rule(PETS, ANN)
    with pytest.raises(NotFound, match="no retention rule"):
        service.plans(PETS)
    with pytest.raises(UnknownDataset, match="known: pets"):
        service.set_rule(DatasetName("cats"), ANN, keep_last=1)
