"""Alembic as a library: its configuration lives here, and its commands work on a connection that is given."""

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, inspect

from resources.database.migrations.history import VERSION_TABLE, History

if TYPE_CHECKING:
    from alembic.config import Config

_one_at_a_time = threading.Lock()
"""Alembic keeps what it works on in a module of its own, for all threads."""


def bring_to_head(connection: Connection, history: History) -> None:
    """Run the revisions that are missing, inside the caller's transaction, whose lock keeps others out."""
    from alembic import command

    with _one_at_a_time:
        command.upgrade(configuration(connection, history), "head")


def recorded(connection: Connection) -> str | None:
    """The revision that a database says it is at; None for one that was never migrated."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    found = connection.exec_driver_sql(f"SELECT version_num FROM {VERSION_TABLE}").scalar_one_or_none()  # noqa: S608
    return None if found is None else str(found)


def configuration(connection: Connection, history: History, **attributes: Any) -> "Config":
    """What Alembic needs to know. ``attributes`` are read by ``env.py``."""
    from alembic.config import Config

    config = Config(attributes={"connection": connection, **attributes})
    for name, value in (
        ("script_location", str(Path(__file__).parent)),
        ("version_locations", str(history.folder)),
        ("path_separator", "newline"),
        ("file_template", "r%(rev)s_%(slug)s"),
        ("output_encoding", "utf-8"),
    ):
        config.set_main_option(name, value.replace("%", "%%"))
    return config
