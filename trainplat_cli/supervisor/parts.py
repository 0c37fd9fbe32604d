"""How each part of the stack is started, and where it listens."""

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from resources.errors import NotFound
from resources.gpu.environment import without_lease
from resources.home import Addresses, Home, Secrets
from resources.ports import LOOPBACK
from resources.process import ProcessIdentity
from trainplat_cli.supervisor.marked import MARK_VARIABLE
from trainplat_cli.supervisor.model import Part, PartName, StopOrder
from trainplat_cli.supervisor.prepare import CHECKOUT, LOCATION, workspace_file
from trainplat_cli.supervisor.probes import code_server_probe, daemon_probe, http_probe
from trainplat_cli.texts import _

DEFINITIONS_MODULE = "trainplat_assets.definitions"
LABEL_STUDIO_BIN_VARIABLE = "TRAINPLAT_LABEL_STUDIO_BIN"

Processes = Callable[[PartName], ProcessIdentity | None]
"""Tells the process of a part, as it is when asked."""


def build_parts(
    home: Home,
    ports: Mapping[PartName, int],
    secrets: Secrets,
    mark: str,
    processes: Processes,
    *,
    definitions_module: str = DEFINITIONS_MODULE,
) -> tuple[Part, ...]:
    """The parts of the stack of ``home``. Raises NotFound when Label Studio is not installed."""
    environment = shared_environment(home, mark)
    python = sys.executable
    workspace = str(workspace_file(home))

    def part(name: PartName, *command: str, **more: object) -> Part:
        port = ports.get(name)
        told: dict[str, object] = {
            "environment": environment,
            "folder": CHECKOUT,
            "port": port,
            "address": None if port is None else f"http://{LOOPBACK}:{port}",
        }
        return Part(name=name, command=command, **{**told, **more})  # type: ignore[arg-type]

    code_port = ports[PartName.CODE_SERVER]
    module = ("-m", definitions_module, "-d", str(CHECKOUT), "--location-name", LOCATION)
    mlflow_database = f"sqlite:///{home.mlflow / 'mlflow.db'}"
    return (
        part(
            PartName.LABEL_STUDIO,
            str(label_studio_program()),
            *("start", "--no-browser", "--internal-host", LOOPBACK),
            *("--host", f"http://{LOOPBACK}:{ports[PartName.LABEL_STUDIO]}"),
            *("--port", str(ports[PartName.LABEL_STUDIO])),
            environment=label_studio_environment(home, secrets, environment),
            folder=home.label_studio,
            probe=http_probe(ports[PartName.LABEL_STUDIO], "/health"),
        ),
        part(
            PartName.CODE_SERVER,
            *(python, "-m", "dagster", "code-server", "start", "-h", LOOPBACK, "-p", str(code_port)),
            *("--use-python-environment-entry-point", *module),
            # It gives out the notebooks that lie below its own folder: executed reports lie in the home.
            folder=home.path,
            address=f"grpc://{LOOPBACK}:{code_port}",
            probe=code_server_probe(code_port),
        ),
        part(
            PartName.DAGSTER,
            *(python, "-m", "dagster_webserver", "-h", LOOPBACK, "-p", str(ports[PartName.DAGSTER])),
            *("-w", workspace),
            probe=http_probe(ports[PartName.DAGSTER], "/server_info"),
        ),
        part(
            PartName.DAEMON,
            *(python, "-m", "dagster._daemon", "run", "-w", workspace),
            probe=daemon_probe(ports[PartName.DAGSTER], lambda: processes(PartName.DAEMON)),
            # A daemon that finds no code location looks again a minute later.
            after=PartName.CODE_SERVER,
            stop_order=StopOrder.BEFORE_RUNS,
            probed_when_ready=False,
        ),
        part(
            PartName.MLFLOW,
            *(python, "-m", "mlflow", "server", "--host", LOOPBACK, "--port", str(ports[PartName.MLFLOW])),
            *("--workers", "1", "--backend-store-uri", mlflow_database),
            *("--serve-artifacts", "--artifacts-destination", str(home.mlflow / "artifacts")),
            probe=http_probe(ports[PartName.MLFLOW], "/health"),
        ),
        part(
            PartName.STREAMLIT,
            *(python, "-m", "streamlit", "run", str(CHECKOUT / "streamlit_app" / "app.py")),
            *("--server.headless", "true", "--browser.gatherUsageStats", "false"),
            *("--server.address", LOOPBACK, "--server.port", str(ports[PartName.STREAMLIT])),
            probe=http_probe(ports[PartName.STREAMLIT], "/_stcore/health"),
        ),
        part(
            PartName.WEBHOOK,
            *(python, "-m", "resources.labeling.webhook", "--host", LOOPBACK),
            *("--port", str(ports[PartName.WEBHOOK])),
            probe=http_probe(ports[PartName.WEBHOOK], "/health"),
        ),
        part(
            PartName.SERVING,
            *(python, "-m", "resources.serving.server", "--host", LOOPBACK),
            *("--port", str(ports[PartName.SERVING])),
            probe=http_probe(ports[PartName.SERVING], "/health"),
        ),
    )


