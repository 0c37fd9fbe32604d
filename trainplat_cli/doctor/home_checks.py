"""Checks of the home."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from resources.errors import TrainplatError
from resources.home import DATABASE_VARIABLE, Home
from trainplat_cli.doctor.model import Finding, Verdict, ill, well
from trainplat_cli.supervisor.prepare import mark_home, marker_file
from trainplat_cli.texts import _


def folder(home: Home) -> Iterator[Finding]:
    """The home is ours, and can be written."""
    subject = _("home")
    if not home.path.exists():
        yield Finding(subject, Verdict.SKIPPED, _("{home} is made by the first start").format(home=home.path))
        return
    if not os.access(home.path, os.W_OK | os.X_OK):
        yield Finding(
            subject,
            Verdict.ILL,
            _("{home} cannot be written by this user").format(home=home.path),
            _("Give it to this user (chown -R), or set TRAINPLAT_HOME to another folder."),
        )
        return
    if not marker_file(home).exists():
        try:
            mark_home(home)
        except TrainplatError as error:
            yield ill(subject, error)
            return
    yield well(subject, str(home.path))


def secrets(home: Home) -> Iterator[Finding]:
    """Secrets are readable by the owner only."""
    subject = _("secrets")
    files = [path for path in (home.secrets_file, home.label_studio / ".env") if path.exists()]
    if not files:
        yield Finding(subject, Verdict.SKIPPED, _("made by the first start"))
        return
    open_ones = [path for path in files if _others_may_read(path)]
    for path in open_ones:
        yield Finding(
            subject,
            Verdict.ILL,
            _("{path} can be read by others").format(path=path),
            f"chmod 600 {path}",
        )
    if not open_ones:
        yield well(subject, _("readable by the owner only"))


def database(home: Home) -> Iterator[Finding]:
    """The tables can be read."""
    subject = _("database")
    if not os.environ.get(DATABASE_VARIABLE) and not (home.path / "trainplat.db").exists():
        yield Finding(subject, Verdict.SKIPPED, _("made by the first start"))
        return
    try:
        with home.database().read() as connection:
            connection.exec_driver_sql("SELECT 1")
    except TrainplatError as error:
        yield ill(subject, error)
    except SQLAlchemyError as problem:
        yield Finding(
            subject,
            Verdict.ILL,
            str(problem).splitlines()[0],
            _("See that the disk is not full and that {variable} is right.").format(
                variable=DATABASE_VARIABLE
            ),
        )
    else:
        yield well(subject, _("answers"))


def _others_may_read(path: Path) -> bool:
    return bool(path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO))
