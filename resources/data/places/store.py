"""The rows of remotes and of what they have. Every function works inside the caller's transaction."""

from datetime import datetime

from resources.data.places.model import Remote, Replica
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
    drop_trees(rows, name)
    rows.run("DELETE FROM data_replicas WHERE remote = :name", name=name)
    rows.run("DELETE FROM data_remotes WHERE name = :name", name=name)


def mark_of(rows: Plain, remote: str) -> str | None:
    """What the file at a remote's place is to say; None before anything was pushed there."""
    found = rows.rows("SELECT mark FROM data_remotes WHERE name = :remote", remote=remote)
    return found[0][0] if found else None


def set_mark(rows: Plain, remote: str, mark: str) -> None:
    """Write down what the file at a remote's place says."""
    rows.run("UPDATE data_remotes SET mark = :mark WHERE name = :remote", mark=mark, remote=remote)


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


def drop_trees(rows: Plain, remote: str) -> None:
    """Nothing is known to be there any more."""
    rows.run("DELETE FROM data_remote_trees WHERE remote = :remote", remote=remote)


def replicas(rows: Plain) -> list[Replica]:
    """The rules of what is to be at which remote."""
    found = rows.rows("SELECT dataset, remote, said_by, said_at FROM data_replicas ORDER BY remote, dataset")
    return [Replica(row[0], row[1], Actor(row[2]), moment(row[3])) for row in found]


def add_replica(rows: Plain, added: Replica) -> None:
    """Write a rule down."""
    drop_replica(rows, added.dataset, added.remote)
    rows.run(
        "INSERT INTO data_replicas (dataset, remote, said_by, said_at) "
        "VALUES (:dataset, :remote, :said_by, :said_at)",
        **vars(added),
    )


def drop_replica(rows: Plain, dataset: str, remote: str) -> bool:
    """Forget a rule. False where there was none."""
    return bool(
        rows.run(
            "DELETE FROM data_replicas WHERE dataset = :dataset AND remote = :remote",
            dataset=dataset,
            remote=remote,
        )
    )
