"""A home with real digits from two sources, and two models that were trained and measured on them.

``python -m tests.streamlit_app.digits_home`` fills that of the environment: where a browser is driven
its event loop is in the way of that of Dagster.
"""

import csv
import zipfile
from dataclasses import replace
from pathlib import Path

from dagster import DagsterInstance, materialize

from resources.data.making.source import LABELS_FILE
from resources.data.making.sources.archive import ArchiveSource
from resources.data.making.sources.model import LabelsFrom
from resources.data.model import ConfirmedLabel, Split
from resources.data.partitions import versions_partitions
from resources.data.resource import DataResource
from resources.data.service import DataService
from resources.gpu.resource import GpuResource
from resources.home import Home
from resources.registry.resource import MlflowResource
from resources.terms import FIRST_VERSION, VersionKey
from tests.resources.data.shapes import ACTOR
from trainplat_assets.datasets import DIGITS
from trainplat_assets.model_assets import build_model_assets

SCANNER = "scanner"
SPEC = replace(
    DIGITS,
    first_labelled=40,
    test_count=200,
    seed=3,
    sources=(ArchiveSource(SCANNER, "scanner.zip", LabelsFrom.FOLDER),),
)
"""So few labels that the first model takes digits for others."""
NEW_LABELS = 200


def fill(home: Home) -> None:
    """Two rounds: the second model knows six times as many labels."""
    data = DataService(home, home.database())
    folder = data.source_folder(SPEC.name)
    assert SPEC.fill_source is not None
    SPEC.fill_source(folder)
    truth = data.true_labels(SPEC.name)
    _move_half(folder, folder.parent / "imports" / "scanner.zip")
    data.plan_first(SPEC, ACTOR)
    data.make(SPEC, FIRST_VERSION, ACTOR)
    _round(FIRST_VERSION)
    pool = [one.id for one in data.samples(SPEC.name, FIRST_VERSION) if one.split is Split.POOL]
    labels = [ConfirmedLabel(one, truth[one], f"answer-{one[:12]}") for one in pool[:NEW_LABELS]]
    second = data.plan_next(SPEC, labels, ACTOR).version
    data.make(SPEC, second, ACTOR)
    _round(second)


def _move_half(folder: Path, archive: Path) -> None:
    """Every second picture comes from a scanner, which packs them by label."""
    with (folder / LABELS_FILE).open(newline="") as file:
        rows = list(csv.DictReader(file))
    archive.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(archive, "w") as packed:
        for row in rows[1::2]:
            packed.write(folder / row["file"], f"{row['label']}/{row['file']}")
            (folder / row["file"]).unlink()
    with (folder / LABELS_FILE).open("w", newline="") as file:
        csv.writer(file).writerows([("file", "label"), *((row["file"], row["label"]) for row in rows[0::2])])


def _round(version: VersionKey) -> None:
    with DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions(str(versions_partitions(SPEC.name).name), [version])
        materialize(
            build_model_assets(SPEC),
            partition_key=version,
            instance=instance,
            resources={"data": DataResource(), "gpu": GpuResource(), "registry": MlflowResource()},
        )


if __name__ == "__main__":
    fill(Home.from_environment())
