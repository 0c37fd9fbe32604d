"""A real MLflow server for tests: one for the whole session, since it takes seconds to start.

Its experiments and models are shared by all tests: each uses data set names of its own.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from resources.home import Home
from resources.registry.client import Mlflow
from resources.terms import DatasetName
from tests.environment import unmeasured
from tests.made_once import made_once

READY_TIMEOUT_S = 150.0
DATABASE = "mlflow.db"


@dataclass(frozen=True)
class MlflowServer:
    """A server that runs."""

    url: str
    folder: Path
    """Its database and its artifacts."""
    pid: int
    """The leader of its process group."""


def start_mlflow(folder: Path, port: int) -> "subprocess.Popen[bytes]":
    """Start a server on loopback that keeps everything in ``folder``; the caller waits for and ends it."""
    folder.mkdir(parents=True, exist_ok=True)
    environment = unmeasured(os.environ) | {
        # The job runner is a dozen processes more, for features that nobody here uses.
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }
    command = ["server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    command += ["--backend-store-uri", f"sqlite:///{folder / DATABASE}"]
    command += ["--serve-artifacts", "--artifacts-destination", str(folder / "artifacts")]
    with (folder / "server.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "mlflow", *command],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def wait_until_ready(process: "subprocess.Popen[bytes]", url: str, folder: Path) -> None:
    """Return when the server answers; fail with its log when it ends or takes too long."""
    deadline = time.monotonic() + READY_TIMEOUT_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"{url}/health", timeout=2).status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    pytest.fail(f"MLflow is not ready:\n{(folder / 'server.log').read_text()[-3000:]}", pytrace=False)


def stop_mlflow(process: "subprocess.Popen[bytes]") -> None:
    """Kill the whole group of a server: its leader passes no signal on to its workers."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def free_port() -> int:
    """A port of the loopback address that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def mlflow_tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An MLflow database that holds nothing yet: making its tables takes longer than most tests."""

    def make(folder: Path) -> None:
        Mlflow(Home(folder)).versions(DatasetName("none"), "none")

    return Home(made_once(tmp_path_factory, "mlflow-tables", make)).mlflow / DATABASE


@pytest.fixture
def mlflow_in_home(mlflow_tables: Path, trainplat_home: Path) -> None:
    """The home has an MLflow database already, as after its first day."""
    folder = Home(trainplat_home).mlflow
    folder.mkdir(parents=True)
    shutil.copy(mlflow_tables, folder)


@pytest.fixture(scope="session")
def mlflow_server(tmp_path_factory: pytest.TempPathFactory, mlflow_tables: Path) -> Iterator[MlflowServer]:
    """A real MLflow server, shared by the session; mark tests that use it ``real``."""
    folder, port = tmp_path_factory.mktemp("mlflow"), free_port()
    shutil.copy(mlflow_tables, folder)
    url = f"http://127.0.0.1:{port}"
    process = start_mlflow(folder, port)
    try:
        wait_until_ready(process, url, folder)
        yield MlflowServer(url, folder, process.pid)
    finally:
        stop_mlflow(process)
