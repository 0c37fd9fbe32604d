"""Models that others registered in MLflow, in its database of a home or in a server."""

from pathlib import Path

from resources.home import Home
from resources.registry.client import Mlflow

CODE = """
import mlflow
from mlflow.pyfunc import PythonModel

class Model(PythonModel):
    def predict(self, context, model_input, params=None):
        return [float(one) * {factor} for one in model_input["x"]]

mlflow.models.set_model(Model())
"""


def register_others(home: Path, name: str, folder: Path, numbers: range = range(1, 3)) -> None:
    """Versions of a model, each of which multiplies by its number; the first is called best."""
    import mlflow.pyfunc
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema

    mlflow_ = Mlflow(Home(home))
    client = mlflow_._client()
    client.create_registered_model(name)
    signature = ModelSignature(Schema([ColSpec("double", "x")]), Schema([ColSpec("double")]))
    for number in numbers:
        script, saved = folder / f"code-{number}.py", folder / f"model-{number}"
        script.write_text(CODE.format(factor=number))
        mlflow.pyfunc.save_model(saved, python_model=str(script), signature=signature, pip_requirements=[])
        run_id, source = None, saved.as_uri()
        if mlflow_.server is not None:  # which takes only files of a run
            run = client.create_run("0")
            run_id, source = run.info.run_id, f"{run.info.artifact_uri}/model"
            client.log_artifacts(run_id, str(saved), "model")
        client.create_model_version(name, source, run_id, description=f"times {number}")
    client.set_registered_model_alias(name, "best", "1")
