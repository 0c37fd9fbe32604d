"""The servers that are compared: each in processes of its own, all there before the first is asked."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from benchmarks.serving.apps.model import SLEEP_MS, WEIGHTS
from resources.errors import Unavailable
from resources.ports import LOOPBACK, free_port
from resources.process import end_group

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".venvs" / "serving-peers"
START_S = 180.0
PEERS: Mapping[str, tuple[str, ...]] = {
    "litserve": ("litserve==0.2.19",),
    "rayserve": ("ray[serve]==2.60.0",),
    "bentoml": ("bentoml==1.4.40",),
}
"""What is installed for each, beside what the platform has."""


@dataclass(frozen=True)
class Server:
    """One that listens."""

    name: str
    address: str
    """Where one picture is asked about."""
    group: int
    """Its processes."""


def installed(peer: str) -> Path:
    """The packages of a peer, installed when they are not there yet. They shadow those of the platform."""
    folder = FOLDER / peer
    done = folder / ".done"
    if not done.exists():
        folder.mkdir(parents=True, exist_ok=True)
        pip = (sys.executable, "-m", "pip", "install", "--quiet", "--target", str(folder), "--upgrade")
        subprocess.run([*pip, *PEERS[peer]], check=True)
        done.touch()
    return folder


@contextmanager
def started(
    name: str, command: Sequence[str], path: str, port: int, environment: Mapping[str, str], body: Path
) -> Iterator[Server]:
    """A server in a group of its own, until it answers. Raises :class:`Unavailable` where it does not."""
    with Path(os.devnull).open("wb") as nowhere:
        process = subprocess.Popen(
            command,
            env={**os.environ, **environment},
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=nowhere,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        address = f"http://{LOOPBACK}:{port}{path}"
        _wait(name, process, address, body)
        yield Server(name, address, process.pid)
    finally:
        end_group(process.pid, grace_s=5.0)
        process.wait()


@contextmanager
def paused(others: Iterable[Server]) -> Iterator[None]:
    """Let them stand still meanwhile: a LitServe that nobody asks takes one core for itself."""
    groups = [server.group for server in others]
    for group in groups:
        os.killpg(group, signal.SIGSTOP)
    try:
        yield
    finally:
        for group in groups:
            os.killpg(group, signal.SIGCONT)


@contextmanager
def app(name: str, weights: Path, sleep_ms: float, body: Path) -> Iterator[Server]:
    """The smallest application of a library, or of uvicorn alone."""
    port = free_port()
    folders = [str(ROOT)] + ([str(installed(name))] if name in PEERS else [])
    environment = {
        WEIGHTS: str(weights),
        SLEEP_MS: str(sleep_ms),
        "PYTHONPATH": os.pathsep.join(folders),
        "OMP_NUM_THREADS": "1",
        "RAY_USAGE_STATS_ENABLED": "0",
        "BENTOML_DO_NOT_TRACK": "True",
    }
    module = f"benchmarks.serving.apps.{name}_app"
    command = [sys.executable, "-m", module, str(port)]
    if name == "bentoml":
        serve = ("serve", f"{module}:Model", "--host", LOOPBACK, "--port", str(port))
        command = [sys.executable, "-m", "bentoml", *serve]
    with started(name, command, "/infer", port, environment, body) as server:
        yield server


@contextmanager
def mlflow(model: Path, home: Path, body: Path) -> Iterator[Server]:
    """``mlflow models serve``, as its documentation starts it, in the environment that is there."""
    port = free_port()
    command = [sys.executable, "-m", "mlflow", "models", "serve", "-m", str(model), "--env-manager", "local"]
    environment = {
        "MLFLOW_TRACKING_URI": f"sqlite:///{home / 'none.db'}",
        "OMP_NUM_THREADS": "1",
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath))),
    }
    command += ["--host", LOOPBACK, "--port", str(port)]
    with started("mlflow", command, "/invocations", port, environment, body) as server:
        yield server


def _wait(name: str, process: "subprocess.Popen[bytes]", address: str, body: Path) -> None:
    deadline = time.monotonic() + START_S
    content, problem = body.read_bytes(), "it ended"
    while time.monotonic() < deadline and process.poll() is None:
        try:
            answered = httpx.post(address, content=content, headers={"content-type": "application/json"})
            if answered.status_code == 200:
                return
            problem = f"{answered.status_code} {answered.text[:200]}"
        except httpx.HTTPError as failed:
            problem = str(failed)
        time.sleep(0.5)
    raise Unavailable(f"{name} does not answer at {address}: {problem}", "Start it by hand to see why.")
