"""Making a home ready for the stack: its folders, the linked ``dagster.yaml``, the workspace file."""

import json
import os
from pathlib import Path

from resources.errors import Conflict, NotFound
from resources.files import write_atomically
from resources.home import Home, read_or_make_secrets
from trainplat_cli.supervisor.ports import LOOPBACK
from trainplat_cli.texts import _

CHECKOUT = Path(__file__).resolve().parents[2]
"""The checkout that this package is installed from, editable."""
LOCATION = "trainplat"
"""The name of the code location, as in ``workspace.yaml``."""
MARKER = "trainplat-home.json"
_OURS = (
    *("trainplat.db", "secrets.json", "data", "served", "checkpoints"),
    *("mlflow", "label-studio", "dagster", "run", "logs"),
)


def marker_file(home: Home) -> Path:
    """The file that says that this folder was made by trainplat, and may be emptied by it."""
    return home.path / MARKER


def workspace_file(home: Home) -> Path:
    """Where the web server and the daemon find the code server."""
    return home.run / "workspace.yaml"


def prepare(home: Home, code_server_port: int) -> None:
    """Make folders and files that the parts need; can be repeated. Raises Conflict for a folder of somebody
    else's, NotFound when the checkout lacks ``dagster.yaml``.
    """
    mark_home(home)
    for folder in (home.run, home.logs, home.dagster, home.mlflow, home.label_studio, home.served):
        folder.mkdir(parents=True, exist_ok=True)
    read_or_make_secrets(home)
    link_instance(home)
    write_atomically(
        workspace_file(home),
        json.dumps(  # JSON is YAML, and needs no quoting rules of ours
            {
                "load_from": [
                    {
                        "grpc_server": {
                            "host": LOOPBACK,
                            "port": code_server_port,
                            "location_name": LOCATION,
                        }
                    }
                ]
            }
        ),
    )


def mark_home(home: Home) -> None:
    """Make the folder, owner only, and mark it as ours. Raises Conflict for one that holds other things."""
    home.path.mkdir(parents=True, mode=0o700, exist_ok=True)
    if marker_file(home).exists():
        return
    inside = sorted(found.name for found in home.path.iterdir())
    strangers = [name for name in inside if not name.startswith((*_OURS, "."))]
    if strangers:
        raise Conflict(
            _("{home} holds other things than a trainplat home: {names}").format(
                home=home.path, names=", ".join(strangers[:5])
            ),
            _("Set TRAINPLAT_HOME to an empty folder, or to one that does not exist yet."),
        )
    write_atomically(marker_file(home), json.dumps({"made_by": "trainplat", "layout": 1}) + "\n")


def link_instance(home: Home) -> None:
    """Link the checkout's ``dagster.yaml`` into the home's instance, so that both are one."""
    source = CHECKOUT / "dagster.yaml"
    if not source.exists():
        raise NotFound(
            _("{path} is missing; it says how the Dagster instance works").format(path=source),
            _("Bring it back with git: git checkout dagster.yaml"),
        )
    home.dagster.mkdir(parents=True, exist_ok=True)
    link = home.dagster / "dagster.yaml"
    if link.is_symlink() and link.readlink() == source:
        return
    if link.exists() and not link.is_symlink():
        raise Conflict(
            _("{path} is a file of its own; expected a link to {source}").format(path=link, source=source),
            _("Move it away; settings of the instance belong into {source}.").format(source=source),
        )
    draft = link.with_name(f".dagster.yaml.{os.getpid()}.tmp")
    draft.unlink(missing_ok=True)
    draft.symlink_to(source)
    draft.replace(link)