def addresses_of(parts: tuple[Part, ...]) -> Addresses:
    """Where the parts listen, as everybody who uses the home is told."""
    by_name = {part.name: part.address for part in parts}
    return Addresses(
        dagster=by_name.get(PartName.DAGSTER),
        mlflow=by_name.get(PartName.MLFLOW),
        label_studio=by_name.get(PartName.LABEL_STUDIO),
        streamlit=by_name.get(PartName.STREAMLIT),
        webhook=by_name.get(PartName.WEBHOOK),
        serving=by_name.get(PartName.SERVING),
    )


def shared_environment(home: Home, mark: str) -> dict[str, str]:
    """The environment of every part: ours, with the home, the mark, and nobody told about us."""
    environment = without_lease(os.environ)  # the stack outlives a lease of the shell that starts it
    programs = str(Path(sys.executable).parent)
    # A proxy of the machine has no business between two parts of one stack.
    spared = ",".join(filter(None, (os.environ.get("NO_PROXY") or os.environ.get("no_proxy"), LOOPBACK)))
    return environment | {
        "TRAINPLAT_HOME": str(home.path),
        "DAGSTER_HOME": str(home.dagster),
        MARK_VARIABLE: mark,
        "PATH": os.pathsep.join((programs, os.environ.get("PATH", os.defpath))),
        "PYTHONUNBUFFERED": "1",
        "NO_PROXY": spared,
        "no_proxy": spared,
        "DAGSTER_DISABLE_TELEMETRY": "1",
        # What a run plans is written in one go: see resources/runs/event_log.py.
        "DAGSTER_EVENT_BATCH_SIZE": "1000",
        "DO_NOT_TRACK": "1",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        # Its job runner is eight more processes, and nothing here uses it.
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "DVC_NO_ANALYTICS": "1",
    }


def label_studio_environment(home: Home, secrets: Secrets, shared: Mapping[str, str]) -> dict[str, str]:
    """What Label Studio needs besides. It makes its own random SECRET_KEY and keeps it in its folder."""
    foreign = ("LABEL_STUDIO_", "DJANGO_", "POSTGRE_", "PYTHONPATH", "VIRTUAL_ENV", "SECRET_KEY")
    kept = {name: value for name, value in shared.items() if not name.startswith(foreign)}
    return kept | {
        "LABEL_STUDIO_BASE_DATA_DIR": str(home.label_studio),
        "LABEL_STUDIO_LOCAL_FILES_SERVING_ENABLED": "true",
        "LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT": str(home.served),
        "LABEL_STUDIO_USERNAME": secrets.label_studio_email,
        "LABEL_STUDIO_PASSWORD": secrets.label_studio_password,
        "LABEL_STUDIO_USER_TOKEN": secrets.label_studio_token,
        "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true",
        "LABEL_STUDIO_DISABLE_SIGNUP_WITHOUT_LINK": "true",
        # Its protection against requests to private addresses would refuse our web hook receiver.
        "SSRF_PROTECTION_ENABLED": "false",
        "COLLECT_ANALYTICS": "0",
        "LATEST_VERSION_CHECK": "0",
        "SENTRY_DSN": "",
        "FRONTEND_SENTRY_DSN": "",
    }


def label_studio_program() -> Path:
    """Label Studio's own program: ``TRAINPLAT_LABEL_STUDIO_BIN``, else the one beside the checkout."""
    given = os.environ.get(LABEL_STUDIO_BIN_VARIABLE)
    program = Path(given) if given else CHECKOUT / ".venvs" / "label-studio" / "bin" / "label-studio"
    if not os.access(program, os.X_OK) or not program.is_file():
        raise NotFound(
            _("Label Studio is not installed at {path}").format(path=program),
            _("Install it with `make setup`, or set {variable} to the program.").format(
                variable=LABEL_STUDIO_BIN_VARIABLE
            ),
        )
    return program
