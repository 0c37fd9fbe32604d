"""``trainplat model`` on models that others registered in MLflow: real ones, asked through a real server."""

import json
import re
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from resources.deploy_plan import DeployPlan, Strategy
from resources.errors import ExitCode
from resources.home import Home
from resources.ports import free_port
from resources.registry.others import OtherModels
from resources.serving.client import ModelClient
from resources.serving.deployments.model import Served
from resources.serving.deployments.service import DeploymentService
from resources.serving.references import ModelReference
from resources.terms import DatasetName
from tests.resources.serving.examples import ACTOR
from tests.resources.serving.homes import saying, served
from tests.resources.serving.others import register_others
from tests.resources.serving.server.test_serving import server
from tests.servers.mlflow import MlflowServer
from trainplat_cli.main import main

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.filterwarnings("ignore::Warning"),
    pytest.mark.usefixtures("mlflow_in_home"),
]
NAME = "Fraud-Detector v2"
X = {"x": np.array([1.0, 10.0])}


def model(*arguments: str) -> Result:
    """``trainplat model`` on a wide terminal."""
    return CliRunner().invoke(main, ["model", *arguments], env={"COLUMNS": "240"})


def told(*arguments: str) -> Any:
    done = model(*arguments, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def promoted(number: int, *arguments: str) -> Any:
    return told("promote", f"{NAME}:{number}", "--yes", "--override", "the fraud team tested it", *arguments)


def said(home: Path, reference: str = NAME) -> tuple[str, list[float]]:
    with ModelClient(home=Home(home)) as client:
        answer = client.ask(reference, X)
        return answer.model, answer.outputs["predictions"].tolist()


def promote_quickly(home: Path, number: int) -> None:
    """By a strategy whose steps take no minute."""
    DeploymentService(Home(home), Home(home).database()).promote(
        ModelReference(DatasetName(NAME), str(number)),
        ACTOR,
        override="the fraud team tested it",
        declared=DeployPlan(strategy=Strategy.BLUE_GREEN, step_s=0.5, least_requests=1),
    )


def until_live(home: Path, number: int) -> None:
    service = DeploymentService(Home(home), Home(home).database())
    while service.state(NAME).live != Served(number) or service.state(NAME).rollout is not None:
        time.sleep(0.1)


def until_said(home: Path, model: str, predictions: list[float]) -> None:
    """The server follows what is to be live in a moment."""
    while said(home) != (model, predictions):
        time.sleep(0.1)


def alias(home: Path) -> int | None:
    return OtherModels(Home(home)).number_of(NAME, "champion")


def test_a_model_of_others_goes_live_and_back_with_a_history_as_ours_have(
    trainplat_home: Path, tmp_path: Path
) -> None:
    served(trainplat_home, {1: saying(1)})
    register_others(trainplat_home, NAME, tmp_path)

    listed = {(one["name"], one["number"]): one for one in told("list")["models"]}
    assert set(listed) == {("digits", 1), (NAME, 1), (NAME, 2)}
    assert listed[NAME, 1]["aliases"] == ["best"]
    assert [one["of_others"] for one in told("list", NAME)["models"]] == [True, True]
    assert re.search(rf"{NAME}:2 .* of others", model("list").output)
    shown = model("show", f"{NAME}:best")
    assert "times 1" in shown.output
    assert f"no gate judges {NAME}:1: it was registered in MLflow by others" in shown.output

    refused = model("promote", f"{NAME}:1", "--yes")
    assert refused.exit_code == ExitCode.CONFLICT
    assert f"trainplat model promote '{NAME}:1' --override \"why\"" in refused.output
    assert told("history", NAME)["events"] == []

    with server(trainplat_home):
        assert promoted(1)["live"] == "1"
        assert said(trainplat_home) == (f"{NAME}:1", [1.0, 10.0])
        assert alias(trainplat_home) == 1
        assert promoted(1) == {"changed": False, **told("show", f"{NAME}:1")["state"]}
        promote_quickly(trainplat_home, 2)
        until_live(trainplat_home, 2)
        until_said(trainplat_home, f"{NAME}:2", [2.0, 20.0])
        assert said(trainplat_home, f"{NAME}:champion")[0] == f"{NAME}:2"
        assert told("rollback", NAME, "--why", "it was worse")["rollout"]["new"] == "1"
        until_live(trainplat_home, 1)
        until_said(trainplat_home, f"{NAME}:1", [1.0, 10.0])
        assert alias(trainplat_home) == 1

    history = told("history", NAME, "--verify")["events"]
    acts = [one["what"] for one in history if one["what"] != "advanced"]
    assert acts == ["promoted", "promoted", "completed", "rolled_back", "completed"]
    assert history[0]["override"] == "the fraud team tested it"
    digests = {one["model"]: one["digest"] for one in history}
    assert len(set(digests.values())) == 2
    assert all(re.fullmatch("[0-9a-f]{64}", one) for one in digests.values())
    assert told("show", f"{NAME}:1")["digest"] == digests["1"][:12]
    problems = DeploymentService(Home(trainplat_home), Home(trainplat_home).database()).verify()
    assert problems == []


def test_what_is_known_of_them_is_told_while_mlflow_is_down(
    trainplat_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    served(trainplat_home, {1: saying(1)})
    register_others(trainplat_home, NAME, tmp_path)
    promoted(1)
    monkeypatch.setenv("TRAINPLAT_MLFLOW_URL", f"http://127.0.0.1:{free_port()}")

    listed = model("list")
    assert listed.exit_code == 0
    assert "digits:1" in listed.output
    assert "Models that others registered are not shown: MLflow at http://127.0.0.1" in listed.output
    assert "does not answer" in model("show", f"{NAME}:1").output
    assert promoted(1)["live"] == "1"  # its files and its number are here
    assert model("promote", f"{NAME}:2", "--yes", "--override", "why not").exit_code == ExitCode.FAILED
    assert told("history", NAME)["events"][0]["model"] == "1"


@pytest.mark.real
def test_a_server_of_mlflow_says_the_same(
    trainplat_home: Path, tmp_path: Path, mlflow_server: MlflowServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAINPLAT_MLFLOW_URL", mlflow_server.url)
    register_others(trainplat_home, NAME, tmp_path)
    mine = [one for one in told("list")["models"] if one["name"] == NAME]
    assert [(one["number"], one["aliases"]) for one in mine] == [(2, []), (1, ["best"])]
    assert all(one["registered_at"] for one in mine)
    assert promoted(2)["live"] == "2"
    assert alias(trainplat_home) == 2
    assert told("show", f"{NAME}:champion")["live"] is True


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("c++:3", "a model cannot be asked by the name 'c++:3'"),
        ("a'b", "a model cannot be asked by the name"),
        (".hidden:1", "no dot or blank first"),
        ("x" * 101, "expected at most 100 characters"),
    ],
)
def test_a_name_that_cannot_be_asked_is_refused_with_what_to_do(name: str, words: str) -> None:
    for command in ("show", "promote", "history", "rollback", "list"):
        done = model(command, name)
        assert done.exit_code == ExitCode.BAD_INPUT
        assert words in done.output
        assert "MlflowClient().rename_registered_model(old, new)" in done.output
