"""Checks of the home."""

import os
import shlex
from collections.abc import Iterator

from sqlalchemy.exc import SQLAlchemyError

from resources.errors import TrainplatError
from resources.home import DATABASE_VARIABLE, Home
from trainplat_cli.doctor.model import Finding, Verdict, ill, well
from trainplat_cli.supervisor.prepare import check_folder, mark_home, marker_file, others_may_enter
from trainplat_cli.texts import _


def folder(home: Home) -> Iterator[Finding]:
    """The home is ours, can be written, and is closed to others."""
    subject = _("home")
    if not os.path.lexists(home.path):
        yield Finding(subject, Verdict.SKIPPED, _("{home} is made by the first start").format(home=home.path))
        return
    try:
        check_folder(home)
        if not marker_file(home).exists():
            mark_home(home)
    except TrainplatError as error:
        yield ill(subject, error)
        return
    if others_may_enter(home.path):
        yield Finding(
            subject,
            Verdict.ILL,
            _("{path} can be read by others").format(path=home.path),
            f"chmod 700 {shlex.quote(str(home.path))}",
        )
        return
    yield well(subject, str(home.path))


def secrets(home: Home) -> Iterator[Finding]:
    """Secrets are readable by the owner only."""
    subject = _("secrets")
    files = [path for path in (home.secrets_file, home.label_studio / ".env") if path.exists()]
    if not files:
        yield Finding(subject, Verdict.SKIPPED, _("made by the first start"))
        return
    open_ones = [path for path in files if others_may_enter(path)]
    for path in open_ones:
        yield Finding(
            subject,
            Verdict.ILL,
            _("{path} can be read by others").format(path=path),
            f"chmod 600 {shlex.quote(str(path))}",
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
