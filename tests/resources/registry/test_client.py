"""MLflow when it is down, slow, or in a state that a person must mend."""

import socket
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from resources.errors import BadInput, Conflict, Unavailable
from resources.home import Home
from resources.registry.client import Mlflow
from resources.terms import DatasetName
from tests.resources.registry.examples import ACTOR, candidate, service
from tests.servers.mlflow import MlflowServer, free_port

pytestmark = pytest.mark.usefixtures("mlflow_in_home")


@pytest.fixture(autouse=True)
def _fast_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")


def test_a_server_that_is_down_is_named_with_what_to_do(
    trainplat_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = f"http://127.0.0.1:{free_port()}"
    monkeypatch.setenv("TRAINPLAT_MLFLOW_URL", address)
    with pytest.raises(Unavailable, match=f"MLflow at {address} does not answer") as caught:
        service(trainplat_home).register(candidate("digits"), ACTOR)
    assert "trainplat up" in caught.value.next_step


def test_a_server_that_does_not_answer_in_time_is_named(
    trainplat_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        monkeypatch.setenv("TRAINPLAT_MLFLOW_URL", address)
        with pytest.raises(Unavailable, match=f"MLflow at {address} does not answer"):
            service(trainplat_home).find(DatasetName("digits"), "a" * 64, ACTOR)


@pytest.mark.real
def test_an_experiment_that_was_deleted_is_named_with_the_command_that_restores_it(
    trainplat_home: Path, mlflow_server: MlflowServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAINPLAT_MLFLOW_URL", mlflow_server.url)
    mlflow = Mlflow(Home(trainplat_home))
    with mlflow._asked() as client:
        experiment = client.create_experiment("thrown_away")
        client.delete_experiment(experiment)
    with pytest.raises(BadInput, match=r"experiment thrown_away .* was deleted") as caught:
        service(trainplat_home).register(candidate("thrown_away"), ACTOR)
    assert f"mlflow experiments restore --experiment-id {experiment}" in caught.value.next_step


def test_a_version_taken_back_while_versions_are_read_is_left_out(trainplat_home: Path) -> None:
    mlflow, made = Mlflow(Home(trainplat_home)), candidate("digits")
    for _ in range(2):
        mlflow.create_version(made, mlflow.log(made, datetime.now(UTC)))
    kept, taken_back = mlflow.versions(made.dataset, made.snapshot_id)
    reads: list[str] = []

    def between_the_two_reads(
        _connection: Any, _cursor: Any, statement: str, values: Sequence[Any], *_: object
    ) -> None:
        """SQLAlchemy's second query, for the tags, selects from the first one."""
        if made.snapshot_id in values and "anon" in statement.partition("FROM")[0]:
            reads.append(statement)
            if len(reads) == 1:
                mlflow.delete_version(taken_back)

    event.listen(Engine, "before_cursor_execute", between_the_two_reads)
    try:
        assert mlflow.versions(made.dataset, made.snapshot_id) == [kept]
    finally:
        event.remove(Engine, "before_cursor_execute", between_the_two_reads)
    assert len(reads) == 2


def test_a_version_that_lost_a_tag_is_named(trainplat_home: Path) -> None:
    model = service(trainplat_home).register(candidate("digits"), ACTOR).model
    mlflow = Mlflow(Home(trainplat_home))
    with mlflow._asked() as client:
        client.delete_model_version_tag("digits", "1", "trainplat_dataset_version")
    with pytest.raises(
        Conflict, match="version 1 of the model digits has lost its tag trainplat_dataset_ver"
    ):
        mlflow.versions(model.dataset, model.snapshot_id)


@pytest.mark.real
def test_what_mlflow_refuses_is_passed_on_in_its_words(
    trainplat_home: Path, mlflow_server: MlflowServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAINPLAT_MLFLOW_URL", mlflow_server.url)
    model = service(trainplat_home).register(candidate("somebody"), ACTOR).model
    with pytest.raises(Unavailable, match=r"refused: .*nobody"):
        Mlflow(Home(trainplat_home)).set_alias(replace(model, dataset=DatasetName("nobody")), "champion")


@pytest.mark.real
def test_people_can_load_the_champion_through_mlflow(
    trainplat_home: Path, mlflow_server: MlflowServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    import mlflow.pyfunc
    import numpy as np

    monkeypatch.setenv("TRAINPLAT_MLFLOW_URL", mlflow_server.url)
    model = service(trainplat_home).register(candidate("loadable"), ACTOR).model
    Mlflow(Home(trainplat_home)).set_alias(model, "champion")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", mlflow_server.url)
    loaded = mlflow.pyfunc.load_model("models:/loadable@champion")
    assert loaded.predict(np.zeros((2, 4, 4), dtype=np.uint8)).shape == (2, 2)


def test_artifacts_of_another_store_are_not_looked_for_in_the_home(trainplat_home: Path) -> None:
    model = service(trainplat_home).register(candidate("elsewhere"), ACTOR).model
    mlflow = Mlflow(Home(trainplat_home))
    assert mlflow._local_artifact(replace(model, source="s3://bucket/model")) is None
    assert mlflow._local_artifact(replace(model, source="file:///nowhere")) is None


@pytest.mark.needs("root")
def test_a_full_disk_is_told_and_the_model_is_registered_once_there_is_room(trainplat_home: Path) -> None:
    artifacts = trainplat_home / "mlflow" / "artifacts"
    artifacts.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8k", "trainplat-test", str(artifacts)], check=True)
    try:
        with pytest.raises(Unavailable, match="is full"):
            service(trainplat_home).register(candidate("full"), ACTOR)
        subprocess.run(["mount", "-o", "remount,size=4m", str(artifacts)], check=True)
        done = service(trainplat_home).register(candidate("full"), ACTOR)
        assert done.created
        assert done.model.number == 1
    finally:
        subprocess.run(["umount", "--lazy", str(artifacts)], check=True)
