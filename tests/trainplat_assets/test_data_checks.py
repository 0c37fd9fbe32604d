from collections.abc import Iterator
from pathlib import Path

import pytest
from dagster import AssetCheckSeverity, AssetKey, DagsterInstance, ExecuteInProcessResult

from resources.data.making.stages import Stages
from resources.data.merges.service import MergeService
from resources.data.model import CollectReport, Split, SplitReport, VersionState
from resources.data.service import DataService
from resources.terms import FIRST_VERSION, VersionKey
from tests.resources.data.shapes import ACTOR, SHAPES, answers, image, service, write_source
from tests.trainplat_assets.branches import branch_of_two
from tests.trainplat_assets.test_data_assets import run
from trainplat_assets.data_checks import build_data_checks

BLOCKING = {
    "validated": {"images_are_readable"},
    "split": {
        "no_sample_in_two_splits",
        "no_leak_into_the_test_set",
        "test_set_is_the_parents",
        "labels_are_classes",
        "labels_grew",
    },
    "dataset": {"tree_is_whole"},
}
WARNING = {"nothing_is_quarantined", "no_near_duplicates", "no_drift_from_the_parent"}
V1 = VersionKey("v1.1")


@pytest.fixture
def instance() -> Iterator[DagsterInstance]:
    """An instance of Dagster that nobody else sees."""
    with DagsterInstance.ephemeral() as ephemeral:
        yield ephemeral


@pytest.fixture
def data(trainplat_home: Path) -> DataService:
    """The shapes, with 24 images in their source folder."""
    found = service(trainplat_home)
    write_source(found.source_folder(SHAPES.name), range(24))
    return found


def failed(result: ExecuteInProcessResult) -> dict[str, str]:
    """The checks that did not pass, and what they say."""
    return {
        check.check_name: str(check.metadata["findings"].value)
        for check in result.get_asset_check_evaluations()
        if not check.passed
    }


def made(result: ExecuteInProcessResult) -> set[str]:
    """The assets that were materialized."""
    return {one.asset_key.path[-1] for one in result.get_asset_materialization_events() if one.asset_key}


def test_every_check_stops_a_bad_version_but_those_that_ask_a_person_to_look() -> None:
    specs = [next(iter(check.check_specs)) for check in build_data_checks(SHAPES)]
    found = {
        stage: {
            spec.name for spec in specs if spec.asset_key == AssetKey(["shapes", stage]) and spec.blocking
        }
        for stage in BLOCKING
    }
    assert found == BLOCKING
    assert {spec.name for spec in specs if not spec.blocking} == WARNING
    assert all(spec.description for spec in specs)


def test_a_quarantined_file_warns_and_lets_the_version_pass(
    data: DataService, instance: DagsterInstance
) -> None:
    (data.source_folder(SHAPES.name) / "shape-003.png").write_bytes(image(3)[:40])
    result = run(SHAPES, FIRST_VERSION, instance)
    assert result.success
    [warning] = [one for one in result.get_asset_check_evaluations() if not one.passed]
    assert warning.severity is AssetCheckSeverity.WARN
    assert str(warning.description).startswith("shape-003.png: ")


def test_an_image_that_is_damaged_after_it_came_stops_the_version_before_it_is_sealed(
    data: DataService, instance: DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    # However slow the machine is: collecting trusts at once what it has read before.
    monkeypatch.setattr("resources.data.making.inventory._STILL_FOR_NS", 0)
    right = Stages.collect

    def damaging(self: Stages) -> CollectReport:
        report = right(self)
        victim = next(path for path in (data.home.data / ".cache/files").rglob("*") if path.is_file())
        victim.chmod(0o644)
        victim.write_bytes(b"x" * victim.stat().st_size)
        return report

    monkeypatch.setattr(Stages, "collect", damaging)
    result = run(SHAPES, FIRST_VERSION, instance, raise_on_error=False)
    assert not result.success
    assert data.version(SHAPES.name, FIRST_VERSION).state is VersionState.PLANNED
    monkeypatch.setattr(Stages, "collect", right)
    assert run(SHAPES, FIRST_VERSION, instance).success, "collecting again brings the object back"


def test_a_split_that_leaks_stops_the_version_and_a_mended_one_passes(
    data: DataService, instance: DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(SHAPES, FIRST_VERSION, instance)
    data.plan_next(SHAPES, answers(data, FIRST_VERSION, 3), ACTOR)
    right = Stages.split

    def leaking(self: Stages) -> SplitReport:
        report = right(self)
        staged = self.repository.staging(self.version) / "split.json"
        tested = next(one for one in data.samples(SHAPES.name, FIRST_VERSION) if one.split is Split.TEST)
        text = staged.read_text()
        start = text.index(tested.id)
        staged.write_text(text[:start] + text[start:].replace('"test"', '"train"', 1))
        return report

    monkeypatch.setattr(Stages, "split", leaking)
    result = run(SHAPES, V1, instance, raise_on_error=False)
    assert not result.success
    assert made(result) == {"collected", "validated", "transformed", "split"}
    told = failed(result)
    assert set(told) == {"no_sample_in_two_splits", "test_set_is_the_parents"}
    assert "was tested with in the parent" in told["no_sample_in_two_splits"]
    assert data.version(SHAPES.name, V1).state is VersionState.PLANNED

    monkeypatch.setattr(Stages, "split", right)
    result = run(SHAPES, V1, instance)
    assert result.success
    assert failed(result) == {}
    assert data.version(SHAPES.name, V1).state is VersionState.SEALED


def test_a_label_that_is_not_taken_up_stops_the_version(
    data: DataService, instance: DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(SHAPES, FIRST_VERSION, instance)
    given = answers(data, FIRST_VERSION, 3)
    data.plan_next(SHAPES, given, ACTOR)
    monkeypatch.setattr("resources.data.service.ledger.labels_of", lambda *_: [])
    data.collect(SHAPES, V1)
    data.validate(SHAPES, V1)
    data.transform(SHAPES, V1)
    data.split(SHAPES, V1)
    monkeypatch.undo()
    monkeypatch.setenv("TRAINPLAT_HOME", str(data.home.path))
    monkeypatch.setattr(Stages, "split", lambda self: self.divided().report)
    result = run(SHAPES, V1, instance, raise_on_error=False)
    assert set(failed(result)) == {"labels_grew"}
    assert failed(result)["labels_grew"].count("is not in training") == 3


def test_labels_that_people_changed_and_merged_stop_no_version(
    data: DataService, instance: DagsterInstance, tmp_path: Path
) -> None:
    run(SHAPES, FIRST_VERSION, instance)
    branch = branch_of_two(data.home.path, tmp_path)
    MergeService(data.home, data.database).merge(SHAPES.name, branch, ACTOR)
    for key in ("v1.1", "v1.2"):
        [adopted] = data.adopt(SHAPES, ACTOR, at_most=1)
        assert (adopted.version, adopted.adopted) == (key, True)
        result = run(SHAPES, adopted.version, instance)
        assert (result.success, failed(result)) == (True, {})


def test_a_damaged_tree_is_found_and_long_lists_are_cut(data: DataService, instance: DagsterInstance) -> None:
    run(SHAPES, FIRST_VERSION, instance)
    for one in data.samples(SHAPES.name, FIRST_VERSION):
        one.path.chmod(0o644)
        one.path.write_bytes(b"x" * one.path.stat().st_size)
    result = run(SHAPES, FIRST_VERSION, instance, raise_on_error=False)
    assert not result.success
    told = failed(result)
    assert "images_are_readable" in told
    assert told["images_are_readable"].endswith("- and 4 more")
