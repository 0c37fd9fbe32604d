"""Models that others registered in MLflow, served beside ours: good ones, and ones that do their worst."""

import asyncio
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from resources.errors import BadInput, NotFound, TrainplatError, Unavailable
from resources.home import Home
from resources.ports import free_port
from resources.registry.client import Mlflow
from resources.serving.server.model_server import ModelServer
from resources.serving.server.nurse import Nurse
from resources.serving.server.pool import Limits
from resources.serving.server.replica import ModelFailed
from resources.serving.server.source import Source
from resources.serving.tensors import Array
from tests.resources.serving.homes import SAMPLES, saying, served

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

CODE = """
import os, time
import mlflow
from mlflow.pyfunc import PythonModel

class Model(PythonModel):
    def load_context(self, context):
        {load}

    def predict(self, context, model_input, params=None):
        time.sleep(0.02)
        worst = max(model_input["x"])
        if worst == 7:
            os.abort()
        if worst == 8:
            raise RuntimeError("no idea")
        return [1.0] if worst == 9 else [float(one) * 2 for one in model_input["x"]]

mlflow.models.set_model(Model())
"""
LOADS = {"slow": "pass", "aborts": "os.abort()", "hangs": "time.sleep(600)"}


def x(*values: float) -> dict[str, Array]:
    return {"x": np.array(values)}


def save(folder: Path, load: str) -> None:
    """A model from code, which takes a column x."""
    import mlflow.pyfunc
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema

    script = folder.with_suffix(".py")
    script.write_text(CODE.format(load=load))
    signature = ModelSignature(Schema([ColSpec("double", "x")]), Schema([ColSpec("double")]))
    mlflow.pyfunc.save_model(folder, python_model=str(script), signature=signature, pip_requirements=[])


def save_iris(folder: Path) -> Any:
    import mlflow.sklearn
    import pandas as pd
    from mlflow.models import infer_signature
    from sklearn.datasets import load_iris
    from sklearn.linear_model import LogisticRegression

    rows, kinds = load_iris(return_X_y=True)
    table = pd.DataFrame(rows, columns=["a", "b", "c", "d"])
    model = LogisticRegression(max_iter=500).fit(table, kinds)
    signature = infer_signature(table, model.predict(table))
    mlflow.sklearn.save_model(model, folder, signature=signature, pip_requirements=[])
    return table, model.predict(table)


def register(home: Home, name: str, folder: Path, alias: str = "champion") -> None:
    client = Mlflow(home)._client()
    client.create_registered_model(name)
    version = client.create_model_version(name, folder.as_uri())
    client.set_registered_model_alias(name, alias, version.version)


async def told(asked: Any) -> TrainplatError:
    """Why something was refused."""
    with pytest.raises(TrainplatError) as refused:
        await asked
    assert refused.value.next_step
    return refused.value


@pytest.mark.filterwarnings("ignore::Warning")
def test_others_models_are_served_and_what_the_worst_of_them_do_is_told_to_who_asks_them(
    trainplat_home: Path,
    tmp_path: Path,
    runner: asyncio.Runner,
    nurse: Nurse,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    served(trainplat_home, {1: saying(1)})
    home = Home(trainplat_home)
    table, kinds = save_iris(tmp_path / "iris")
    register(home, "iris", tmp_path / "iris", alias="best")
    for name, load in LOADS.items():
        save(tmp_path / name, load)
        register(home, name, tmp_path / name)
    columns = {name: table[name].to_numpy() for name in table}

    async def ask(server: ModelServer) -> None:
        ours = asyncio.create_task(_ask_on(server))
        said, target = await server.answer("iris", "best", columns)
        assert str(target) == "iris:1"
        assert (said["predictions"] == kinds).all()
        (said_twice,) = (await server.answer("slow", None, x(1, 2, 3)))[0].values()
        assert said_twice.tolist() == [2.0, 4.0, 6.0]
        for worst, words in (
            (7, "3 replicas in a row died or hung while they answered this request"),
            (8, "the model failed: RuntimeError: no idea"),
            (9, "rows for 2 samples"),
        ):
            problem = await told(server.answer("slow", None, x(1, worst)))
            assert isinstance(problem, ModelFailed)
            assert words in problem.problem
        problem = await told(server.answer("aborts", None, x(1)))
        assert "the process died while it loaded the model" in problem.problem
        refusals: tuple[tuple[str, str | None, dict[str, Array], type[TrainplatError], str], ...] = (
            ("iris", "1", {"a": columns["a"]}, BadInput, "the request has the inputs a; expected a, b, c, d"),
            ("iris", "1", columns | {"d": columns["d"][:2]}, BadInput, "the inputs have 2, 150 samples"),
            ("iris", "1", columns | {"d": np.array(["x"] * 150, dtype=object)}, BadInput, "holds BYTES"),
            (
                "iris",
                "7",
                columns,
                NotFound,
                "model iris of MLflow has no version or alias '7'; there is best, 1",
            ),
            ("iris", "best+int8", columns, BadInput, "has no variant int8"),
            ("birds", None, columns, NotFound, "no model is named 'birds'"),
        )
        for name, tag, given, kind, words in refusals:
            problem = await told(server.answer(name, tag, given))
            assert isinstance(problem, kind), problem
            assert words in problem.problem
        ours.cancel()
        assert await _count(ours) > 0
        await server.close()

    async def ask_in_a_hurry(server: ModelServer) -> None:
        problem = await told(server.answer("hangs", None, x(1)))
        assert isinstance(problem, Unavailable)
        assert "the model did not load within 1 s" in problem.problem
        await server.close()

    runner.run(ask(ModelServer(Source(home), nurse)))
    runner.run(ask_in_a_hurry(ModelServer(Source(home), Nurse(tmp_path / "log"), limits=Limits(load_s=1.0))))
    monkeypatch.setenv("TRAINPLAT_MLFLOW_URL", f"http://127.0.0.1:{free_port()}")

    async def ask_again(server: ModelServer) -> None:
        said, _ = await server.answer("iris", "best", columns)
        assert (said["predictions"] == kinds).all()
        problem = await told(server.answer("birds", None, columns))
        assert isinstance(problem, Unavailable)
        assert "does not answer" in problem.problem
        assert isinstance(await told(server.answer("digits", "9", {"samples": SAMPLES})), NotFound)
        assert list((await server.answer("digits", "1", {"samples": SAMPLES}))[0]["label"]) == ["1"] * 3
        await server.close()

    runner.run(ask_again(ModelServer(Source(home), Nurse(tmp_path / "log"))))


_answered: list[Array] = []


async def _ask_on(server: ModelServer) -> None:
    """Ask one of ours all the time; it fails at the first that is not answered."""
    while True:
        said, _ = await server.answer("digits", "1", {"samples": SAMPLES})
        assert list(said["label"]) == ["1"] * 3
        _answered.append(said["label"])
        await asyncio.sleep(0.01)


async def _count(asking: "asyncio.Task[None]") -> int:
    with pytest.raises(asyncio.CancelledError):
        await asking
    return len(_answered)
