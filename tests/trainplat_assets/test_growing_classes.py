"""A data set that gains two classes in its second version, through the real assets: some scanned digits."""

from dataclasses import replace
from pathlib import Path

import pytest
from dagster import DagsterInstance, ExecuteInProcessResult, materialize

from resources.continual import ContinualSettings, MethodName
from resources.data.making.source import grey_png
from resources.data.model import ConfirmedLabel, Split
from resources.data.partitions import versions_partitions
from resources.data.resource import DataResource
from resources.data.service import DataService
from resources.data.spec import DatasetSpec
from resources.gpu.resource import GpuResource
from resources.home import Home
from resources.learning.network import from_bytes
from resources.registry.client import Mlflow
from resources.registry.resource import MlflowResource
from resources.terms import FIRST_VERSION, DatasetName, Label, SampleId, VersionKey
from tests.resources.data.shapes import ACTOR, write_labels
from tests.trainplat_assets.rounds import data_service, metadata_of, registry_service
from trainplat_assets.model_assets import build_model_assets
from trainplat_assets.model_checks import build_model_checks

pytestmark = [pytest.mark.usefixtures("mlflow_in_home"), pytest.mark.slow]

FIRST = DatasetSpec(
    name=DatasetName("marks"),
    title="Marks",
    classes=tuple(Label(str(digit)) for digit in range(3)),
    image_size_px=(8, 8),
    first_labelled=60,
    test_count=60,
    labels_per_round=40,
    seed=0,
)
GROWN = replace(FIRST, classes=(*FIRST.classes, Label("3"), Label("4")))
LATE = 24
"""Images of each late class."""


def write_marks(folder: Path) -> dict[SampleId, Label]:
    """Images of five digits, those of the first three with a label; returns what the others show."""
    import hashlib

    from sklearn.datasets import load_digits

    folder.mkdir(parents=True)
    digits = load_digits()
    rows, late = [], {}
    for digit in range(5):
        chosen = (digits.target == digit).nonzero()[0][: 50 if digit < 3 else LATE]
        for row in chosen:
            png = grey_png((digits.images[row] * 15).astype("uint8").tobytes(), height_px=8, width_px=8)
            (folder / f"mark-{row:04d}.png").write_bytes(png)
            if digit < 3:
                rows.append((f"mark-{row:04d}.png", str(digit)))
            else:
                late[SampleId(hashlib.sha256(png).hexdigest())] = Label(str(digit))
    write_labels(folder, rows)
    return late


def run_round(
    spec: DatasetSpec, version: VersionKey, *, raise_on_error: bool = True
) -> ExecuteInProcessResult:
    with DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions(str(versions_partitions(spec.name).name), [version])
        return materialize(
            [*build_model_assets(spec), *build_model_checks(spec)],
            partition_key=version,
            instance=instance,
            resources={"data": DataResource(), "gpu": GpuResource(), "registry": MlflowResource()},
            raise_on_error=raise_on_error,
        )


def grown(data: DataService, late: dict[SampleId, Label]) -> VersionKey:
    """The second version: people have labelled what the pool shows of the late classes."""
    pool = {one.id for one in data.samples(FIRST.name, FIRST_VERSION) if one.split is Split.POOL}
    labels = [ConfirmedLabel(one, label, f"late-{one}") for one, label in late.items() if one in pool]
    version = data.plan_next(GROWN, labels, ACTOR).version
    data.make(GROWN, version, ACTOR)
    return version


def failed(result: ExecuteInProcessResult) -> dict[str, str | None]:
    return {
        check.check_name: check.description
        for check in result.get_asset_check_evaluations()
        if not check.passed
    }


def test_two_classes_that_come_later_are_learnt_on_top_and_a_model_that_forgets_the_others_is_stopped(
    trainplat_home: Path,
) -> None:
    data, registry = data_service(trainplat_home), registry_service(trainplat_home)
    late = write_marks(data.source_folder(FIRST.name))
    data.plan_first(FIRST, ACTOR)
    data.make(FIRST, FIRST_VERSION, ACTOR)
    run_round(FIRST, FIRST_VERSION)
    version = grown(data, late)
    test = [one for one in data.samples(GROWN.name, version) if one.split is Split.TEST]
    assert {one.label for one in test} == set(GROWN.classes)
    assert len(test) > FIRST.test_count

    naive = replace(GROWN, continual=ContinualSettings(MethodName.NAIVE))
    stopped = run_round(naive, version, raise_on_error=False)
    assert not stopped.success
    told = failed(stopped)
    assert {"little_forgotten", "no_class_forgotten"} <= set(told)
    assert "same_test_set" not in told
    assert "points less than with the model of v1.0; 10 are allowed" in str(told["little_forgotten"])
    champion = registry.champion(GROWN.name)
    assert champion is not None
    assert champion.dataset_version == FIRST_VERSION
    assert registry.decision(GROWN.name, version) is None

    # What the check says to do: another method, and the model's version deleted in MLflow.
    model = registry.model_of(GROWN.name, data.snapshot(GROWN.name, version).id)
    assert model is not None
    Mlflow(Home(trainplat_home)).delete_version(model)
    done = run_round(GROWN, version)
    assert failed(done) == {}
    kept = metadata_of(done, "model")
    assert (kept["method"], kept["goes_on_from"]) == ("derpp", champion.uri)
    assert kept["trained_with"] == sum(
        one.split is Split.TRAIN and one.label in ("3", "4") for one in data.samples(GROWN.name, version)
    )
    measured = metadata_of(done, "evaluation")
    header, _, first, second = str(measured["forgetting_matrix"]).splitlines()
    assert header == f"| model of | v1.0: 0, 1, 2 | {version}: 3, 4 |"
    assert first.startswith("| v1.0 | ")
    assert second.startswith(f"| {version} | ")
    assert isinstance(measured["forgetting"], float)
    assert measured["forgetting"] <= GROWN.most_forgotten
    promoted = registry.champion(GROWN.name)
    assert promoted is not None
    assert promoted.dataset_version == version
    network = from_bytes(registry.weights(promoted))
    assert (network.shape.classes, network.head.sizes) == (GROWN.classes, (3, 2))
