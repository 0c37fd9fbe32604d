"""Models of scikit-learn in MLflow that belong to no data set: they learn from the platform's own history."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from resources.registry.client import RUN_TAG, SNAPSHOT_TAG, Mlflow
from resources.terms import DatasetName

if TYPE_CHECKING:
    from mlflow import MlflowClient

TRUSTED = (
    "sklearn.ensemble._hist_gradient_boosting.binning._BinMapper",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
)
"""Types inside boosted trees that skops, the format that runs no code when it is read, must be told."""


@dataclass(frozen=True)
class Estimator:
    """A fitted model that is to be registered."""

    name: str
    """Of the registered model, and of its experiment."""
    description: str
    source_id: str
    """SHA-256 of what it was fitted on and how: one version for each."""
    model: object
    """An estimator of scikit-learn."""
    inputs: tuple[str, ...]
    """The names of its features, in order."""
    outputs: int
    """How many numbers it gives for each row."""
    metrics: Mapping[str, float] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    """Files to read beside it, by name."""
    run_id: str = ""
    """The Dagster run that fitted it."""


@dataclass(frozen=True)
class EstimatorVersion:
    """One registered model version."""

    name: str
    number: int
    created: bool
    """False when one of the same source was registered already."""

    @property
    def uri(self) -> str:
        """How MLflow calls it."""
        return f"models:/{self.name}/{self.number}"


class Estimators(Mlflow):
    """What is asked of MLflow for them, each raising Unavailable when it is down."""

    def find(self, name: str, source_id: str) -> EstimatorVersion | None:
        """The oldest version of that source, or None."""
        with self._asked() as client:
            found = client.search_model_versions(f"name = '{name}' and tags.{SNAPSHOT_TAG} = '{source_id}'")
            numbers = sorted(int(one.version) for one in found)
            return EstimatorVersion(name, numbers[0], created=False) if numbers else None

    def end_open_runs(self, name: str) -> None:
        """End the runs that killed processes left open. The caller holds the lock of ``name``."""
        with self._asked() as client:
            experiment = client.get_experiment_by_name(name)
            if experiment is None:
                return
            for run in client.search_runs([experiment.experiment_id], "attributes.status = 'RUNNING'"):
                client.set_terminated(run.info.run_id, "KILLED")

    def add(self, estimator: Estimator, at: datetime) -> EstimatorVersion:
        """Write a run with its metrics and files, and register its model as the next version."""
        with self._asked() as client, tempfile.TemporaryDirectory(prefix="trainplat-model-") as folder:
            from mlflow.entities import Metric, Param

            experiment = self._experiment(client, DatasetName(estimator.name))
            tags = {SNAPSHOT_TAG: estimator.source_id, RUN_TAG: estimator.run_id}
            run = client.create_run(experiment, tags=tags, run_name=estimator.name).info.run_id
            at_ms = int(at.timestamp() * 1000)
            client.log_batch(
                run,
                metrics=[Metric(name, value, at_ms, 0) for name, value in estimator.metrics.items()],
                params=[Param(name, value) for name, value in estimator.params.items()],
            )
            for file, text in estimator.texts.items():
                client.log_text(run, text, file)
            model = client.create_logged_model(experiment, estimator.name, run, tags)
            path = Path(folder) / "model"
            _write(path, estimator, model.model_id, run, model.artifact_location)
            client.log_model_artifacts(model.model_id, str(path))
            client.finalize_logged_model(model.model_id, "READY")
            client.set_terminated(run)
            _ensure_registered(client, estimator)
            made = client.create_model_version(
                estimator.name,
                model.artifact_location,
                run,
                tags=tags,
                await_creation_for=0,
                model_id=model.model_id,
            )
            return EstimatorVersion(estimator.name, int(made.version), created=True)


def _ensure_registered(client: "MlflowClient", estimator: Estimator) -> None:
    from mlflow.exceptions import MlflowException

    try:
        client.create_registered_model(estimator.name, description=estimator.description)
    except MlflowException as problem:
        if problem.error_code != "RESOURCE_ALREADY_EXISTS":
            raise


def _write(path: Path, estimator: Estimator, model_id: str, run_id: str, location: str) -> None:
    import importlib.metadata

    import mlflow.sklearn
    import numpy as np
    from mlflow.models import Model, ModelSignature
    from mlflow.types import Schema, TensorSpec

    floats = np.dtype("float64")
    mlflow.sklearn.save_model(
        estimator.model,
        path,
        mlflow_model=Model(artifact_path=location, model_uuid=model_id, run_id=run_id, model_id=model_id),
        serialization_format=mlflow.sklearn.SERIALIZATION_FORMAT_SKOPS,
        skops_trusted_types=list(TRUSTED),
        signature=ModelSignature(
            inputs=Schema([TensorSpec(floats, (-1, len(estimator.inputs)))]),
            outputs=Schema([TensorSpec(floats, (-1, estimator.outputs))]),
        ),
        pip_requirements=[
            f"{name}=={importlib.metadata.version(name)}"
            for name in ("scikit-learn", "numpy", "mlflow", "skops")
        ],
    )
