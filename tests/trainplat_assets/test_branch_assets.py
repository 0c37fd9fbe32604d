"""A training on a branch: through Dagster in this process, with MLflow's store in the home."""

from pathlib import Path

import pytest

from resources.data.collecting.dependents import Kind
from resources.data.collecting.service import CollectingService
from resources.data.locks.service import LockService
from resources.data.versions.committing import Wanted
from resources.data.versions.service import VersionService
from resources.home import Home
from resources.terms import FIRST_VERSION, Actor
from tests.trainplat_assets.branches import branch_of_two, tags_of, train_on
from tests.trainplat_assets.rounds import (
    SPEC,
    make_first,
    metadata_of,
    mlflow_tags,
    registry_service,
    results_service,
    run_round,
)

pytestmark = pytest.mark.usefixtures("mlflow_in_home")


def test_a_branch_is_trained_on_registered_with_its_name_and_kept_as_a_result(
    trainplat_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_first(trainplat_home)
    run_round(FIRST_VERSION)
    branch = branch_of_two(trainplat_home, tmp_path)
    made = train_on(branch)
    model = metadata_of(made, "branch_model")
    assert (model["branch"], model["dataset_version"], model["base"]) == (branch, f"{branch}@1", "v1.0")
    assert (model["registered_as"], model["goes_on_from"]) == ("models:/shapes/2", "models:/shapes/1")
    assert model["labelled_samples"] == 12
    assert isinstance(model["test_accuracy"], float)
    assert isinstance(model["champion_test_accuracy"], float)
    assert (tags_of["trainplat/result"], tags_of["trainplat/branch"]) == ("shapes_results v1.1", branch)
    tags = mlflow_tags(trainplat_home, 2)
    assert (tags["trainplat.branch"], tags["trainplat.result_snapshot"]) == (branch, "shapes_results v1.1")
    champion = registry_service(trainplat_home).champion(SPEC.name)
    assert champion is not None
    assert champion.number == 1, "nobody is promoted on a branch"
    home = Home(trainplat_home)
    assert LockService(home.database()).locks() == []
    kept = CollectingService(home, home.database()).dependents(SPEC.name, branch)
    assert [(one.kind, one.name) for one in kept] == [(Kind.MODEL, "models:/shapes/2")]

    monkeypatch.setattr("trainplat_assets.training_work.train", None)  # whoever trains now fails
    again = metadata_of(train_on(f"{branch}@1"), "branch_model")
    assert (again["trained"], again["result"]) == (False, "shapes_results v1.1")
    assert len(results_service(trainplat_home).results(SPEC.name)) == 2


def test_what_no_model_may_be_trained_on_is_refused_with_the_reason(
    trainplat_home: Path, tmp_path: Path
) -> None:
    make_first(trainplat_home)
    branch = branch_of_two(trainplat_home, tmp_path)
    home = Home(trainplat_home)
    for ref, said in (
        ("v1.0", "shapes v1.0 is on the main line; expected a branch"),
        ("nothing", "has no version, tag or branch 'nothing'"),
    ):
        failed = train_on(ref, raise_on_error=False)
        assert not failed.success
        [event] = failed.get_step_failure_events()
        assert said in str(event.step_failure_data.error)
    table = tmp_path / "bob" / "samples.csv"
    lines = [line for line in table.read_text().splitlines() if ",test," not in line]
    table.write_text("\n".join(lines) + "\n")
    versions = VersionService(home, home.database())
    versions.commit(Wanted(SPEC.name, tmp_path / "bob", "no test", Actor("user:bob"), "bob"))
    failed = train_on(branch, raise_on_error=False)
    [event] = failed.get_step_failure_events()
    assert "cannot be trained on: test sample" in str(event.step_failure_data.error)
    assert results_service(trainplat_home).results(SPEC.name) == []
    assert LockService(home.database()).locks() == []
