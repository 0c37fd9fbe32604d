"""What a pipeline seals is everyone's version, and what people commit can be trained on."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from resources.data.merges.service import MergeService
from resources.data.merging.model import Choice, Resolution
from resources.data.model import ConfirmedLabel, Split, VersionState
from resources.data.service import DataService
from resources.data.spec import DatasetSpec
from resources.data.versions.committing import Wanted
from resources.data.versions.model import Committed
from resources.data.versions.service import VersionService
from resources.errors import Conflict
from resources.terms import FIRST_VERSION, Actor, Label, VersionKey
from tests.resources.data.shapes import SHAPES, first_version

ANN, SENSOR = Actor("user:ann"), Actor("sensor:annotations")
SECOND, THIRD = VersionKey("v1.1"), VersionKey("v1.2")


@pytest.fixture
def made(data: DataService) -> DataService:
    first_version(data)
    return data


@pytest.fixture
def spec() -> DatasetSpec:
    return SHAPES


@pytest.fixture
def versions(data: DataService) -> VersionService:
    return VersionService(data.home, data.database)


def relabelled(
    versions: VersionService, spec: DatasetSpec, folder: Path, places: Sequence[int], base: str = "latest"
) -> Committed:
    """Commit a version in which some training samples, by their place, have the other label."""
    versions.restore(spec.name, base, folder)
    table = folder / "samples.csv"
    lines = table.read_text().splitlines()
    train = [place for place, line in enumerate(lines) if ",train," in line]
    for place in places:
        columns = lines[train[place]].split(",")
        columns[2] = next(label for label in spec.classes if label != columns[2])
        lines[train[place]] = ",".join(columns)
    table.write_text("\n".join(lines) + "\n")
    return versions.commit(Wanted(spec.name, folder, "relabelled", ANN, "ann"))


def test_a_sealed_version_is_in_the_log_of_everyone(
    made: DataService, spec: DatasetSpec, versions: VersionService
) -> None:
    [first] = versions.log(spec.name)
    record = made.version(spec.name, FIRST_VERSION)
    assert (first.key, first.tree_md5, first.parents) == (FIRST_VERSION, record.tree_md5, ())
    assert '"classes"' in first.schema
    assert first.files == len(versions.tree(first).paths)
    assert first.tree_sha256 == versions.tree(first).sha256


def test_what_people_commit_can_be_trained_on(
    made: DataService, spec: DatasetSpec, versions: VersionService, tmp_path: Path
) -> None:
    before = [one.label for one in made.samples(spec.name, FIRST_VERSION) if one.split is Split.TRAIN]
    committed = relabelled(versions, spec, tmp_path / "work", [0, 1])
    assert committed.version.key == SECOND
    [adopted] = made.adopt(spec, SENSOR)
    assert (adopted.version, adopted.state, adopted.parent) == (SECOND, VersionState.SEALED, FIRST_VERSION)
    assert made.adopt(spec, SENSOR) == []
    train = [one for one in made.samples(spec.name, SECOND) if one.split is Split.TRAIN]
    assert [one.label == label for one, label in zip(train, before, strict=True)] == [
        False,
        False,
        True,
        True,
    ]
    snapshot = made.make(spec, SECOND, SENSOR)
    assert snapshot.tree_md5 == committed.version.tree_md5


def test_labels_confirmed_later_come_after_what_people_committed(
    made: DataService, spec: DatasetSpec, versions: VersionService, tmp_path: Path
) -> None:
    relabelled(versions, spec, tmp_path / "work", [0])
    pool = [one.id for one in made.samples(spec.name, FIRST_VERSION) if one.split is Split.POOL]
    planned = made.plan_next(spec, [ConfirmedLabel(pool[0], Label(spec.classes[0]), "ref-1")], SENSOR)
    assert (planned.version, planned.parent) == (THIRD, SECOND)


def test_a_version_whose_test_set_was_changed_is_refused_until_it_is_retired(
    made: DataService, spec: DatasetSpec, versions: VersionService, tmp_path: Path
) -> None:
    versions.restore(spec.name, "latest", tmp_path / "work")
    table = tmp_path / "work" / "samples.csv"
    lines = [line for line in table.read_text().splitlines() if ",test," not in line]
    table.write_text("\n".join(lines) + "\n")
    versions.commit(Wanted(spec.name, tmp_path / "work", "no test", ANN, "ann"))
    with pytest.raises(Conflict, match=r"v1\.1, which user:ann committed, cannot be trained on: test sample"):
        made.adopt(spec, SENSOR)
    versions.retire(spec.name, SECOND, ANN)
    assert made.adopt(spec, SENSOR) == []
    assert versions.show(spec.name, "latest").key == FIRST_VERSION
    pool = [one.id for one in made.samples(spec.name, FIRST_VERSION) if one.split is Split.POOL]
    planned = made.plan_next(spec, [ConfirmedLabel(pool[0], Label(spec.classes[0]), "ref-1")], SENSOR)
    assert (planned.version, planned.parent) == (THIRD, FIRST_VERSION), "no key is given twice"
    made.make(spec, THIRD, SENSOR)
    assert versions.show(spec.name, THIRD).tree_md5 == made.version(spec.name, THIRD).tree_md5


def test_who_commits_while_the_pipeline_makes_a_version_gets_a_branch(
    made: DataService, spec: DatasetSpec, versions: VersionService, tmp_path: Path
) -> None:
    pool = [one.id for one in made.samples(spec.name, FIRST_VERSION) if one.split is Split.POOL]
    made.plan_next(spec, [ConfirmedLabel(pool[0], Label(spec.classes[0]), "ref-1")], SENSOR)
    committed = relabelled(versions, spec, tmp_path / "work", [0], base="v1.0")
    assert committed.overtaken_by == SECOND
    branch = committed.version.branch
    assert branch is not None
    merges = MergeService(made.home, made.database)
    with pytest.raises(Conflict, match="being made by its pipeline"):
        merges.merge(spec.name, branch, ANN)
    made.make(spec, SECOND, SENSOR)
    tried = merges.merge(spec.name, branch, ANN)
    if tried.version is None:  # both wrote the version's own file
        merges.answer(spec.name, branch, [Resolution(Choice.OURS, glob="**")], ANN)
        tried = merges.merge(spec.name, branch, ANN)
    assert tried.version is not None
    assert tried.version.key == THIRD
    assert tried.version.parents == (SECOND, committed.version.key)


def test_a_pipeline_makes_no_first_version_beside_what_people_committed_under_its_name(
    data: DataService, spec: DatasetSpec, versions: VersionService, tmp_path: Path
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/a.txt").write_text("a")
    versions.commit(Wanted(spec.name, tmp_path / "folder", "", ANN, "ann"))
    with pytest.raises(
        Conflict, match=r"shapes has versions that no pipeline made, up to v1\.0, which user:ann"
    ):
        data.plan_first(spec, SENSOR)
    assert data.versions(spec.name) == []
