import json
import subprocess
import sys
from pathlib import Path

import pytest

from resources.data.locks.service import LockService
from resources.home import Home
from resources.registry.evaluations.bootstrap import paired_difference
from resources.registry.evaluations.service import EvaluationService
from resources.serving.deployments.model import Served
from resources.serving.deployments.service import DeploymentService
from resources.terms import FIRST_VERSION, VersionKey
from tests.trainplat_assets.rounds import (
    IMAGES,
    SPEC,
    make_first,
    make_next,
    metadata_of,
    mlflow_tags,
    registry_service,
    results_service,
    run_batch,
    run_round,
)
from trainplat_assets.model_assets import build_model_assets

pytestmark = pytest.mark.usefixtures("mlflow_in_home")

V1 = VersionKey("v1.1")


def test_two_rounds_train_a_base_model_and_go_on_from_the_champion(
    trainplat_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = make_first(trainplat_home)
    prices = Home(trainplat_home).prices_file
    prices.write_text("currency: EUR\nper_gpu_hour: {'*': 36000}\n")
    first = run_round(FIRST_VERSION)
    model = metadata_of(first, "model")
    assert model["trained"] is True
    assert model["goes_on_from"] == "nothing: a base model"
    assert model["registered_as"] == "models:/shapes/1"
    assert model["labelled_samples"] == 12
    assert (model["data_version"], model["parent_model"]) == ("v1.0", "nothing: a base model")
    assert isinstance(model["seed"], int)
    assert isinstance(model["lease_seconds"], float)
    assert str(model["curve"]).startswith("![loss and accuracy by epoch](data:image/png;base64,")
    assert isinstance(model["train_loss"], float)
    assert "champion_accuracy" not in metadata_of(first, "evaluation")
    champion = metadata_of(first, "champion")
    assert (champion["promoted"], champion["champion_version"]) == (True, "v1.0")
    assert "is the first champion" in str(champion["outcome"])
    assert (champion["deployed"], champion["live_model"]) == ("Model 1 is live as shapes.", "1")
    lease_seconds = champion["lease_seconds"]
    assert isinstance(lease_seconds, float)
    assert lease_seconds > 0
    cost, currency = str(champion["lease_cost"]).split()
    assert currency == "EUR"
    assert float(cost) >= 10 * lease_seconds - 1, "it went on until the metadata was made"
    said = mlflow_tags(trainplat_home, 1)
    assert said["trainplat_lease_s"] == f"{lease_seconds:.1f}"
    assert said["trainplat_cost"].endswith(" EUR")
    assert (said["trainplat_asset"], said["trainplat_partition"]) == ("shapes/model", "v1.0")
    assert (said["trainplat_seed"], said["trainplat_parent_model"]) == (str(model["seed"]), "none")
    assert said["trainplat_code_version"] == model["code_version"]
    assert said["trainplat_run"] == first.dagster_run.run_id
    prices.unlink()
    assert not list((trainplat_home / "checkpoints").rglob("*.pt"))
    assert model["result"] == "shapes_results v1.0"
    assert first.dagster_run.tags["trainplat/result"] == "shapes_results v1.0"
    assert LockService(Home(trainplat_home).database()).locks() == []

    monkeypatch.setenv("TRAINPLAT_MLFLOW_URL", "http://127.0.0.1:9")
    monkeypatch.setattr("resources.registry.client.Mlflow.__init__", _in_the_home)
    assert make_next(data) == V1
    second = run_round(V1)
    assert metadata_of(second, "model")["goes_on_from"] == "models:/shapes/1"
    assert metadata_of(second, "model")["mlflow"] == "http://127.0.0.1:9/#/models/shapes/versions/2"
    measured = metadata_of(second, "evaluation")
    assert measured["champion_accuracy"] == metadata_of(first, "evaluation")["accuracy"]
    assert measured["test_set"] == metadata_of(first, "evaluation")["test_set"]
    assert isinstance(measured["forgetting"], float)
    assert isinstance(measured["backward_transfer"], float)
    assert str(measured["forgetting_matrix"]).splitlines()[0] == "| model of | v1.0: dark, light |"
    assert [line[:7] for line in str(measured["forgetting_matrix"]).splitlines()[2:]] == [
        "| v1.0 ",
        "| v1.1 ",
    ]
    assert "data:image/png" in str(measured["forgetting_plot"])
    assert (metadata_of(second, "model")["method"], metadata_of(second, "model")["trained_with"]) == (
        "derpp",
        6,
    )
    champion = metadata_of(second, "champion")
    assert champion["accuracy_old"] == measured["champion_accuracy"]
    assert str(champion["mlflow"]).startswith("http://127.0.0.1:9/#/models/shapes/versions/")
    assert str(champion["rounds"]).count("\n| v1.") == 2
    assert "lease_cost" not in champion
    assert mlflow_tags(trainplat_home, 2)["trainplat_parent_model"] == "models:/shapes/1"
    assert mlflow_tags(trainplat_home, 2)["trainplat_method"] == "derpp"
    assert mlflow_tags(trainplat_home, 2)["trainplat.result_snapshot"] == "shapes_results v1.1"
    assert len(second.get_asset_check_evaluations()) == 4
    assert all(check.passed for check in second.get_asset_check_evaluations())
    assert [made.version for made in registry_service(trainplat_home).decisions(SPEC.name)] == [
        "v1.0",
        "v1.1",
    ]
    _is_measured_for_comparisons(trainplat_home, measured)
    _goes_live_as_declared(trainplat_home, second.dagster_run.run_id, champion)


def _goes_live_as_declared(home: Path, run_id: str, told: dict[str, object]) -> None:
    """By a canary where the second is champion; else nothing has changed."""
    deployments = DeploymentService(Home(home), Home(home).database())
    state, promoted = deployments.state(SPEC.name), told["promoted"]
    assert state.live == Served(1)
    assert [event.actor for event in deployments.history()][1:] == ([f"run:{run_id}"] if promoted else [])
    assert (state.rollout is not None) is promoted
    assert ("deployed" in told) is promoted


def _is_measured_for_comparisons(home: Path, told: dict[str, object]) -> None:
    """Both models, on the test set that they share; the champion was not measured again."""
    kept = EvaluationService(Home(home), Home(home).database())
    first, second = kept.measurements(SPEC.name)
    assert (first.number, second.number, first.test_set) == (1, 2, second.test_set)
    assert second.value == told["accuracy"]
    assert second.forgetting == told["forgetting"]
    assert (first.params["method"], second.params["method"]) == ("joint", "derpp")
    assert second.params["goes_on_from"] == "models:/shapes/1"
    assert {"seed", "code_version", "epochs"} <= {*second.params}
    assert {"class:dark", "class:light"} <= {*second.slices}
    assert second.size_bytes > second.parameters > 0
    assert second.latency_p50_ms
    assert second.lease_s > 0
    assert first.cost
    assert second.cost is None
    answers = kept.answers(SPEC.name, 2)
    assert answers is not None
    assert answers.scores.mean() == second.value
    assert second.confusion[0][0] == sum(answers.guesses[answers.truth == 0] == 0)
    assert paired_difference(answers, answers).count == SPEC.test_count


def _in_the_home(self: object, home: Home) -> None:
    """An MLflow whose address is known to pages, while this test has only its store."""
    self.home, self.server = home, None  # type: ignore[attr-defined]


def test_a_snapshot_that_has_a_model_is_not_trained_again(
    trainplat_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_first(trainplat_home)
    run_round(FIRST_VERSION)
    monkeypatch.setattr("trainplat_assets.training_work.train", None)  # whoever trains now fails
    again = run_round(FIRST_VERSION)
    assert metadata_of(again, "model")["trained"] is False
    assert metadata_of(again, "model")["result"] == "shapes_results v1.0"
    assert len(results_service(trainplat_home).results(SPEC.name)) == 1
    assert metadata_of(again, "model")["model_version"] == 1
    assert len(registry_service(trainplat_home).decisions(SPEC.name)) == 1
    for is_new in (True, False):
        answered = metadata_of(run_batch(FIRST_VERSION), "batch_predictions")
        assert (answered["samples"], answered["asked_now"]) == (IMAGES, is_new)


def test_every_asset_says_what_it_is_and_whose() -> None:
    for made in build_model_assets(SPEC):
        (spec,) = made.specs
        assert spec.group_name == "shapes_model"
        assert spec.owners == ["team:ml"]
        assert spec.kinds
        assert len(spec.description or "") > 60
    model = build_model_assets(SPEC)[0]
    asked = {name: value for name, value in model.op.tags.items() if name.startswith("trainplat")}
    assert asked == {"trainplat/gpu": "1", "trainplat/preemptible": "true"}
    assert model.op.retry_policy is None


def test_importing_the_assets_loads_no_heavy_module() -> None:
    program = (
        "import json, sys, trainplat_assets.model_assets, trainplat_assets.model_checks, "
        "resources.learning.querying.choosing\n"
        "print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    heavy = {"torch", "mlflow", "matplotlib", "sklearn", "pandas", "dvc", "label_studio_sdk"}
    assert not heavy & set(json.loads(done.stdout))
