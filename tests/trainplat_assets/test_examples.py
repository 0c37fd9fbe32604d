"""The data sets and trainings that are declared as examples."""

from pathlib import Path
from shutil import copytree

import pytest
from click.testing import CliRunner
from dagster import AssetsDefinition, DagsterInstance

from resources.data.making.source import read_labels
from resources.kinds import Kind
from resources.marks import flaw
from resources.pipelines.declared import datasets
from resources.pipelines.folder import Folder
from tests.trainplat_assets.templates.location import metadata_of, run
from trainplat_assets.dataset_loop import build_dataset_definitions
from trainplat_assets.examples import EXAMPLES
from trainplat_cli.commands.pipeline.check import check

TRAININGS = ("waves", "wine", "requests")


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


def test_the_trainings_among_them_are_as_they_should_be() -> None:
    told = CliRunner().invoke(check, [str(EXAMPLES / name / "defs.yaml") for name in TRAININGS])
    assert (told.exit_code, told.output) == (0, "3 pipelines are as they should be.\n")


@pytest.mark.slow
@pytest.mark.parametrize("name", TRAININGS)
def test_the_trainings_among_them_learn_in_a_run(name: str, tmp_path: Path, trainplat_home: object) -> None:
    assert trainplat_home
    copytree(EXAMPLES / name, tmp_path / name)
    with DagsterInstance.ephemeral() as instance:
        scores = metadata_of(run(tmp_path, f"{name}_pipeline", instance), "model")
    assert isinstance(found := scores["accuracy"], float)
    assert found > 0.75
