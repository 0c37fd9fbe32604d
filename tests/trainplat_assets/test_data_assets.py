import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from dagster import (
    AssetKey,
    DagsterInstance,
    ExecuteInProcessResult,
    IntMetadataValue,
    MarkdownMetadataValue,
    TableMetadataValue,
    materialize,
)

from resources.data.errors import UnknownVersion
from resources.data.model import Split, VersionState
from resources.data.resource import DataResource
from resources.data.service import DataService
from resources.data.spec import DatasetSpec
from resources.database.audit import recent
from resources.terms import FIRST_VERSION, VersionKey
from tests.resources.data.shapes import ACTOR, SHAPES, answers, image, service, write_source
from trainplat_assets.data_assets import build_data_assets
from trainplat_assets.data_checks import build_data_checks
from trainplat_assets.datasets import DIGITS

STAGES = ["collected", "validated", "transformed", "split", "dataset", "snapshot"]


def run(
    spec: DatasetSpec, version: str, instance: DagsterInstance, *, raise_on_error: bool = True
) -> ExecuteInProcessResult:
    """Materialize one version of a data set, checks and all."""
    instance.add_dynamic_partitions(f"{spec.name}_versions", [version])
    return materialize(
        [*build_data_assets(spec), *build_data_checks(spec)],
        resources={"data": DataResource()},
        instance=instance,
        partition_key=version,
        raise_on_error=raise_on_error,
    )


def metadata(result: ExecuteInProcessResult, spec: DatasetSpec, stage: str) -> dict[str, object]:
    """What a stage said about itself."""
    [event] = [
        one
        for one in result.get_asset_materialization_events()
        if one.asset_key == AssetKey([spec.name, stage])
    ]
    return dict(event.materialization.metadata)


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


def test_the_digits_go_from_scikit_learn_to_a_snapshot(
    trainplat_home: Path, instance: DagsterInstance
) -> None:
    result = run(DIGITS, FIRST_VERSION, instance)
    assert result.success
    digits = service(trainplat_home)
    made = digits.version(DIGITS.name, FIRST_VERSION)
    assert (made.labelled, made.pool, made.test) == (100, 1337, 360)
    assert len(result.get_asset_check_evaluations()) == 10
    assert all(check.passed for check in result.get_asset_check_evaluations())
    train = digits.images(DIGITS.name, FIRST_VERSION, Split.TRAIN)
    assert train.labels is not None
    assert set(train.labels) == set(range(10))


def test_each_stage_says_what_it_did_in_numbers_and_pictures(
    data: DataService, instance: DagsterInstance
) -> None:
    result = run(SHAPES, FIRST_VERSION, instance)
    said = {stage: metadata(result, SHAPES, stage) for stage in STAGES}
    assert said["collected"]["samples"] == IntMetadataValue(24)
    assert said["collected"]["duplicates"] == IntMetadataValue(0)
    assert said["validated"]["quarantined"] == IntMetadataValue(0)
    assert "4x4 px" in str(said["transformed"]["transform"])
    for stage in ("split", "dataset"):
        assert [said[stage][count] for count in ("labelled", "pool", "test")] == [
            IntMetadataValue(4),
            IntMetadataValue(14),
            IntMetadataValue(6),
        ]
    for stage, picture in (("split", "class_balance"), ("dataset", "samples")):
        shown = said[stage][picture]
        assert isinstance(shown, MarkdownMetadataValue)
        assert "data:image/png;base64," in str(shown.md_str)
    table = said["split"]["class_counts"]
    assert isinstance(table, TableMetadataValue)
    assert [record.data["class"] for record in table.records] == ["dark", "light"]
    snapshot = data.snapshot(SHAPES.name, FIRST_VERSION)
    assert snapshot.id in str(said["snapshot"]["snapshot"])


def test_a_stage_is_known_by_a_data_version_that_follows_its_content(
    data: DataService, instance: DagsterInstance, trainplat_home: Path
) -> None:
    def data_versions() -> dict[str, str]:
        result = run(SHAPES, FIRST_VERSION, instance)
        return {
            one.asset_key.path[-1]: (one.materialization.tags or {})["dagster/data_version"]
            for one in result.get_asset_materialization_events()
            if one.asset_key is not None
        }

    first = data_versions()
    assert first["dataset"] == data.version(SHAPES.name, FIRST_VERSION).tree_md5
    assert first["snapshot"] == data.snapshot(SHAPES.name, FIRST_VERSION).id
    assert data_versions() == first


