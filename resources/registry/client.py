"""MLflow: the server of the stack, or, when none runs, its database and artifacts in the home.

Artifacts of a home lie in the home in both cases, so what one writes the other reads.
"""

import importlib.metadata
import logging
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit

from filelock import FileLock

from resources.errors import BadInput, Conflict, Unavailable
from resources.files import disk_problem
from resources.home import Home
from resources.registry.facts import ASSET_TAG, PARTITION_TAG, facts_of
from resources.registry.model import Candidate, CurvePoint, ModelVersion
from resources.terms import DatasetName, VersionKey

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion as MlflowVersion

SNAPSHOT_TAG = "trainplat_snapshot"
VERSION_TAG = "trainplat_dataset_version"
RUN_TAG = "trainplat_run"
MODEL_TAG = "trainplat_mlflow_model"
WEIGHTS_TAG = "trainplat_weights_sha256"
WEIGHTS_FILE = "extra_files/weights.pt"
"""Where the weights lie among a model's artifacts; ``extra_files`` is MLflow's word."""

DATABASE = "mlflow.db"
CHAMPION = "champion"
CHALLENGER = "challenger"
CANDIDATE = "candidate"
"""The newest registered model that is not decided yet."""

TIMEOUT_S = 20
"""How long one answer of the server may take."""
RETRIES = 2
CHECK_TIMEOUT_S = 5
"""How long the server may take to say that it is there."""
SEARCHES = 5
"""How often versions are searched while others take some of them back meanwhile."""
MOST_METRICS = 1000
"""So many MLflow takes at once."""
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


@dataclass(frozen=True)
class Logged:
    """A run and a model that are in MLflow, and not yet a registered version."""

    run_id: str
    model_id: str
    source: str


