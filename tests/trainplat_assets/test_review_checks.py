import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from dagster import (
    AssetCheckEvaluation,
    AssetCheckSeverity,
    DagsterInstance,
    ExecuteInProcessResult,
    TableMetadataValue,
)
from PIL import Image, ImageEnhance

from resources.data.model import ConfirmedLabel, Split, VersionState
from resources.data.service import DataService
from resources.errors import Conflict
from resources.terms import FIRST_VERSION, VersionKey
from tests.resources.data.shapes import ACTOR, service
from tests.resources.data.textures import TEXTURES, again, png, scenes, write_textures
from tests.trainplat_assets.test_data_assets import run


@pytest.fixture
def instance() -> Iterator[DagsterInstance]:
    """An instance of Dagster that nobody else sees."""
    with DagsterInstance.ephemeral() as ephemeral:
        yield ephemeral


@pytest.fixture
def data(trainplat_home: Path) -> DataService:
    """The textures, with 24 pictures in their source folder."""
    found = service(trainplat_home)
    write_textures(found.source_folder(TEXTURES.name), scenes(24))
    return found


def evaluation(result: ExecuteInProcessResult, name: str) -> AssetCheckEvaluation:
    [found] = [one for one in result.get_asset_check_evaluations() if one.check_name == name]
    return found


def test_near_duplicates_are_shown_side_by_side_and_let_the_version_pass(
    data: DataService, instance: DagsterInstance
) -> None:
    planted = scenes(40, seed=5)[0]
    folder = data.source_folder(TEXTURES.name)
    (folder / "planted-1.jpg").write_bytes(again(planted))
    (folder / "planted-2.png").write_bytes(png(planted.crop((0, 0, 47, 48))))
    result = run(TEXTURES, FIRST_VERSION, instance)
    found = evaluation(result, "no_near_duplicates")
    assert (found.passed, found.severity) == (False, AssetCheckSeverity.WARN)
    assert found.metadata["found"].value == 1
    assert "are nearly the same" in str(found.description)
    assert "data:image/png;base64," in str(found.metadata["pairs"].value)
    assert data.validate(TEXTURES, FIRST_VERSION).near_duplicates == 1


def test_a_version_without_near_duplicates_passes(data: DataService, instance: DagsterInstance) -> None:
    found = evaluation(run(TEXTURES, FIRST_VERSION, instance), "no_near_duplicates")
    assert found.passed
    assert set(found.metadata) == {"found"}


def split_of(data: DataService, version: VersionKey, content: bytes) -> Split | None:
    """Where the sample of this content stands."""
    name = hashlib.sha256(content).hexdigest()
    return next((one.split for one in data.candidate(TEXTURES.name, version) if one.id == name), None)


def next_planned(data: DataService, count: int = 3) -> VersionKey:
    """Plan a version with true labels for the first samples of the pool."""
    newest = data.versions(TEXTURES.name)[-1].version
    truth = data.true_labels(TEXTURES.name)
    pool = [one.id for one in data.samples(TEXTURES.name, newest) if one.split is Split.POOL]
    labels = [ConfirmedLabel(one, truth[one], f"{newest}-{one[:8]}") for one in pool[:count]]
    return data.plan_next(TEXTURES, labels, ACTOR).version


def test_a_copy_of_a_test_sample_is_held_back_from_the_pool(
    data: DataService, instance: DagsterInstance
) -> None:
    run(TEXTURES, FIRST_VERSION, instance)
    tested = next(one for one in data.samples(TEXTURES.name, FIRST_VERSION) if one.split is Split.TEST)
    copies = [again(Image.open(tested.path), quality) for quality in (70, 90)]
    for number, copy in enumerate(copies):
        (data.source_folder(TEXTURES.name) / f"copy-{number}.jpg").write_bytes(copy)
    version = next_planned(data)
    result = run(TEXTURES, version, instance)
    assert result.success
    assert evaluation(result, "no_leak_into_the_test_set").passed
    assert evaluation(result, "no_near_duplicates").metadata["found"].value == 3
    assert [split_of(data, version, copy) for copy in copies] == [None, None]


def test_a_leak_that_is_new_stops_the_version_and_one_of_the_parent_is_only_told(
    data: DataService, instance: DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(TEXTURES, FIRST_VERSION, instance)
    test = [one for one in data.samples(TEXTURES.name, FIRST_VERSION) if one.split is Split.TEST]
    copies = (again(Image.open(test[0].path), quality) for quality in range(60, 95))
    copy = next(one for one in copies if hashlib.sha256(one).hexdigest() > max(one.id for one in test))
    (data.source_folder(TEXTURES.name) / "copy.jpg").write_bytes(copy)
    monkeypatch.setattr("resources.data.splitting._like", lambda *_: set())  # as before rule 5
    version = next_planned(data)
    result = run(TEXTURES, version, instance, raise_on_error=False)
    found = evaluation(result, "no_leak_into_the_test_set")
    assert split_of(data, version, copy) is Split.POOL
    assert (found.passed, found.severity) == (False, AssetCheckSeverity.ERROR)
    assert "is nearly the same as test sample" in str(found.description)
    assert "data:image/png;base64," in str(found.metadata["pairs"].value)
    assert data.version(TEXTURES.name, version).state is VersionState.PLANNED
    with pytest.raises(Conflict, match="nearly the same as test sample"):
        data.seal(TEXTURES, version, ACTOR)

    monkeypatch.setattr("resources.data.service.leaks", lambda *_: ([], []))
    data.seal(TEXTURES, version, ACTOR)
    monkeypatch.undo()
    monkeypatch.setenv("TRAINPLAT_HOME", str(data.home.path))
    later = next_planned(data)
    result = run(TEXTURES, later, instance)
    assert result.success
    found = evaluation(result, "no_leak_into_the_test_set")
    assert (found.passed, found.severity) == (False, AssetCheckSeverity.WARN)
    assert "the parent has both already" in str(found.description)


def test_drift_of_new_pictures_is_told_with_numbers_and_pictures(
    data: DataService, instance: DagsterInstance
) -> None:
    first = evaluation(run(TEXTURES, FIRST_VERSION, instance), "no_drift_from_the_parent")
    assert first.passed
    assert set(first.metadata) == {"found"}
    folder = data.source_folder(TEXTURES.name)
    for number, scene in enumerate(scenes(70, seed=9)):
        darker = ImageEnhance.Brightness(scene).enhance(0.4)
        (folder / f"night-{number:03d}.png").write_bytes(png(darker))
    result = run(TEXTURES, next_planned(data), instance)
    assert result.success
    found = evaluation(result, "no_drift_from_the_parent")
    assert (found.passed, found.severity) == (False, AssetCheckSeverity.WARN)
    assert str(found.description).startswith("brightness: KS ")
    assert "data:image/png;base64," in str(found.metadata["new_samples"].value)
    measures = found.metadata["measures"]
    assert isinstance(measures, TableMetadataValue)
    told = {str(one.data["what"]): one.data["drifted"] for one in measures.records}
    assert told == {"brightness": "yes", "contrast": "yes", "height": "no", "width": "no"}
