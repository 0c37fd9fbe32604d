"""``trainplat train``: with labels from a file, on from a version's model."""

import csv
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from resources.data.model import Split
from resources.data.service import DataService
from resources.data.spec import DatasetSpec
from resources.home import Home
from resources.pipelines.declared import datasets
from resources.pipelines.folder import PIPELINES_VARIABLE, Folder
from resources.registry.service import RegistryService
from resources.terms import FIRST_VERSION, Actor, VersionKey
from tests.resources.data.byhand.others import pool_of, truth_of, written_as_csv
from trainplat_assets.datasets import DIGITS
from trainplat_assets.examples import EXAMPLES
from trainplat_cli.byhand.planning import Plan, be_the_round
from trainplat_cli.main import main
from trainplat_cli.supervisor.prepare import mark_home

ANN = Actor("user:ann")
OTHERS = datasets(Folder(EXAMPLES))


def train(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["train", *map(str, arguments)], env={"COLUMNS": "200"})


def test_a_refusal_ends_with_its_exit_code_and_the_next_step(trainplat_home: Path, tmp_path: Path) -> None:
    done = train("--labels", tmp_path / "none.csv")
    assert done.exit_code == 4
    assert "no version of digits has a model yet; expected one to go on from" in done.stderr
    assert "Run digits_round for partition v1.0 first." in done.stderr


@pytest.mark.slow
@pytest.mark.usefixtures("mlflow_in_home")
def test_without_a_stack_the_round_runs_in_this_process_and_counts_once(
    trainplat_home: Path, tmp_path: Path
) -> None:
    home = Home(trainplat_home)
    mark_home(home)
    data = DataService(home, home.database())
    data.plan_first(DIGITS, ANN)
    be_the_round(home, Plan({"dataset": "digits", "version": FIRST_VERSION, "outcome": "planned"}))
    truth = data.true_labels(DIGITS.name)
    pool = [one.id for one in data.samples(DIGITS.name, FIRST_VERSION) if one.split is Split.POOL][:30]
    with (tmp_path / "labels.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("id", "label"), *((one, truth[one]) for one in pool)])
    done = train("--base", "v1.0", "--labels", tmp_path / "labels.csv", "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert (told["version"], told["outcome"], told["new"], told["decided"]) == ("v1.1", "planned", 30, True)
    assert (told["base_model"], told["model"]) == ("models:/digits/1", "models:/digits/2")
    again = train("--base", "v1.0", "--labels", tmp_path / "labels.csv")
    assert "took up these 30 labels before: nothing was planned" in again.stdout
    assert "models:/digits/2 reaches" in again.stdout
    assert RegistryService(home, home.database()).decision(DIGITS.name, VersionKey("v1.1")) is not None
    assert len(data.versions(DIGITS.name)) == 2


@pytest.mark.slow
@pytest.mark.usefixtures("mlflow_in_home")
@pytest.mark.parametrize("spec", OTHERS, ids=[one.kind for one in OTHERS])
def test_texts_names_and_boxes_are_trained_on_from_a_table_and_refused_with_every_mistake(
    spec: DatasetSpec, trainplat_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PIPELINES_VARIABLE, str(EXAMPLES))
    home = Home(trainplat_home)
    mark_home(home)
    data = DataService(home, home.database())
    data.plan_first(spec, ANN)
    be_the_round(home, Plan({"dataset": spec.name, "version": FIRST_VERSION, "outcome": "planned"}))
    truth = truth_of(data, spec)
    told = {str(one.id): truth[one.id] for one in pool_of(data, spec)[:60]}
    labels = written_as_csv(spec.kind, tmp_path / "in", told)
    bad = tmp_path / "in" / "bad.csv"
    bad.write_text(labels.read_text().replace(next(iter(told)), "nobody", 1))
    refused = train("--dataset", spec.name, "--labels", bad)
    assert refused.exit_code == 2
    assert "line 2: 'nobody' is unknown in v1.0" in refused.stderr
    assert len(data.versions(spec.name)) == 1
    done = train("--dataset", spec.name, "--labels", labels, "--json")
    assert done.exit_code == 0, done.output
    answer = json.loads(done.stdout)
    assert (answer["version"], answer["new"], answer["decided"]) == ("v1.1", 60, True)
    assert (answer["measure"], answer["promoted"]) == (spec.kind.measure, True)
    again = train("--dataset", spec.name, "--labels", labels)
    assert "took up these 60 labels before: nothing was planned" in again.stdout
    assert len(data.versions(spec.name)) == 2