class Mlflow:
    """The few things that the registry asks of MLflow, each raising :class:`Unavailable` when it is down."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.server = home.addresses().mlflow
        """The server's address, or None when the home's own database is used."""

    def check(self) -> None:
        """See whether the server answers; without one there is nothing to ask."""
        if self.server is None:
            return
        import httpx

        try:
            httpx.get(f"{self.server}/health", timeout=CHECK_TIMEOUT_S).raise_for_status()
        except httpx.HTTPError as problem:
            raise Unavailable(
                f"MLflow at {self.server} does not answer: {problem}",
                "See `trainplat status`; start it with `trainplat up`.",
            ) from problem

    def versions(self, dataset: DatasetName, snapshot_id: str) -> list[ModelVersion]:
        """The registered versions of a snapshot, the oldest first: one, or none; more only after a kill."""
        with self._asked() as client:
            for _ in range(SEARCHES):
                found = client.search_model_versions(
                    f"name = '{dataset}' and tags.{SNAPSHOT_TAG} = '{snapshot_id}'"
                )
                # MLflow reads versions first and their tags later: one taken back between the two has none.
                if all(SNAPSHOT_TAG in one.tags for one in found):
                    break
            return sorted((_version(dataset, one) for one in found), key=lambda version: version.number)

    def close_runs(self, dataset: DatasetName, snapshot_id: str, *, keep: str | None) -> None:
        """End the open runs of a snapshot: ``keep`` as finished, those of killed processes as killed."""
        with self._asked() as client:
            experiment = client.get_experiment_by_name(dataset)
            if experiment is None:
                return
            open_runs = client.search_runs(
                [experiment.experiment_id],
                f"tags.{SNAPSHOT_TAG} = '{snapshot_id}' and attributes.status = 'RUNNING'",
            )
            for run in open_runs:
                client.set_terminated(run.info.run_id, "FINISHED" if run.info.run_id == keep else "KILLED")

    def log(self, candidate: Candidate, at: datetime) -> Logged:
        """Write a run with its curve and a model with its files; :meth:`close_runs` ends the run.

        One that has grown while it was trained gets what it does not have yet.
        """
        with self._asked() as client, tempfile.TemporaryDirectory(prefix="trainplat-model-") as folder:
            experiment = self._experiment(client, candidate.dataset)
            tags = {
                SNAPSHOT_TAG: candidate.snapshot_id,
                VERSION_TAG: candidate.version,
                RUN_TAG: candidate.run_id,
                **candidate.tags,
            }
            run_id = candidate.mlflow_run_id or _new_run(client, experiment, candidate, tags)
            model = client.create_logged_model(
                experiment,
                f"{candidate.dataset}-{candidate.version.replace('.', '-')}",
                run_id,
                tags,
            )
            _add_to_run(client, run_id, candidate, tags, at)
            path = Path(folder) / "model"
            _write_model(path, candidate, model.model_id, run_id, model.artifact_location)
            client.log_model_artifacts(model.model_id, str(path))
            client.finalize_logged_model(model.model_id, "READY")
            return Logged(run_id, model.model_id, model.artifact_location)

    def create_version(self, candidate: Candidate, logged: Logged) -> None:
        """Register a logged model; its tags come with it in one step, so that it is always found again."""
        from mlflow.exceptions import MlflowException

        tags = {
            SNAPSHOT_TAG: candidate.snapshot_id,
            VERSION_TAG: candidate.version,
            RUN_TAG: candidate.run_id,
            MODEL_TAG: logged.model_id,
            WEIGHTS_TAG: sha256(candidate.weights).hexdigest(),
            **candidate.tags,
        }

        def create(client: "MlflowClient") -> None:
            client.create_model_version(
                candidate.dataset,
                logged.source,
                logged.run_id,
                tags=tags,
                description=self._description(candidate),
                await_creation_for=0,
                model_id=logged.model_id,
            )

        with self._asked() as client:
            try:
                create(client)
            except MlflowException as problem:
                if problem.error_code != "RESOURCE_DOES_NOT_EXIST":
                    raise
                self._create_registered_model(client, candidate.dataset)
                create(client)

    def delete_version(self, model: ModelVersion) -> None:
        """Take back a version that a killed process registered a second time."""
        from mlflow.exceptions import MlflowException

        with self._asked() as client:
            try:
                client.delete_model_version(model.dataset, str(model.number))
            except MlflowException as problem:
                if problem.error_code != "RESOURCE_DOES_NOT_EXIST":  # else another process was faster
                    raise

    def log_scores(self, model: ModelVersion, scores: Sequence[CurvePoint], at: datetime) -> None:
        """Add scores to the run of a model; the same ones again change nothing."""
        with self._asked() as client:
            from mlflow.entities import Metric

            client.log_batch(
                model.mlflow_run_id,
                metrics=[
                    Metric(
                        point.name, point.value, _ms(at), point.step, model_id=model.mlflow_model_id or None
                    )
                    for point in scores
                ],
            )

    def set_alias(self, model: ModelVersion, alias: str) -> None:
        """Let ``models:/<dataset>@<alias>`` be ``model``."""
        with self._asked() as client:
            client.set_registered_model_alias(model.dataset, alias, str(model.number))

    def delete_alias(self, dataset: DatasetName, alias: str) -> None:
        """Let ``models:/<dataset>@<alias>`` be nothing, as it may have been before."""
        from mlflow.exceptions import MlflowException

        with self._asked() as client:
            try:
                client.delete_registered_model_alias(dataset, alias)
            except MlflowException as problem:
                if problem.error_code != "RESOURCE_DOES_NOT_EXIST":
                    raise

    def set_tag(self, model: ModelVersion, tag: str, value: str) -> None:
        """Let a version and its run say something more."""
        with self._asked() as client:
            client.set_model_version_tag(model.dataset, str(model.number), tag, value)
            client.set_tag(model.mlflow_run_id, tag, value)

    def tag_of_run(self, model: ModelVersion, tag: str) -> str | None:
        """What the run that a model is from says of itself; None where it says nothing of this or is gone."""
        from mlflow.exceptions import MlflowException

        with self._asked() as client:
            try:
                told: str | None = client.get_run(model.mlflow_run_id).data.tags.get(tag)
            except MlflowException as problem:
                if problem.error_code != "RESOURCE_DOES_NOT_EXIST":
                    raise
                return None
            return told

    def weights(self, model: ModelVersion) -> bytes:
        """The weights among a model's artifacts, verified. Raises :class:`BadInput` when they are damaged."""
        local = self._local_artifact(model)
        content = local.read_bytes() if local is not None else self._download(model)
        if sha256(content).hexdigest() != model.weights_sha256:
            raise BadInput(
                f"the weights of {model.uri} at {model.source} are not the ones that were registered",
                f"Restore them from a copy, or delete the version in MLflow and train "
                f"{model.dataset} {model.dataset_version} again.",
            )
        return content

    def files(self, model: ModelVersion) -> Path | None:
        """The folder of a model's artifacts in this home; None where they lie elsewhere."""
        return self.folder_at(model.source)

    def folder_at(self, source: str) -> Path | None:
        """The folder of artifacts that MLflow names so; None where they lie elsewhere."""
        parts = urlsplit(source)
        if parts.scheme == "mlflow-artifacts":
            path = self.home.mlflow / "artifacts" / unquote(parts.path).lstrip("/")
        elif parts.scheme in ("file", "") and parts.path:
            path = Path(unquote(parts.path))
        else:
            return None
        return path if path.is_dir() else None

    def _local_artifact(self, model: ModelVersion) -> Path | None:
        """The weights as a file of this home, where they are one: needs neither server nor client."""
        folder = self.files(model)
        path = folder and folder / WEIGHTS_FILE
        return path if path and path.exists() else None

    def _download(self, model: ModelVersion) -> bytes:
        with self._asked() as client, tempfile.TemporaryDirectory(prefix="trainplat-weights-") as folder:
            from mlflow.artifacts import download_artifacts

            path = download_artifacts(
                artifact_uri=f"{model.source}/{WEIGHTS_FILE}",
                dst_path=folder,
                tracking_uri=client.tracking_uri,
            )
            return Path(path).read_bytes()

    def _experiment(self, client: "MlflowClient", dataset: DatasetName) -> str:
        from mlflow.exceptions import MlflowException

        found = client.get_experiment_by_name(dataset)
        if found is None:
            try:
                return str(
                    client.create_experiment(dataset, artifact_location=self._artifact_location(dataset))
                )
            except MlflowException as problem:
                found = client.get_experiment_by_name(dataset)  # another process may have been faster
                if found is None:
                    raise problem from None
        if found.lifecycle_stage != "active":
            raise BadInput(
                f"the MLflow experiment {dataset} (id {found.experiment_id}) was deleted",
                f"Restore it: mlflow experiments restore --experiment-id {found.experiment_id}",
            )
        return str(found.experiment_id)

    def _artifact_location(self, dataset: DatasetName) -> str | None:
        """In the home, unless the server is on another machine: then it keeps the artifacts itself."""
        if self.server is not None and urlsplit(self.server).hostname not in _LOOPBACK:
            return None
        return (self.home.mlflow / "artifacts" / dataset).absolute().as_uri()

    def _description(self, candidate: Candidate) -> str:
        """What it was trained from, with the way to the asset that made it, where Dagster is known to run."""
        told = f"Trained from {candidate.dataset} {candidate.version}."
        dagster = self.home.addresses().dagster
        asset, partition = candidate.tags.get(ASSET_TAG), candidate.tags.get(PARTITION_TAG)
        if dagster is None or asset is None or partition is None:
            return told
        return f"{told} [In Dagster]({dagster.rstrip('/')}/assets/{asset}?partition={quote(partition)})"

    def _create_registered_model(self, client: "MlflowClient", dataset: DatasetName) -> None:
        from mlflow.exceptions import MlflowException

        try:
            client.create_registered_model(dataset, description=f"Models of the data set {dataset}.")
        except MlflowException as problem:
            if problem.error_code != "RESOURCE_ALREADY_EXISTS":
                raise

    @contextmanager
    def _asked(self) -> Iterator["MlflowClient"]:
        """A client; what goes wrong with it comes out as an error for people."""
        client = self._client()
        from mlflow.exceptions import MlflowException

        where = self.server or str(self.home.mlflow)
        try:
            yield client
        except OSError as problem:
            raise disk_problem(problem, self.home.mlflow) from problem
        except MlflowException as problem:
            if self.server is not None and _is_down(problem):
                raise Unavailable(
                    f"MLflow at {self.server} does not answer: {_first_line(problem)}",
                    "See `trainplat status`; start it with `trainplat up`, then run the same thing again.",
                ) from problem
            raise Unavailable(
                f"MLflow at {where} refused: {_first_line(problem)}",
                "Look at the message and at MLflow's log, then run the same thing again.",
            ) from problem

    def _client(self) -> "MlflowClient":
        os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
        os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
        # MLflow's own values let a server that is down hold a run up for many minutes.
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", str(TIMEOUT_S))
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", str(RETRIES))
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR", "1")
        for name in ("mlflow.store.db.utils", "mlflow.pytorch"):
            # Tables that are made and the format that was chosen on purpose are no news to people.
            logging.getLogger(name).setLevel(logging.ERROR)
        from mlflow import MlflowClient

        if self.server is not None:
            return MlflowClient(self.server, self.server)
        self.home.mlflow.mkdir(parents=True, exist_ok=True)
        database = self.home.mlflow / DATABASE
        with FileLock(self.home.mlflow / "open.lock"):  # the first to open it makes the tables
            if not database.exists():
                _make_tables(database)
            uri = f"sqlite:///{database}"
            client = MlflowClient(uri, uri)
            client.search_registered_models(max_results=1)
        return client


