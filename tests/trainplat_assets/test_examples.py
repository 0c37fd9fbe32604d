"""The data sets that are declared as examples."""

from pathlib import Path

from dagster import AssetsDefinition

from resources.data.making.source import read_labels
from resources.kinds import Kind
from resources.marks import flaw
from resources.pipelines.declared import datasets
from resources.pipelines.folder import Folder
from trainplat_assets.dataset_loop import build_dataset_definitions
from trainplat_assets.examples import EXAMPLES


def test_there_is_one_of_each_other_kind_and_each_has_all_steps_of_its_loop() -> None:
    found = datasets(Folder(EXAMPLES))

    assert {one.kind for one in found} == {*Kind} - {Kind.IMAGE_CLASSES}
    for one in found:
        assets = [
            part for part in build_dataset_definitions(one).assets or () if isinstance(part, AssetsDefinition)
        ]
        names = {key.path[-1] for part in assets for key in part.keys}
        assert {"collected", "snapshot", "model", "champion", "query", "label_tasks"} <= names


def test_there_are_labels_enough_for_a_first_version_and_three_rounds(tmp_path: Path) -> None:
    for one in datasets(Folder(EXAMPLES)):
        assert one.fill_source is not None
        one.fill_source(tmp_path / one.name)
        labels = read_labels(tmp_path / one.name)
        assert len(labels) >= one.test_count + one.first_labelled + 3 * one.labels_per_round
        assert [label for label in labels.values() if flaw(one.kind, label, one.classes)] == []


def test_a_task_about_texts_is_said_in_twenty_lines() -> None:
    texts = [one.name for one in datasets(Folder(EXAMPLES)) if one.kind.is_text]
    assert "notes" in texts
    for name in texts:
        lines = (EXAMPLES / name / "defs.yaml").read_text(encoding="utf-8").splitlines()
        assert len(lines) <= 20, name
