"""A real PostgreSQL for tests, one for the whole session; each test gets a database of its own in it.

It listens on a socket in its own folder, and not on the network. It forgets what a power cut would take.
"""

import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from resources.database.engine import Database, sqlite_url
from tests.made_once import made_once
from tests.needs import ON_POSTGRESQL, ON_SQLITE, needs

READY_TIMEOUT_S = 60.0
IN_MEMORY, ROOM_BYTES = Path("/dev/shm"), 2 << 30  # noqa: S108 - a folder of its own is made in it
"""A database is some hundred files, which a disk makes in three times and removes in twenty times as long."""
TEMPLATE = "template_at_head"
SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "shared_buffers": "16MB",
    "max_connections": "200",
}


@dataclass
class PostgresServer:
    """A server that a test may stop and start again."""

    folder: Path
    """Its data, its log and its socket."""
    settings: Mapping[str, str] = field(default_factory=lambda: SETTINGS)
    process: "subprocess.Popen[bytes] | None" = None
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    def url(self, database: str) -> str:
        """How to reach a database of it."""
        return f"postgresql://trainplat@/{database}?host={self.folder}"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        settings = [part for name, value in self.settings.items() for part in ("-c", f"{name}={value}")]
        command = [f"{needs('postgresql')}/postgres", "-D", str(self.folder / "data"), *settings]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [*command, "-c", f"unix_socket_directories={self.folder}"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **_as_its_user(),
            )
        deadline = time.monotonic() + READY_TIMEOUT_S
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                self.run("SELECT 1")
            except OperationalError:
                time.sleep(0.05)
            else:
                return
        pytest.fail(f"PostgreSQL is not ready:\n{(self.folder / 'log').read_text()[-3000:]}", pytrace=False)

    def stop(self, how: int = signal.SIGINT) -> None:
        """End it, and whoever is connected to it. SIGQUIT: as if it had crashed."""
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait()
            self.process = None

    def run(self, statement: str) -> None:
        """Run a statement of an administrator, outside any transaction."""
        engine = create_engine(self.url("postgres"), poolclass=NullPool, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql(statement)

    def new_database(self, template: str = TEMPLATE) -> Database:
        """A database of its own; at the newest revision already, unless another template is named."""
        name = f"test_{next(self._numbers)}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template} {self._how_to_copy}")
        return Database(self.url(name))

    def drop(self, database: Database) -> None:
        """Take a database of :meth:`new_database` away, whoever is still connected to it."""
        database.close()
        name = make_url(database.url).database
        self.run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    @cached_property
    def _how_to_copy(self) -> str:
        """Whole files take half the time of writing each page to the log, as PostgreSQL does from 15 on."""
        engine = create_engine(self.url("postgres"), poolclass=NullPool)
        with engine.connect() as connection:
            version = int(connection.exec_driver_sql("SHOW server_version_num").scalar_one())
        return "STRATEGY file_copy" if version >= 150_000 else ""


@contextmanager
def postgres_on(more: Mapping[str, str]) -> Iterator[PostgresServer]:
    """A real PostgreSQL with ``more`` settings than those above."""
    programs = needs("postgresql")
    # Not under pytest's own folder, which no other user can enter, and the server refuses to run as root.
    folder = Path(tempfile.mkdtemp(prefix="trainplat-pg-", dir=_in_memory()))
    user = _as_its_user()
    if user:
        os.chown(folder, user["user"], user["group"])
    server = PostgresServer(folder, {**SETTINGS, **more})
    try:
        made = ["-D", str(folder / "data"), "-U", "trainplat", "-E", "UTF8", "--locale=C.UTF-8"]
        subprocess.run(
            [f"{programs}/initdb", *made, "--auth=trust", "--no-sync"],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=folder,
            **user,
        )
        server.start()
        server.run(f"CREATE DATABASE {TEMPLATE}")
        at_head = Database(server.url(TEMPLATE))
        at_head.migrate()
        at_head.close()  # a database that somebody uses is nobody's template
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A real PostgreSQL, shared by the session; mark tests that use it ``real``."""
    with postgres_on({}) as server:
        yield server


@pytest.fixture
def postgres_database(postgres_server: PostgresServer) -> Iterator[Database]:
    """A database of this test's own in PostgreSQL, at the newest revision."""
    database = postgres_server.new_database()
    yield database
    postgres_server.drop(database)


@pytest.fixture(scope="session")
def sqlite_at_head(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file at the newest revision, to be copied: to migrate takes longer than most tests."""

    def make(folder: Path) -> None:
        database = Database(sqlite_url(folder / name))
        database.migrate()
        database.close()  # what the write-ahead log holds is in the file then

    name = "head.db"
    return made_once(tmp_path_factory, "sqlite-at-head", make) / name


@pytest.fixture(params=[ON_SQLITE, pytest.param(ON_POSTGRESQL, marks=pytest.mark.real)])
def any_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database of this test's own, at the newest revision: once on SQLite and once on PostgreSQL."""
    if request.param == ON_POSTGRESQL:
        yield request.getfixturevalue("postgres_database")
        return
    path = tmp_path / "database" / "test.db"
    database = Database(sqlite_url(path))
    shutil.copyfile(request.getfixturevalue("sqlite_at_head"), path)
    yield database
    database.close()


@pytest.fixture(params=[ON_SQLITE, pytest.param(ON_POSTGRESQL, marks=pytest.mark.real)])
def any_empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """The same, before anybody has used it: it holds no table."""
    if request.param == ON_POSTGRESQL:
        server: PostgresServer = request.getfixturevalue("postgres_server")
        database = server.new_database("template1")
        yield database
        server.drop(database)
        return
    database = Database(sqlite_url(tmp_path / "database" / "test.db"))
    yield database
    database.close()


@pytest.fixture
def home_on_any_database(
    any_database: Database, trainplat_home: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """The home of a test, whose tables are in ``any_database``."""
    monkeypatch.setenv("TRAINPLAT_DATABASE_URL", any_database.url)
    return trainplat_home


def _in_memory() -> Path | None:
    """Where files are in memory, if there is room for a server's."""
    if not IN_MEMORY.is_dir() or shutil.disk_usage(IN_MEMORY).free < ROOM_BYTES:
        return None
    return IN_MEMORY


def _as_its_user() -> dict[str, Any]:
    """For :class:`subprocess.Popen`: another user than root, which PostgreSQL refuses to run as."""
    if os.geteuid() != 0:
        return {}
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    found = names.get("postgres") or names["nobody"]
    return {"user": found.pw_uid, "group": found.pw_gid, "extra_groups": []}