def _make_tables(database: Path) -> None:
    """All of them or none: MLflow finds no way out of what a kill leaves amid its own making of them."""
    from mlflow import MlflowClient

    draft = database.with_name(f".{database.name}.{os.getpid()}.tmp")
    draft.unlink(missing_ok=True)
    MlflowClient(f"sqlite:///{draft}", f"sqlite:///{draft}").search_registered_models(max_results=1)
    draft.rename(database)


def _new_run(client: "MlflowClient", experiment: str, candidate: Candidate, tags: Mapping[str, str]) -> str:
    title = f"{candidate.dataset} {candidate.version}"
    return str(client.create_run(experiment, tags=dict(tags), run_name=title).info.run_id)


def _add_to_run(
    client: "MlflowClient", run_id: str, candidate: Candidate, tags: Mapping[str, str], at: datetime
) -> None:
    """The curve, and how it was trained. What the run has by now, as after a kill, stays as it is."""
    from mlflow.entities import Metric, Param, RunTag

    known = client.get_run(run_id).data
    metrics = [
        Metric(point.name, point.value, _ms(at), point.step)
        for point in candidate.metrics
        if point.name not in known.metrics
    ]
    params = [Param(name, value) for name, value in candidate.params.items() if name not in known.params]
    told = [RunTag(name, value) for name, value in tags.items()]
    client.log_batch(run_id, metrics=metrics[:MOST_METRICS], params=params, tags=told)
    for begin in range(MOST_METRICS, len(metrics), MOST_METRICS):
        client.log_batch(run_id, metrics=metrics[begin : begin + MOST_METRICS])


