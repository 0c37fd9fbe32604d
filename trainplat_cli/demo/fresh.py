"""Beginning anew: removing the state of a home that trainplat made, and nothing else."""

import logging
import os
import secrets
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from resources.errors import Conflict
from resources.home import DATABASE_VARIABLE, Home
from trainplat_cli.supervisor.prepare import marker_file
from trainplat_cli.supervisor.record import only_supervisor
from trainplat_cli.supervisor.run import clear_up, put_runs_back
from trainplat_cli.texts import _

logger = logging.getLogger(__name__)
OLD = ".old-"


def remove_state(home: Home) -> bool:
    """Remove all state of ``home``. Returns whether there was any. Can be repeated after a kill.

    Raises Conflict while its stack runs, for a folder without the file that says that trainplat made it, and
    where the tables are not in the home: what they tell would outlive the files.
    """
    elsewhere = os.environ.get(DATABASE_VARIABLE)
    if elsewhere:
        raise Conflict(
            _("{variable} is {value}: the state of {home} is in that database, which is not removed").format(
                variable=DATABASE_VARIABLE, value=_without_password(elsewhere), home=home.path
            ),
            _("Point {variable} to a new, empty database and set TRAINPLAT_HOME to a new folder.").format(
                variable=DATABASE_VARIABLE
            ),
        )
    if not home.path.is_dir() or not any(home.path.iterdir()):
        return False
    if not marker_file(home).exists():
        raise Conflict(
            _("{home} was not made by trainplat: it holds no {marker}").format(
                home=home.path, marker=marker_file(home).name
            ),
            _("Empty it yourself if that is what you want, or set TRAINPLAT_HOME to another folder."),
        )
    with only_supervisor(home):
        clear_up(home)
        try:
            put_runs_back(home)  # a training that goes on would write into the new home
        except Exception:
            logger.warning("running trainings could not be stopped", exc_info=True)
        aside = home.path / f"{OLD}{secrets.token_hex(4)}"
        aside.mkdir()
        for entry in _state_of(home):
            # Out of the way in one step each; removing takes long, and may be killed.
            entry.rename(aside / entry.name)
        for old in home.path.glob(f"{OLD}*"):
            shutil.rmtree(old, onerror=_make_writable)
    return True


def _without_password(url: str) -> str:
    try:
        return make_url(url).render_as_string()
    except ArgumentError:
        return _("no URL")


def _state_of(home: Home) -> list[Path]:
    kept = (home.dagster, home.data, home.served, home.checkpoints, home.trainings, home.mlflow)
    folders = (*kept, home.label_studio, home.logs)
    databases = sorted(home.path.glob("trainplat.db*"))
    return [path for path in (*folders, home.secrets_file, *databases) if os.path.lexists(path)]


def _make_writable(remove: Callable[[str], object], path: str, _error: object) -> None:
    """Files of the data store are read-only, and so may be their folders."""
    for place in (Path(path).parent, Path(path)):
        place.chmod(place.stat().st_mode | stat.S_IRWXU)
    remove(path)