def test_the_next_version_shows_what_people_labelled(data: DataService, instance: DagsterInstance) -> None:
    run(SHAPES, FIRST_VERSION, instance)
    given = answers(data, FIRST_VERSION, 3)
    planned = data.plan_next(SHAPES, given, ACTOR)
    result = run(SHAPES, planned.version, instance)
    assert metadata(result, SHAPES, "split")["newly_labelled"] == IntMetadataValue(3)
    assert metadata(result, SHAPES, "dataset")["new_labels"] == IntMetadataValue(3)
    assert data.version(SHAPES.name, planned.version).state is VersionState.SEALED


def test_whoever_ran_it_is_in_the_audit(data: DataService, instance: DagsterInstance) -> None:
    result = run(SHAPES, FIRST_VERSION, instance)
    assert {row.actor for row in recent(data.database)} == {f"run:{result.run_id}"}


def test_what_is_left_out_is_listed_with_what_to_do(data: DataService, instance: DagsterInstance) -> None:
    folder = data.source_folder(SHAPES.name)
    (folder / "shape-003.png").write_bytes(b"broken")
    (folder / "copy.png").write_bytes(image(4))
    result = run(SHAPES, FIRST_VERSION, instance)
    assert result.success
    duplicates = metadata(result, SHAPES, "collected")["duplicate_files"]
    assert isinstance(duplicates, TableMetadataValue)
    assert duplicates.records[0].data == {"file": "shape-004.png", "same content as": "copy.png"}
    left_out = metadata(result, SHAPES, "validated")["quarantined_files"]
    assert isinstance(left_out, TableMetadataValue)
    assert left_out.records[0].data == {
        "file": "shape-003.png",
        "problem": "it is in no image format that is known",
        "what to do": "Put a whole image in its place, or remove it.",
    }


def test_a_version_that_nobody_planned_is_refused(data: DataService, instance: DagsterInstance) -> None:
    with pytest.raises(UnknownVersion, match=r"no version 'v1\.7'; known: none yet"):
        run(SHAPES, "v1.7", instance)
    assert data.versions(SHAPES.name) == []


def test_the_first_version_needs_nobody_to_have_registered_it(
    data: DataService, instance: DagsterInstance
) -> None:
    made = materialize(
        build_data_assets(SHAPES),
        resources={"data": DataResource()},
        instance=instance,
        partition_key=FIRST_VERSION,
    )
    assert made.success
    assert instance.get_dynamic_partitions(f"{SHAPES.name}_versions") == [FIRST_VERSION]


def test_a_version_that_nobody_planned_is_not_registered_by_asking_for_it(
    data: DataService, instance: DagsterInstance
) -> None:
    with pytest.raises(UnknownVersion, match=r"no version 'v7\.7'"):
        materialize(
            build_data_assets(SHAPES),
            resources={"data": DataResource()},
            instance=instance,
            tags={"dagster/partition": "v7.7"},
        )
    assert instance.get_dynamic_partitions(f"{SHAPES.name}_versions") == []


def test_a_graph_of_six_assets_by_version() -> None:
    assets = build_data_assets(DIGITS)
    assert [one.key.path for one in assets] == [["digits", stage] for stage in STAGES]
    for before, after in pairwise(assets):
        assert after.asset_deps[after.key] == {before.key}
    for one in assets:
        spec = one.get_asset_spec()
        assert spec.group_name == "digits_data"
        assert spec.owners == ["team:ml"]
        assert spec.description
        assert spec.kinds
        assert one.partitions_def == assets[0].partitions_def


def test_building_them_loads_nothing_heavy() -> None:
    probe = (
        "import sys; from trainplat_assets import data_assets, data_checks, datasets;"
        "data_assets.build_data_assets(datasets.DIGITS); data_checks.build_data_checks(datasets.DIGITS);"
        "heavy = {'torch', 'mlflow', 'dvc', 'sklearn', 'pandas', 'matplotlib', 'numpy', 'PIL'};"
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_round_that_was_stopped_goes_on_where_it_was(data: DataService, instance: DagsterInstance) -> None:
    data.plan_first(SHAPES, ACTOR)
    data.collect(SHAPES, FIRST_VERSION)
    data.validate(SHAPES, FIRST_VERSION)
    assert run(SHAPES, FIRST_VERSION, instance).success
    assert data.damage(SHAPES.name, VersionKey("v1.0")) == []
