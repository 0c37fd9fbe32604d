"""The home: the one folder that holds all state, and where its parts lie in it."""

import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from resources.database.engine import Database, sqlite_url
from resources.errors import BadInput

HOME_VARIABLE = "TRAINPLAT_HOME"
DATABASE_VARIABLE = "TRAINPLAT_DATABASE_URL"
DRIVERS = ("postgresql", "postgresql+psycopg2", "sqlite", "sqlite+pysqlite")


@dataclass(frozen=True)
class Addresses:
    """Where the parts of the stack listen; None where a part is not known to run."""

    dagster: str | None = None
    mlflow: str | None = None
    label_studio: str | None = None
    streamlit: str | None = None
    webhook: str | None = None
    serving: str | None = None


@dataclass(frozen=True)
class Home:
    """The layout of one home. Making the object reads and writes nothing."""

    path: Path

    @classmethod
    def from_environment(cls) -> "Home":
        """The home that ``TRAINPLAT_HOME`` names, else ``~/.trainplat``."""
        given = os.environ.get(HOME_VARIABLE)
        if given is None:
            return cls(Path.home() / ".trainplat")
        if not given.strip():
            raise BadInput(
                f"{HOME_VARIABLE} is empty; expected the path of a folder",
                f"Set it to a folder that you own, or unset it to use {Path.home() / '.trainplat'}.",
            )
        return cls(Path(given).expanduser().absolute())

    @property
    def dagster(self) -> Path:
        """``DAGSTER_HOME`` of the supervised stack."""
        return self.path / "dagster"

    @property
    def data(self) -> Path:
        """Data sets: one DVC repository each, over one shared cache."""
        return self.path / "data"

    @property
    def served(self) -> Path:
        """What Label Studio may show: the document root of its local files."""
        return self.path / "served"

    @property
    def checkpoints(self) -> Path:
        """Where trainings that were killed go on from."""
        return self.path / "checkpoints"

    @property
    def trainings(self) -> Path:
        """What trainings that are large or long tell and keep: a folder for each."""
        return self.path / "trainings"

    @property
    def models(self) -> Path:
        """Models that were pulled or are served: layers by digest, and a manifest for each pulled version."""
        return self.path / "models"

    @property
    def batch(self) -> Path:
        """What models answered about whole data versions: a folder for each data set and version."""
        return self.path / "batch"

    @property
    def answers(self) -> Path:
        """What models of pipelines answered: a folder for each pipeline, in it one for each run."""
        return self.path / "answers"

    @property
    def evaluations(self) -> Path:
        """What each model said about the samples of test sets: a folder for each data set."""
        return self.path / "evaluations"

    @property
    def structure(self) -> Path:
        """The studies of structure searches, and what each one chose."""
        return self.path / "structure"

    @property
    def mlflow(self) -> Path:
        """MLflow's database and artifacts."""
        return self.path / "mlflow"

    @property
    def label_studio(self) -> Path:
        """Label Studio's database and uploads."""
        return self.path / "label-studio"

    @property
    def logs(self) -> Path:
        """One log file for each part of the stack and each run worker."""
        return self.path / "logs"

    @property
    def work(self) -> Path:
        """What people work on: a folder for each user."""
        return self.path / "work"

    @property
    def run(self) -> Path:
        """What is true only while the stack runs: process ids, addresses, locks."""
        return self.path / "run"

    @property
    def secrets_file(self) -> Path:
        """Passwords and tokens, made at random, readable by the owner only."""
        return self.path / "secrets.json"

    @property
    def vendors_file(self) -> Path:
        """What people add to the table of device vendors, if anything."""
        return self.path / "vendors.yaml"

    @property
    def prices_file(self) -> Path:
        """What an hour of each model of device costs, where somebody wrote it down."""
        return self.path / "prices.yaml"

    @property
    def addresses_file(self) -> Path:
        """Where the parts of the stack listen, written by the supervisor."""
        return self.run / "addresses.json"

    def database(self) -> Database:
        """The tables of every subject: ``TRAINPLAT_DATABASE_URL``, else a SQLite file in the home.

        Raises BadInput for a variable that names no database of a kind that is known.
        """
        given = os.environ.get(DATABASE_VARIABLE)
        return Database(_usable(given) if given else sqlite_url(self.path / "trainplat.db"))

    def addresses(self) -> Addresses:
        """Where the parts listen: ``TRAINPLAT_<PART>_URL`` wins, else what the supervisor wrote."""
        written: dict[str, str] = {}
        if self.addresses_file.exists():
            written = json.loads(self.addresses_file.read_text())
        parts = ("dagster", "mlflow", "label_studio", "streamlit", "webhook", "serving")
        found = {part: os.environ.get(f"TRAINPLAT_{part.upper()}_URL") or written.get(part) for part in parts}
        return Addresses(**found)


@dataclass(frozen=True)
class Secrets:
    """What the parts of the stack prove themselves with."""

    label_studio_email: str
    label_studio_password: str
    label_studio_token: str
    """A legacy API token: 40 hexadecimal digits."""
    webhook_secret: str


def read_or_make_secrets(home: Home) -> Secrets:
    """The secrets of this home; made at random the first time, readable by the owner only."""
    if not home.secrets_file.exists():
        _make_secrets(home)
    return Secrets(**json.loads(home.secrets_file.read_text()))


def _usable(url: str) -> str:
    """The URL of a database as SQLAlchemy reads it. An error must not tell its password."""
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        driver = make_url(url).drivername
    except (ArgumentError, ValueError) as problem:
        raise BadInput(
            f"{DATABASE_VARIABLE} cannot be read as the URL of a database",
            "Expected postgresql://USER:PASSWORD@HOST:PORT/DATABASE, with % and two digits for each special "
            "character of the password, or sqlite:////PATH. Unset it to use the file in the home.",
        ) from problem
    if driver == "postgres":  # what many hosts hand out; SQLAlchemy knows the long name only
        return url.replace("postgres://", "postgresql://", 1)
    if driver not in DRIVERS:
        raise BadInput(
            f"{DATABASE_VARIABLE} names a database of the kind {driver}; expected {' or '.join(DRIVERS)}",
            "Use PostgreSQL where several machines share it, or unset it to use the file in the home.",
        )
    return url


def _make_secrets(home: Home) -> None:
    home.path.mkdir(parents=True, exist_ok=True)
    made = Secrets(
        label_studio_email="admin@trainplat.local",
        label_studio_password=secrets.token_urlsafe(18),
        label_studio_token=secrets.token_hex(20),
        webhook_secret=secrets.token_hex(20),
    )
    draft = home.secrets_file.with_suffix(f".{os.getpid()}.{secrets.token_hex(4)}.tmp")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(made.__dict__, file, indent=2)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, home.secrets_file)  # of two that start at once, the first one's secrets stay
    except FileExistsError:
        pass
    finally:
        draft.unlink()