def _write_model(path: Path, candidate: Candidate, model_id: str, run_id: str, location: str) -> None:
    import mlflow.pytorch
    import numpy as np
    from mlflow.models import Model, ModelSignature
    from mlflow.types import Schema, TensorSpec

    height_px, width_px = candidate.image_size_px
    outputs = candidate.outputs or (len(candidate.classes),)
    weights = path.parent / "weights.pt"
    weights.write_bytes(candidate.weights)
    mlflow.pytorch.save_model(
        candidate.network,
        path,
        mlflow_model=Model(artifact_path=location, model_uuid=model_id, run_id=run_id, model_id=model_id),
        # The other format, pt2, traces the network, which takes 20 s and an example.
        serialization_format="pickle",
        signature=ModelSignature(
            inputs=Schema([TensorSpec(np.dtype("uint8"), (-1, height_px, width_px))]),
            outputs=Schema([TensorSpec(np.dtype("float32"), (-1, *outputs))]),
        ),
        pip_requirements=[f"{name}=={_plain_version(name)}" for name in ("torch", "numpy", "mlflow")],
        extra_files=[str(weights)],
    )


def _plain_version(package: str) -> str:
    """The version without the build's mark (``2.13.0+cpu``), which no package index knows."""
    return importlib.metadata.version(package).partition("+")[0]


def _version(dataset: DatasetName, found: "MlflowVersion") -> ModelVersion:
    tags: dict[str, Any] = found.tags
    missing = [tag for tag in (VERSION_TAG, SNAPSHOT_TAG, WEIGHTS_TAG) if tag not in tags]
    if missing:
        raise Conflict(
            f"version {found.version} of the model {dataset} has lost its tag {', '.join(missing)} in MLflow",
            "Find out who changes tags there; delete that version, then run the same thing again.",
        )
    return ModelVersion(
        dataset=dataset,
        dataset_version=VersionKey(tags[VERSION_TAG]),
        number=int(found.version),
        snapshot_id=tags[SNAPSHOT_TAG],
        source=str(found.source),
        mlflow_run_id=str(found.run_id or ""),
        mlflow_model_id=tags.get(MODEL_TAG, ""),
        weights_sha256=tags[WEIGHTS_TAG],
        run_id=tags.get(RUN_TAG, ""),
        registered_at=datetime.fromtimestamp(found.creation_timestamp / 1000, tz=UTC),
        facts=facts_of(tags),
    )


def _is_down(problem: Exception) -> bool:
    text = str(problem)
    return any(mark in text for mark in ("API request to", "Max retries exceeded", "Connection", "timed out"))


def _first_line(problem: Exception) -> str:
    return str(problem).splitlines()[0][:300]


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)
