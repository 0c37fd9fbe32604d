"""The same model versions in MLflow, and the same task in its own pages."""

import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from resources.registry.comparing.metrics import Metric
from resources.registry.evaluations.model import Measurement

DATABASE = "mlflow.db"


def start(folder: Path, port: int) -> "subprocess.Popen[bytes]":
    """A server on loopback as the stack starts it, with what it is told in ``folder``."""
    environment = os.environ | {
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--workers", "1", "--backend-store-uri", _address(folder)]
    command += ["--serve-artifacts", "--artifacts-destination", str(folder / "artifacts")]
    with (folder / "server.log").open("ab") as log:
        return subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def fill(folder: Path, measured: Sequence[Measurement]) -> str:
    """A run and a model version for each, with all parameters and numbers; the id of their experiment."""
    from mlflow import MlflowClient
    from mlflow.entities import Metric as Point
    from mlflow.entities import Param

    folder.mkdir(parents=True, exist_ok=True)
    client = MlflowClient(tracking_uri=_address(folder), registry_uri=_address(folder))
    name = measured[0].dataset
    experiment = str(client.create_experiment(name, artifact_location=str(folder / "artifacts")))
    client.create_registered_model(name)
    for one in measured:
        at_ms = _ms(one.measured_at)
        run = client.create_run(experiment, at_ms, run_name=f"{name}-{one.number}").info.run_id
        points = [
            Point(str(metric), value, at_ms, 0) for metric in Metric if (value := metric.of(one)) is not None
        ]
        points += [
            Point(f"slice_{part.replace(':', '_')}", score.value, at_ms, 0)
            for part, score in one.slices.items()
        ]
        client.log_batch(run, metrics=points, params=[Param(key, value) for key, value in one.params.items()])
        client.set_terminated(run, end_time=at_ms)
        client.create_model_version(name, str(folder / "artifacts" / run), run, await_creation_for=0)
    return experiment


def _address(folder: Path) -> str:
    return f"sqlite:///{folder / DATABASE}"


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)
