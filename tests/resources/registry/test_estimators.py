"""Models of scikit-learn in MLflow: once for each source, and readable by anybody."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.multioutput import MultiOutputRegressor

from resources.database.audit import recent
from resources.errors import Unavailable
from resources.home import Home
from resources.registry.estimators import Estimator, Estimators
from resources.terms import DatasetName
from tests.resources.registry.examples import ACTOR, service
from tests.servers.mlflow import free_port

pytestmark = pytest.mark.usefixtures("mlflow_in_home")


@cache
def trees() -> MultiOutputRegressor:
    draw = np.random.default_rng(1)
    rows = draw.random((80, 3))
    inner = HistGradientBoostingRegressor(max_iter=3, early_stopping=False)
    return MultiOutputRegressor(inner).fit(rows, rows[:, :2])


def estimator(name: str) -> Estimator:
    return Estimator(
        name=name,
        description="What will be asked for.",
        source_id="a" * 64,
        model=trees(),
        inputs=("x", "y", "z"),
        outputs=2,
        metrics={"mase": 0.8},
        params={"seed": "1"},
        texts={"backtest.md": "| project |"},
        run_id="run-1",
    )


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One home for all: MLflow takes seconds to make its tables."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def uri(home: Path) -> Iterator[str]:
    """MLflow's own functions, set to that home."""
    import mlflow

    before = mlflow.get_tracking_uri()
    uri = f"sqlite:///{Home(home).mlflow / 'mlflow.db'}"
    mlflow.set_tracking_uri(uri)
    yield uri
    mlflow.set_tracking_uri(before)


def test_what_is_registered_can_be_read_by_anybody_who_has_scikit_learn(home: Path, uri: str) -> None:
    import mlflow.sklearn
    from mlflow import MlflowClient

    made = service(home).register_estimator(estimator("demand"), ACTOR)
    assert (made.uri, made.created) == ("models:/demand/1", True)
    loaded: Any = mlflow.sklearn.load_model(made.uri)
    rows = np.random.default_rng(2).random((5, 3))
    assert np.array_equal(loaded.predict(rows), trees().predict(rows))
    client = MlflowClient(uri, uri)
    version = client.get_model_version("demand", "1")
    run = client.get_run(str(version.run_id))
    assert (run.info.status, run.data.metrics, run.data.params) == ("FINISHED", {"mase": 0.8}, {"seed": "1"})
    assert [one.path for one in client.list_artifacts(run.info.run_id)] == ["backtest.md"]
    (row, *_) = recent(Home(home).database())
    assert (row.actor, row.action, row.subject) == (ACTOR, "registry.register", "models:/demand/1")


def test_a_source_is_registered_once_and_another_one_is_the_next_version(home: Path) -> None:
    registry = service(home)
    first = registry.register_estimator(estimator("twice"), ACTOR)
    again = registry.register_estimator(estimator("twice"), ACTOR)
    assert (again.number, again.created) == (first.number, False)
    other = registry.register_estimator(replace(estimator("twice"), source_id="b" * 64), ACTOR)
    assert (other.number, other.created) == (2, True)


def test_the_open_run_of_a_killed_process_is_ended_by_the_next_one(home: Path) -> None:
    mlflow = Estimators(Home(home))
    with mlflow._asked() as client:
        killed = client.create_run(mlflow._experiment(client, DatasetName("killed"))).info.run_id
    service(home).register_estimator(estimator("killed"), ACTOR)
    with mlflow._asked() as client:
        assert client.get_run(killed).info.status == "KILLED"


def test_a_server_that_is_down_is_named_with_what_to_do(
    trainplat_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    address = f"http://127.0.0.1:{free_port()}"
    monkeypatch.setenv("TRAINPLAT_MLFLOW_URL", address)
    with pytest.raises(Unavailable, match=f"MLflow at {address} does not answer") as caught:
        service(trainplat_home).register_estimator(estimator("demand"), ACTOR)
    assert "trainplat up" in caught.value.next_step
