"""The rows of mount points and of what runs have. Every function works in the caller's transaction."""

from pathlib import Path

from resources.data.mounts.model import Feature, Grant, Mode, Mount
from resources.database.plain import Plain, moment
from resources.holder import Holder
from resources.terms import Actor


def mounts(rows: Plain) -> list[Mount]:
    """All mount points, by name."""
    found = rows.rows(
        "SELECT name, size_mib, mode, provider, place, needs, declared_by, declared_at FROM data_mounts "
        "ORDER BY name"
    )
    return [
        Mount(
            row[0],
            row[1],
            Mode(row[2]),
            row[3],
            row[4],
            frozenset(Feature(one) for one in row[5].split()),
            Actor(row[6]),
            moment(row[7]),
        )
        for row in found
    ]


def set_mount(rows: Plain, mount: Mount) -> None:
    """Write a mount point down, instead of the one of its name."""
    drop_mount(rows, mount.name)
    rows.run(
        "INSERT INTO data_mounts (name, size_mib, mode, provider, place, needs, declared_by, declared_at) "
        "VALUES (:name, :size_mib, :mode, :provider, :at, :needs, :declared_by, :declared_at)",
        **vars(mount) | {"mode": mount.mode.value, "needs": " ".join(sorted(mount.needs))},
    )


def drop_mount(rows: Plain, name: str) -> None:
    """Forget a mount point."""
    rows.run("DELETE FROM data_mounts WHERE name = :name", name=name)


def grants(rows: Plain) -> list[Grant]:
    """What runs have, the oldest first."""
    found = rows.rows(
        "SELECT id, mount, run_id, provider, size_mib, path, is_ours, host, pid, process_started, given_at "
        "FROM data_mount_grants ORDER BY given_at, id"
    )
    return [
        Grant(
            row[0],
            row[1],
            row[2],
            row[3],
            row[4],
            Path(row[5]),
            bool(row[6]),
            Holder(row[7], row[8], row[9]),
            moment(row[10]),
        )
        for row in found
    ]


def add_grant(rows: Plain, grant: Grant) -> None:
    """Write down what a run is given."""
    rows.run(
        "INSERT INTO data_mount_grants (id, mount, run_id, provider, size_mib, path, is_ours, host, pid, "
        "process_started, given_at) VALUES (:id, :mount, :run_id, :provider, :size_mib, :path, :is_ours, "
        ":host, :pid, :started, :given_at)",
        **{name: value for name, value in vars(grant).items() if name != "holder"}
        | {
            "path": str(grant.path),
            "host": grant.holder.host,
            "pid": grant.holder.pid,
            "started": grant.holder.started,
        },
    )


def drop_grant(rows: Plain, identity: str) -> bool:
    """Forget it; False where somebody else did."""
    return bool(rows.run("DELETE FROM data_mount_grants WHERE id = :id", id=identity))
