"""``trainplat data train``: a training on a branch, from the command line."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from resources.data.service import DataService
from resources.data.spec import DatasetSpec
from resources.data.versions.committing import Wanted
from resources.data.versions.service import VersionService
from resources.home import Home
from resources.terms import FIRST_VERSION, Actor
from tests.trainplat_cli.commands.data.running import data, told
from trainplat_assets.datasets import DIGITS

ANN = Actor("user:ann")


def relabel(folder: Path, spec: DatasetSpec, places: Sequence[int]) -> None:
    """Give some training samples of a restored version another label."""
    table = folder / "samples.csv"
    lines = table.read_text().splitlines()
    train = [place for place, line in enumerate(lines) if ",train," in line]
    for place in places:
        columns = lines[train[place]].split(",")
        columns[2] = next(label for label in spec.classes if label != columns[2])
        lines[train[place]] = ",".join(columns)
    table.write_text("\n".join(lines) + "\n")


@pytest.mark.slow
@pytest.mark.usefixtures("mlflow_in_home")
def test_a_training_without_daemon_is_a_run_under_a_lease_of_its_own(
    trainplat_home: Path, tmp_path: Path
) -> None:
    home = Home(trainplat_home)
    service = DataService(home, home.database())
    service.plan_first(DIGITS, ANN)
    service.make(DIGITS, FIRST_VERSION, ANN)
    assert "is on the main line" in data("train", "digits", "latest", code=2).stderr
    versions = VersionService(home, home.database())
    branch = versions.branch(DIGITS.name, "v1.0", "ann", ANN)
    versions.restore(DIGITS.name, branch.name, tmp_path / "ann")
    relabel(tmp_path / "ann", DIGITS, [0, 1])
    versions.commit(Wanted(DIGITS.name, tmp_path / "ann", "relabelled", ANN, "ann"))
    made = told("train", "digits", branch.name, "--priority", "3")
    assert (made["version"], made["branch"]) == (f"{branch.name}@1", branch.name)
    assert (made["model"], made["result"]) == ("models:/digits/1", "digits_results v1.0")
    assert told("locks") == {"locks": []}
    again = data("train", "digits", branch.name)
    assert (
        f"models:/digits/1 was trained on {branch.name}@1; its result is digits_results v1.0." in again.stdout
    )
    listed = told("log", "digits_results")["versions"]
    assert [one["message"] for one in listed] == [f"result of digits {branch.name}@1"]


def test_what_is_no_declared_data_set_is_not_trained_on(tmp_path: Path) -> None:
    (tmp_path / "pets").mkdir()
    (tmp_path / "pets" / "a.txt").write_text("a")
    data("commit", "pets", tmp_path / "pets")
    [branch] = told("branch", "pets", "v1.0")["branches"]
    refused = data("train", "pets", f"{branch['branch']}", code=2).stderr
    assert "is on the main line" in refused, "an empty branch is at the version that it came from"
    (tmp_path / "pets" / "b.txt").write_text("b")
    data("restore", "pets", branch["branch"], "--to", tmp_path / "out")
    (tmp_path / "out" / "b.txt").write_text("b")
    data("commit", "pets", tmp_path / "out")
    assert "it is no declared data set" in data("train", "pets", branch["branch"], code=4).stderr
    assert "has no version, tag or branch 'nothing'" in data("train", "pets", "nothing", code=4).stderr
