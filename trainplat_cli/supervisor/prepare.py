"""Making a home ready for the stack: its folders, the linked ``dagster.yaml``, the workspace file."""

import json
import os
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from resources.errors import BadInput, Conflict, Denied, NotFound, Unavailable
from resources.files import write_atomically
from resources.home import HOME_VARIABLE, Home, read_or_make_secrets
from resources.ports import LOOPBACK
from trainplat_cli.supervisor.marked import MARK_VARIABLE
from trainplat_cli.texts import _

CHECKOUT = Path(__file__).resolve().parents[2]
"""The checkout that this package is installed from, editable."""
LOCATION = "trainplat"
"""The name of the code location, as in ``workspace.yaml``."""
MARKER = "trainplat-home.json"
STORAGES = {"history/runs.db": 1, "history/event_log.db": 0, "schedules/schedules.db": 1}
"""The databases of the embedded Dagster instance, below its folder, and how many revisions Dagster keeps in
each when it has made it: that of the one-file event log it never commits.
"""
SHOWN_ERROR_CHARACTERS = 500
URL_SIGNS = ("?", "#")
"""What ends a path in a URL, such as those of the databases of our tables and of MLflow."""
_OURS = (
    *("trainplat.db", "secrets.json", "vendors.yaml", "prices.yaml", "data", "served", "checkpoints"),
    *("trainings", "structure", "models", "batch", "evaluations", "answers"),
    *("mlflow", "label-studio", "dagster", "run", "logs", "work"),
)


def marker_file(home: Home) -> Path:
    """The file that says that this folder was made by trainplat, and may be emptied by it."""
    return home.path / MARKER


def workspace_file(home: Home) -> Path:
    """Where the web server and the daemon find the code server."""
    return home.run / "workspace.yaml"


def prepare(home: Home, code_server_port: int) -> None:
    """Make folders and files that the parts need; can be repeated. Raises BadInput for a home that is no
    folder, Conflict for a folder of somebody else's, NotFound when the checkout lacks ``dagster.yaml``.
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
    """Make the folder, and mark it as ours, readable by its owner only, also when somebody else made it.

    Raises BadInput for what is no folder, Denied for one that this user cannot write, Conflict for one that
    holds other things.
    """
    check_folder(home)
    home.path.mkdir(parents=True, mode=0o700, exist_ok=True)
    if not marker_file(home).exists():
        _mark(home)
    if others_may_enter(home.path) and home.path.stat().st_uid == os.geteuid():
        home.path.chmod(0o700)


def check_folder(home: Home) -> None:
    """Nothing where the home is a folder that this user can write, or is not there yet.

    Raises BadInput for what is no folder, and for a path that no URL of a database can hold; Denied for a
    folder that this user cannot write.
    """
    found = [sign for sign in URL_SIGNS if sign in str(home.path)]
    if found:
        raise BadInput(
            _("{variable} names {home}; expected a path without {sign}, which ends a path in a URL").format(
                variable=HOME_VARIABLE, home=home.path, sign=found[0]
            ),
            _("Set TRAINPLAT_HOME to a folder with another name."),
        )
    if not os.path.lexists(home.path):
        return
    if not home.path.is_dir():
        raise BadInput(
            _("{variable} names {home}, which is not a folder").format(
                variable=HOME_VARIABLE, home=home.path
            ),
            _("Set TRAINPLAT_HOME to an empty folder, or to one that does not exist yet."),
        )
    if not os.access(home.path, os.W_OK | os.X_OK):
        raise Denied(
            _("{home} cannot be written by this user").format(home=home.path),
            _("Give it to this user (chown -R), or set TRAINPLAT_HOME to another folder."),
        )


def others_may_enter(path: Path) -> bool:
    """Whether anybody but its owner may do anything with ``path``."""
    return bool(path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO))


def _mark(home: Home) -> None:
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


def make_storages(home: Home, mark: str) -> None:
    """Make the databases of the Dagster instance before several parts open them at once. Raises Unavailable.

    A process of its own does it: Dagster would stay in the supervisor's memory for as long as the stack runs.
    It carries ``mark``, by which the next supervisor finds it should this one be killed meanwhile.
    """
    if all(_is_made(home.dagster / storage, revisions) for storage, revisions in STORAGES.items()):
        return
    made = subprocess.run(
        [sys.executable, "-m", "resources.runs.instance", str(home.dagster)],
        env={
            **os.environ,
            "TRAINPLAT_HOME": str(home.path),
            "DAGSTER_HOME": str(home.dagster),
            MARK_VARIABLE: mark,
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        # A group of its own: Ctrl-C reaches the supervisor only, and databases half made help nobody.
        start_new_session=True,
    )
    if made.returncode:
        reason = made.stderr.strip()[-SHOWN_ERROR_CHARACTERS:]
        raise Unavailable(
            _("the databases in {folder} cannot be made: {reason}").format(
                folder=home.dagster, reason=reason
            ),
            _("Mend what it says, and start again."),
        )


def _is_made(storage: Path, revisions: int) -> bool:
    """Whether Dagster finished making this database: it writes the revision last."""
    if not storage.exists():
        return False
    try:
        with closing(sqlite3.connect(f"file:{quote(bytes(storage))}?mode=ro", uri=True)) as connection:
            kept: list[tuple[str]] = connection.execute("SELECT version_num FROM alembic_version").fetchall()
    except sqlite3.Error:
        return False
    return len(kept) == revisions
