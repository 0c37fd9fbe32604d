"""The rows of spaces. Every function works inside the caller's transaction."""

from pathlib import Path

from resources.data.spaces.model import Kind, Space, SpaceState
from resources.database.plain import Plain, Row, moment
from resources.terms import DatasetName, VersionKey

_COLUMNS = "user_name, name, dataset, base, path, kind, reason, created_at, state"


def spaces(rows: Plain) -> list[Space]:
    """All spaces, by user and name."""
    found = rows.rows(f"SELECT {_COLUMNS} FROM data_spaces ORDER BY user_name, name")  # noqa: S608 - names of ours
    return [_space(row) for row in found]


def space(rows: Plain, user: str, name: str) -> Space | None:
    """One space of a user."""
    found = rows.rows(
        f"SELECT {_COLUMNS} FROM data_spaces WHERE user_name = :user AND name = :name",  # noqa: S608 - names of ours
        user=user,
        name=name,
    )
    return _space(found[0]) if found else None


def shown_from(rows: Plain, dataset: DatasetName, key: VersionKey) -> list[Space]:
    """The overlays that show a version's files, whatever was committed from them since."""
    found = rows.rows(
        f"SELECT {_COLUMNS} FROM data_spaces "  # noqa: S608 - names of ours
        "WHERE dataset = :dataset AND base = :key AND kind = :kind ORDER BY user_name, name",
        dataset=dataset,
        key=key,
        kind=Kind.OVERLAY.value,
    )
    return [_space(row) for row in found]


def add_space(rows: Plain, added: Space) -> None:
    """Write a space down."""
    rows.run(
        "INSERT INTO data_spaces (user_name, name, dataset, base, path, kind, reason, created_at, state) "
        "VALUES (:user, :name, :dataset, :base, :path, :kind, :reason, :created_at, :state)",
        user=added.user,
        name=added.name,
        dataset=added.dataset,
        base=added.base,
        path=str(added.path),
        kind=added.kind.value,
        reason=added.reason,
        created_at=added.created_at,
        state=added.state.value,
    )


def set_state(rows: Plain, user: str, name: str, state: SpaceState) -> None:
    """Write down how far a space is."""
    rows.run(
        "UPDATE data_spaces SET state = :state WHERE user_name = :user AND name = :name",
        user=user,
        name=name,
        state=state.value,
    )


def drop_space(rows: Plain, user: str, name: str) -> None:
    """Forget a space."""
    rows.run("DELETE FROM data_spaces WHERE user_name = :user AND name = :name", user=user, name=name)


def _space(row: Row) -> Space:
    return Space(
        row[0],
        row[1],
        DatasetName(row[2]),
        VersionKey(row[3]),
        Path(row[4]),
        Kind(row[5]),
        row[6],
        moment(row[7]),
        state=SpaceState(row[8]),
    )
