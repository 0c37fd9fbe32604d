"""Large trainings in MLflow: a run for each that grows while it trains, and what it becomes."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from resources.registry.client import MODEL_TAG, MOST_METRICS, RUN_TAG, SNAPSHOT_TAG, WEIGHTS_TAG, Mlflow
from resources.terms import DatasetName

if TYPE_CHECKING:
    from mlflow import MlflowClient

TRAINING_TAG = "trainplat_training"
"""On the run of a data set's training, whose snapshot others may be trained from too: which it is."""
RUNNING, FINISHED, FAILED, KILLED = "RUNNING", "FINISHED", "FAILED", "KILLED"


@dataclass(frozen=True)
class Sample:
    """One value of one metric at one step of a training."""

    name: str
    value: float
    step: int
    at: datetime


@dataclass(frozen=True)
class TrainingRun:
    """A training as MLflow is to show it."""

    name: str
    """Of its experiment, and of the model that it becomes."""
    source_id: str
    """What tells it from all others: it has one run, and becomes one version."""
    title: str
    dagster_run_id: str
    params: Mapping[str, str] = field(default_factory=dict)
    found_by: str = SNAPSHOT_TAG
    """The tag that holds ``source_id``."""
    tags: Mapping[str, str] = field(default_factory=dict)
    """What else it says of itself."""


@dataclass(frozen=True)
class TrainedNetwork:
    """A model that a training became, on its way to be a version."""

    run: TrainingRun
    mlflow_run_id: str
    network: object
    """A ``torch.nn.Module``."""
    files: tuple[Path, ...]
    """What lies beside it: its plan, its weights, the manifest of its checkpoint."""
    weights_sha256: str
    scores: Mapping[str, float]
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class TrainedVersion:
    """A registered version of a model that a training became."""

    name: str
    number: int
    model_id: str
    weights_sha256: str

    @property
    def uri(self) -> str:
        """How MLflow calls it."""
        return f"models:/{self.name}/{self.number}"


class TrainingRuns(Mlflow):
    """What is asked of MLflow for them, each raising Unavailable when it is down."""

    def open(self, run: TrainingRun) -> str:
        """The id of the training's run, which is made once, and runs again."""
        with self._asked() as client:
            from mlflow.entities import Param

            experiment = self._experiment(client, DatasetName(run.name))
            found = client.search_runs(
                [experiment],
                f"tags.{run.found_by} = '{run.source_id}'",
                order_by=["attributes.start_time ASC"],
                max_results=1,
            )
            if found:
                run_id, known = str(found[0].info.run_id), dict(found[0].data.params)
                client.update_run(run_id, status=RUNNING)
                client.set_tag(run_id, RUN_TAG, run.dagster_run_id)
            else:
                tags = {**run.tags, run.found_by: run.source_id, RUN_TAG: run.dagster_run_id}
                run_id = str(client.create_run(experiment, tags=tags, run_name=run.title).info.run_id)
                known = {}
            # A value that changed since, such as the number of processes, stays as it was at first.
            new = [Param(name, value) for name, value in run.params.items() if name not in known]
            if new:
                client.log_batch(run_id, params=new)
            return run_id

    def send(self, run_id: str, samples: Sequence[Sample]) -> None:
        """Add to its curves; the same again changes nothing."""
        with self._asked() as client:
            from mlflow.entities import Metric

            metrics = [
                Metric(one.name, one.value, int(one.at.timestamp() * 1000), one.step) for one in samples
            ]
            for begin in range(0, len(metrics), MOST_METRICS):
                client.log_batch(run_id, metrics=metrics[begin : begin + MOST_METRICS])

    def close(self, run_id: str, status: str) -> None:
        """Say how it ended."""
        with self._asked() as client:
            client.set_terminated(run_id, status)

    def trained_versions(self, name: str, source_id: str) -> list[TrainedVersion]:
        """What a training is registered as, the oldest first: one, or none; more only after a kill."""
        with self._asked() as client:
            found = client.search_model_versions(f"name = '{name}' and tags.{SNAPSHOT_TAG} = '{source_id}'")
            versions = [
                TrainedVersion(
                    name,
                    int(one.version),
                    one.tags.get(MODEL_TAG, ""),
                    one.tags.get(WEIGHTS_TAG, ""),
                )
                for one in found
            ]
            return sorted(versions, key=lambda one: one.number)

    def take_back(self, version: TrainedVersion) -> None:
        """Delete one that a killed process registered a second time."""
        with self._asked() as client:
            client.delete_model_version(version.name, str(version.number))

    def add(self, trained: TrainedNetwork) -> None:
        """Write the model's files and register it as the next version, found by its source from then on."""
        with self._asked() as client:
            name, run_id = trained.run.name, trained.mlflow_run_id
            experiment = self._experiment(client, DatasetName(name))
            tags = {
                SNAPSHOT_TAG: trained.run.source_id,
                RUN_TAG: trained.run.dagster_run_id,
                WEIGHTS_TAG: trained.weights_sha256,
                **trained.tags,
            }
            model = client.create_logged_model(experiment, name.replace(".", "-"), run_id, tags)
            _write(client, trained, model.model_id, model.artifact_location)
            client.finalize_logged_model(model.model_id, "READY")
            _ensure_registered(client, name)
            client.create_model_version(
                name,
                model.artifact_location,
                run_id,
                tags={**tags, MODEL_TAG: model.model_id, "scores": json.dumps(dict(trained.scores))},
                description=f"What the training {trained.run.title} became.",
                await_creation_for=0,
                model_id=model.model_id,
            )

    def link(self, name: str, run_id: str, version: int | None = None) -> str | None:
        """The page of the run, or of the version; None when no MLflow server is known."""
        if self.server is None:
            return None
        server = self.server.rstrip("/")
        if version is not None:
            return f"{server}/#/models/{name}/versions/{version}"
        with self._asked() as client:
            experiment = client.get_run(run_id).info.experiment_id
        return f"{server}/#/experiments/{experiment}/runs/{run_id}"


def _write(client: "MlflowClient", trained: TrainedNetwork, model_id: str, location: str) -> None:
    import importlib.metadata
    import tempfile

    import mlflow.pytorch
    from mlflow.models import Model

    with tempfile.TemporaryDirectory(prefix="trainplat-model-") as folder:
        path = Path(folder) / "model"
        mlflow.pytorch.save_model(
            trained.network,
            path,
            mlflow_model=Model(
                artifact_path=location, model_uuid=model_id, run_id=trained.mlflow_run_id, model_id=model_id
            ),
            # The other format, pt2, traces the network, which takes an example of its input.
            serialization_format="pickle",
            pip_requirements=[
                f"{name}=={importlib.metadata.version(name).partition('+')[0]}"
                for name in ("torch", "numpy", "mlflow")
            ],
            extra_files=[str(file) for file in trained.files],
        )
        client.log_model_artifacts(model_id, str(path))


def _ensure_registered(client: "MlflowClient", name: str) -> None:
    from mlflow.exceptions import MlflowException

    try:
        client.create_registered_model(name, description=f"What trainings named {name} became.")
    except MlflowException as problem:
        if problem.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
