from collections.abc import Iterator
from pathlib import Path

import pytest
from dagster import AssetCheckEvaluation, AssetCheckSeverity, DagsterInstance, ExecuteInProcessResult

from resources.data.service import DataService
from resources.terms import FIRST_VERSION
from tests.resources.data.shapes import service
from tests.resources.data.textures import TEXTURES, again, scenes, write_textures
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
    (folder / "planted-1.png").write_bytes(again(planted))
    (folder / "planted-2.jpg").write_bytes(again(planted.rotate(0).crop((0, 0, 47, 48))))
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
