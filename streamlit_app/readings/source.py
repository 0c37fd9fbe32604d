"""Where readings come from: the home and its database, or the reason why there is nothing to read."""

import socket
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from resources.data.service import DataService
from resources.database.engine import Database
from resources.errors import NotFound, TrainplatError
from resources.home import Home
from resources.terms import DatasetName
from resources.texts import Translate, in_language, mark

_PROBE_TIMEOUT_S = 0.3
_PORTS = {"http": 80, "https": 443}


NO_HOME = mark("there is no home at {path} yet")
NO_DATABASE = mark("the home {path} has no database yet")
NO_DATA_SET = mark("the home {path} has no data set with a version yet")


class EmptyHome(NotFound):
    """The home holds nothing that could be shown. ``what`` says why, with a place for the path."""

    def __init__(self, what: str, path: Path) -> None:
        super().__init__(what.format(path=path), "Run `make demo`, or `trainplat up`.")
        self.what = what
        self.path = path


@dataclass(frozen=True)
class Part:
    """One part of the stack that people can open."""

    name: str
    address: str | None
    """None where it is not known to run."""
    answers: bool


@dataclass(frozen=True)
class Failure:
    """Why a page cannot be shown, in words for a person."""

    problem: str
    next_step: str


def open_home() -> tuple[Home, Database]:
    """The home and its database. Raises :class:`EmptyHome` where there is none yet: looking makes nothing."""
    home = Home.from_environment()
    if not home.path.is_dir():
        raise EmptyHome(NO_HOME, home.path)
    file = home.path / "trainplat.db"
    database = home.database()
    if database.url.startswith("sqlite") and database.url.endswith(str(file)) and not file.exists():
        raise EmptyHome(NO_DATABASE, home.path)
    return home, database


def dataset_names(home: Home, database: Database) -> tuple[DatasetName, ...]:
    """The data sets of the home that have a version, by name."""
    if not home.data.is_dir():
        return ()
    service = DataService(home, database)
    found = (DatasetName(path.name) for path in sorted(home.data.iterdir()) if path.name[:1].isalpha())
    return tuple(name for name in found if service.versions(name))


def parts_of(home: Home) -> tuple[Part, ...]:
    """What people can open beside the dashboard, and whether something listens there now."""
    addresses = home.addresses()
    named = (
        ("Dagster", addresses.dagster),
        ("Label Studio", addresses.label_studio),
        ("MLflow", addresses.mlflow),
    )
    return tuple(Part(name, address, _answers(address)) for name, address in named)


def failure_of(problem: Exception, _: Translate) -> Failure | None:
    """``problem`` in words for a person; None for one that nobody foresaw.

    Errors of the platform itself keep the words that commands and logs give them, where they have no others.
    """
    from sqlalchemy.exc import SQLAlchemyError

    if isinstance(problem, TrainplatError):
        return Failure(in_language(problem.problem, _), in_language(problem.next_step, _))
    if isinstance(problem, SQLAlchemyError):
        told = str(getattr(problem, "orig", None) or problem).splitlines()[0]
        return Failure(
            _("the database cannot be read: {told}").format(told=told),
            _("`trainplat doctor` says what is wrong with the home; this page goes on once it is mended."),
        )
    return None


def _answers(address: str | None) -> bool:
    if address is None:
        return False
    parsed = urlsplit(address)
    try:
        port = parsed.port or _PORTS.get(parsed.scheme, 80)
        with socket.create_connection((parsed.hostname or "", port), timeout=_PROBE_TIMEOUT_S):
            return True
    except (OSError, ValueError):
        return False
