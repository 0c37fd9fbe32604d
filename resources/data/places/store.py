"""The rows of remotes and of what they have. Every function works inside the caller's transaction."""

from datetime import datetime

from resources.data.places.model import Remote
from resources.database.plain import Plain, moment
from resources.terms import Actor

_COLUMNS = "name, url, endpoint, profile, added_by, added_at"


def remotes(rows: Plain) -> list[Remote]:
    """All remotes, by name."""
    return [
        Remote(row[0], row[1], row[2], row[3], Actor(row[4]), moment(row[5]))
        for row in rows.rows(f"SELECT {_COLUMNS} FROM data_remotes ORDER BY name")  # noqa: S608 - names of ours
    ]


def add_remote(rows: Plain, added: Remote) -> None:
    """Write a remote down."""
    rows.run(
        f"INSERT INTO data_remotes ({_COLUMNS}) "  # noqa: S608 - names of ours
        "VALUES (:name, :url, :endpoint, :profile, :added_by, :added_at)",
        **vars(added),
    )


def drop_remote(rows: Plain, name: str) -> None:
    """Forget a remote, and what it has."""
    rows.run("DELETE FROM data_remote_trees WHERE remote = :name", name=name)
    rows.run("DELETE FROM data_remotes WHERE name = :name", name=name)


def trees_at(rows: Plain, remote: str) -> set[str]:
    """The trees that a remote is known to have, with all their objects."""
    found = rows.rows("SELECT tree_md5 FROM data_remote_trees WHERE remote = :remote", remote=remote)
    return {row[0] for row in found}


def add_tree(rows: Plain, remote: str, tree_md5: str, objects: int, now: datetime) -> None:
    """A tree is there now, with all its objects."""
    drop_tree(rows, remote, tree_md5)
    rows.run(
        "INSERT INTO data_remote_trees (remote, tree_md5, objects, pushed_at) "
        "VALUES (:remote, :tree_md5, :objects, :now)",
        remote=remote,
        tree_md5=tree_md5,
        objects=objects,
        now=now,
    )


def drop_tree(rows: Plain, remote: str, tree_md5: str) -> None:
    """A tree is not there, or not all of it."""
    rows.run(
        "DELETE FROM data_remote_trees WHERE remote = :remote AND tree_md5 = :tree_md5",
        remote=remote,
        tree_md5=tree_md5,
    )
