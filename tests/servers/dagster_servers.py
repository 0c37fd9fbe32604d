"""A real Dagster for tests: code server, daemon and web server on loopback, over a home of their own.

The code location is ``tests.servers.gpu_location``: assets that hold devices for as long as a test wants.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import httpx
import psutil
import pytest
from dagster import DagsterInstance, DagsterRun, DagsterRunStatus

from resources.gpu.model import RunId
from resources.gpu.service import GpuService
from resources.home import Home
from resources.runs.instance import open_instance
from tests.servers.dagster_instances import copy_instance

CHECKOUT = Path(__file__).resolve().parents[2]
LAUNCH = """
mutation Launch($params: ExecutionParams!) {
  launchRun(executionParams: $params) {
    __typename
    ... on LaunchRunSuccess { run { runId } }
    ... on PythonError { message }
    ... on RunConfigValidationInvalid { errors { message } }
  }
}
"""


@dataclass
class DagsterServers:
    """The processes, and how a test talks to them."""

    home: Home
    port: int
    environment: dict[str, str]
    module: str
    code: tuple[str, ...] = ("api", "grpc")
    """How the code server is started; ``code-server start`` can load its code anew."""
    processes: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)
    _open: DagsterInstance | None = None
    """Stays open for who waits for a run: to open it takes longer than to look."""

    @property
    def url(self) -> str:
        """Where the web server listens."""
        return f"http://127.0.0.1:{self.port}"

    def instance(self) -> AbstractContextManager[DagsterInstance]:
        """The instance that the servers use."""
        return open_instance(self.home.dagster)

    def gpu(self) -> GpuService:
        """The ledger that the servers use."""
        return GpuService(self.home.database())

    def start(self, part: str, name: str | None = None) -> None:
        """Start ``daemon``, ``webserver`` or ``code``; under another name, a second one beside the first."""
        workspace = ["-w", str(self.home.run / "workspace.yaml")]
        command = {
            "code": [
                "dagster",
                *self.code,
                "-m",
                self.module,
                "-p",
                str(self._grpc_port()),
                "-h",
                "127.0.0.1",
            ],
            "daemon": ["dagster._daemon", "run", *workspace],
            "webserver": ["dagster_webserver", "-h", "127.0.0.1", "-p", str(self.port), *workspace],
        }[part]
        self.home.logs.mkdir(parents=True, exist_ok=True)
        with (self.home.logs / f"{name or part}.log").open("ab") as log:
            self.processes[name or part] = subprocess.Popen(
                [sys.executable, "-m", *command],
                cwd=CHECKOUT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def kill(self, part: str) -> None:
        """``kill -9`` of one part."""
        self.processes[part].kill()
        self.processes.pop(part).wait()

    def stop(self) -> None:
        """End every part, and whatever they started."""
        if self._open is not None:
            self._open.dispose()
        groups = [process.pid for process in self.processes.values()]
        for process in self.processes.values():
            process.send_signal(signal.SIGTERM)
        for process in self.processes.values():
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        workers = [lease.holder for lease in self.gpu().live_leases() if lease.holder is not None]
        for group in groups + [worker.pid for worker in workers if worker.is_alive()]:
            try:
                os.killpg(group, signal.SIGKILL)
            except ProcessLookupError:
                continue

    def launch(self, job: str, tags: Mapping[str, str] | None = None) -> RunId:
        """Launch a job through the web server, as its page does. Returns the run's id."""
        parameters = {
            "selector": {
                "jobName": job,
                "repositoryName": "__repository__",
                "repositoryLocationName": "test",
            },
            "runConfigData": {},
            "executionMetadata": {
                "tags": [{"key": key, "value": value} for key, value in (tags or {}).items()]
            },
        }
        answer = self.graphql(LAUNCH, {"params": parameters})["launchRun"]
        assert answer["__typename"] == "LaunchRunSuccess", answer
        return RunId(answer["run"]["runId"])

    def graphql(self, query: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        """One question to the web server."""
        answer = httpx.post(
            f"{self.url}/graphql", json={"query": query, "variables": dict(variables)}, timeout=60
        ).json()
        assert "errors" not in answer, answer["errors"]
        return dict(answer["data"])

    def run(self, run_id: str) -> DagsterRun:
        """The run as it is now."""
        if self._open is None:
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("DAGSTER_HOME", str(self.home.dagster))
                self._open = DagsterInstance.get()
        found = self._open.get_run_by_id(run_id)
        assert found is not None
        return found

    def wait_for_status(self, run_id: str, *wanted: DagsterRunStatus, timeout_s: float = 90) -> DagsterRun:
        """Wait until the run is in one of the states."""
        return wait_until(
            lambda: found if (found := self.run(run_id)).status in wanted else None,
            f"run {run_id} to be {wanted}",
            timeout_s,
        )

    def _grpc_port(self) -> int:
        return int(self.environment["TEST_GRPC_PORT"])


T = TypeVar("T")


def wait_until(look: Callable[[], T | None], what: str, timeout_s: float = 60) -> T:
    """Look until something is there; fails with ``what`` after ``timeout_s``."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.2)
    raise AssertionError(f"waited {timeout_s} s for {what}")


def free_port() -> int:
    """A port of loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def dagster_servers(
    folder: Path,
    module: str,
    template: Path,
    extra: Mapping[str, str],
    *,
    location: str = "test",
    code: Sequence[str] = ("api", "grpc"),
) -> Iterator[DagsterServers]:
    """Code server, daemon and web server over a new home in ``folder``, ended afterwards.

    Its instance is a copy of ``template``: the three would make its databases at the same moment.
    """
    home = Home(folder / "home")
    copy_instance(template, home.dagster)
    grpc_port = free_port()
    home.run.mkdir()
    (home.run / "workspace.yaml").write_text(
        f"load_from:\n- grpc_server: {{host: 127.0.0.1, port: {grpc_port}, location_name: {location}}}\n"
    )
    environment = {
        **os.environ,
        "TRAINPLAT_HOME": str(home.path),
        "DAGSTER_HOME": str(home.dagster),
        "DAGSTER_EVENT_BATCH_SIZE": "1000",
        "TEST_GRPC_PORT": str(grpc_port),
        **extra,
    }
    servers = DagsterServers(home, free_port(), environment, module, tuple(code))
    try:
        servers.start("code")
        wait_until(lambda: _listens(grpc_port), "the code server", 60)
        servers.start("daemon")
        servers.start("webserver")
        wait_until(lambda: _answers(f"{servers.url}/server_info"), "the web server", 90)
        yield servers
    finally:
        servers.stop()


@pytest.fixture(scope="module")
def gpu_servers(tmp_path_factory: pytest.TempPathFactory, dagster_template: Path) -> Iterator[DagsterServers]:
    """A Dagster with two CPU slots, and assets that hold them until a test lets go."""
    folder = tmp_path_factory.mktemp("dagster")
    extra = {
        "TRAINPLAT_CPU_SLOTS": "2",
        "TEST_GATES": str(folder),
        # Only runs that say so can be stopped for others; these may be at once.
        "TRAINPLAT_MIN_RUNTIME_S": "0",
    }
    with dagster_servers(folder, "tests.servers.gpu_location", dagster_template, extra) as servers:
        yield servers


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5).is_success
    except httpx.HTTPError:
        return False


def alive(pid: int) -> bool:
    """Whether a process runs, and is no zombie."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
