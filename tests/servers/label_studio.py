"""A real Label Studio for tests: one for the whole session, because its start takes half a minute."""

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx
import pytest

from resources.home import Home
from resources.labeling.label_studio.client import LabelStudioClient
from resources.labeling.label_studio.connection import Connection
from resources.process import end_group
from tests.made_once import made_once
from tests.needs import needs

READY_S = 180.0
EMAIL = "admin@trainplat.local"
DATABASE = "label_studio.sqlite3"
"""In the folder that ``LABEL_STUDIO_BASE_DATA_DIR`` names."""
QUIET = {"COLLECT_ANALYTICS": "0", "LATEST_VERSION_CHECK": "0", "SENTRY_DSN": "", "FRONTEND_SENTRY_DSN": ""}
"""So that it asks and tells nobody."""


@dataclass(frozen=True)
class LabelStudioServer:
    """A Label Studio that runs."""

    address: str
    token: str
    document_root: Path
    """What it may show; each test's ``Home.served`` is this folder."""
    pid: int
    """It leads a process group of its own."""
    password: str
    """What :data:`EMAIL` signs in with, for a browser."""

    def client(self, timeout_s: float = 30.0) -> LabelStudioClient:
        """A client that it lets in."""
        return LabelStudioClient(Connection(self.address, self.token, timeout_s=timeout_s))

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Inside, it takes connections and never answers, as a machine that is overloaded does."""
        os.killpg(self.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.killpg(self.pid, signal.SIGCONT)

    def delete_projects(self) -> None:
        """Take away what earlier tests left."""
        connection = self.client().connection
        listed = connection.get("/api/projects/", {"page_size": 1000}).json()
        for row in listed["results"]:
            connection.delete(f"/api/projects/{row['id']}/")


@pytest.fixture(scope="session")
def label_studio_tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database of Label Studio's that holds nobody yet: making its tables takes a core half a minute."""
    program = Path(needs("label studio"))
    return made_once(tmp_path_factory, "label-studio-tables", partial(_make_tables, program)) / DATABASE


@pytest.fixture(scope="session")
def label_studio_server(
    tmp_path_factory: pytest.TempPathFactory, label_studio_tables: Path
) -> Iterator[LabelStudioServer]:
    """The session's Label Studio, on a free port of loopback, over a temporary folder."""
    program = needs("label studio")
    folder = tmp_path_factory.mktemp("label-studio")
    (folder / "data").mkdir()
    shutil.copy(label_studio_tables, folder / "data")
    with started(program, folder) as server:
        yield server


@pytest.fixture
def label_studio(
    label_studio_server: LabelStudioServer, trainplat_home: Path, monkeypatch: pytest.MonkeyPatch
) -> LabelStudioServer:
    """The session's Label Studio, empty, and known to this test's home as if trainplat up had started it."""
    label_studio_server.delete_projects()
    root = label_studio_server.document_root
    for folder in root.iterdir():
        shutil.rmtree(folder)
    monkeypatch.setattr(Home, "served", property(lambda _home: root))
    monkeypatch.setenv("TRAINPLAT_LABEL_STUDIO_URL", label_studio_server.address)
    write_secrets(trainplat_home, label_studio_server.token)
    return label_studio_server


def write_secrets(home: Path, token: str) -> None:
    """Give a home the token of a Label Studio."""
    home.mkdir(parents=True, exist_ok=True)
    given = {
        "label_studio_email": EMAIL,
        "label_studio_password": "unused",
        "label_studio_token": token,
        "webhook_secret": "0123456789abcdef",
    }
    (home / "secrets.json").write_text(json.dumps(given))


@contextmanager
def started(program: str, folder: Path) -> Iterator[LabelStudioServer]:
    """Start Label Studio over ``folder``, wait until it is ready, and end it afterwards."""
    served = folder / "served"
    served.mkdir(parents=True)
    token, password = secrets.token_hex(20), secrets.token_urlsafe(12)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    environment = {
        **os.environ,
        "HOME": str(folder),
        "LABEL_STUDIO_BASE_DATA_DIR": str(folder / "data"),
        "LABEL_STUDIO_LOCAL_FILES_SERVING_ENABLED": "true",
        "LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT": str(served),
        "LABEL_STUDIO_USERNAME": EMAIL,
        "LABEL_STUDIO_PASSWORD": password,
        "LABEL_STUDIO_USER_TOKEN": token,
        "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true",
        "LABEL_STUDIO_DISABLE_SIGNUP_WITHOUT_LINK": "true",
        "SSRF_PROTECTION_ENABLED": "false",
        **QUIET,
    }
    command = [
        *(program, "start", "--no-browser", "--init", "tests"),
        *("--host", address, "--internal-host", "127.0.0.1", "--port", str(port)),
    ]
    log = folder / "label-studio.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            env=environment,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _wait_until_ready(process, address, log)
        yield LabelStudioServer(address, token, served, process.pid, password)
    finally:
        end_group(process.pid, grace_s=5.0)
        process.wait()


def _make_tables(program: Path, folder: Path) -> None:
    """What its start does first: ``migrate`` of Django."""
    find = "import os, label_studio; print(os.path.dirname(label_studio.__file__))"
    python = program.with_name("python")
    package = subprocess.run([python, "-c", find], capture_output=True, text=True, check=True, cwd=folder)
    environment = {
        **os.environ,
        "HOME": str(folder),
        "DJANGO_SETTINGS_MODULE": "label_studio.core.settings.label_studio",
        "LABEL_STUDIO_BASE_DATA_DIR": str(folder),
        **QUIET,
    }
    done = subprocess.run(
        [python, f"{package.stdout.strip()}/manage.py", "migrate", "--no-color", "--verbosity", "0"],
        env=environment,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        raise RuntimeError(f"Label Studio made no tables:\n{done.stderr[-3000:]}")


def _wait_until_ready(process: "subprocess.Popen[bytes]", address: str, log: Path) -> None:
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            if httpx.get(f"{address}/health", timeout=5, trust_env=False).is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.3)
    raise RuntimeError(f"Label Studio did not start:\n{log.read_text(errors='replace')[-3000:]}")
