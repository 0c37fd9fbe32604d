"""The rows of versions, branches and tags. Every function works inside the caller's transaction."""

from datetime import datetime
from typing import Any

from resources.data.versions.model import Branch, BranchState, State, Version
from resources.database.plain import Plain, Row, moment
from resources.terms import Actor, DatasetName, VersionKey

_COLUMNS = (
    "v.dataset, v.key, v.number, v.branch, v.state, v.tree_md5, v.tree_sha256, v.files, v.size_bytes, "
    "v.schema, v.author, v.message, v.committed_at"
)
_BRANCH_COLUMNS = "dataset, name, base, head, user_name, state, merged_as, created_at"


def datasets(rows: Plain) -> list[DatasetName]:
    """The data sets that have versions, by name."""
    return [
        DatasetName(row[0])
        for row in rows.rows("SELECT DISTINCT dataset FROM data_versions ORDER BY dataset")
    ]


def versions(rows: Plain, dataset: DatasetName) -> list[Version]:
    """All versions of a data set, oldest first."""
    found = rows.rows(
        f"SELECT {_COLUMNS} FROM data_versions v WHERE v.dataset = :dataset ORDER BY v.number",  # noqa: S608 - names of ours
        dataset=dataset,
    )
    parents: dict[str, list[VersionKey]] = {}
    for key, parent in rows.rows(
        "SELECT key, parent FROM data_parents WHERE dataset = :dataset ORDER BY key, position",
        dataset=dataset,
    ):
        parents.setdefault(key, []).append(VersionKey(parent))
    return [_version(row, tuple(parents.get(row[1], ()))) for row in found]


def version(rows: Plain, dataset: DatasetName, key: str) -> Version | None:
    """One version by its key."""
    return _one(rows, "v.dataset = :dataset AND v.key = :key", dataset=dataset, key=key)


def main_head(rows: Plain, dataset: DatasetName) -> Version | None:
    """The newest version of the main line that can be used: what comes next is made from it.

    One that is retired counts only where none is not, and one that is erased only where all are.
    """
    return _one(
        rows,
        "v.dataset = :dataset AND v.branch IS NULL ORDER BY "
        "CASE v.state WHEN 'sealed' THEN 0 WHEN 'retired' THEN 1 ELSE 2 END, v.number DESC LIMIT 1",
        dataset=dataset,
    )


def last_on_main(rows: Plain, dataset: DatasetName) -> Version | None:
    """The version of the main line that came last, whatever became of it: its key is not given again."""
    return _one(
        rows,
        "v.dataset = :dataset AND v.branch IS NULL ORDER BY v.number DESC LIMIT 1",
        dataset=dataset,
    )


def planned(rows: Plain, dataset: DatasetName) -> VersionKey | None:
    """The version of the main line that a pipeline makes now, if one does."""
    found = rows.rows(
        "SELECT version FROM dataset_versions WHERE dataset = :dataset AND state = 'planned'", dataset=dataset
    )
    return VersionKey(found[0][0]) if found else None


def add_version(rows: Plain, added: Version) -> None:
    """Write a version and its parents down."""
    rows.run(
        "INSERT INTO data_versions (dataset, key, number, branch, state, tree_md5, tree_sha256, files, "
        "size_bytes, schema, author, message, committed_at) "
        "VALUES (:dataset, :key, :number, :branch, :state, "
        ":tree_md5, :tree_sha256, :files, :size_bytes, :schema, :author, :message, :committed_at)",
        **{name: value for name, value in vars(added).items() if name != "parents"}
        | {"state": added.state.value},
    )
    for position, parent in enumerate(added.parents):
        rows.run(
            "INSERT INTO data_parents (dataset, key, position, parent) "
            "VALUES (:dataset, :key, :position, :parent)",
            dataset=added.dataset,
            key=added.key,
            position=position,
            parent=parent,
        )


def next_number(rows: Plain, dataset: DatasetName) -> int:
    """The place of the version that comes next."""
    [(last,)] = rows.rows("SELECT max(number) FROM data_versions WHERE dataset = :dataset", dataset=dataset)
    return 1 if last is None else int(last) + 1


def set_state(rows: Plain, dataset: DatasetName, key: VersionKey, state: State) -> None:
    """Change what a version is good for."""
    rows.run(
        "UPDATE data_versions SET state = :state WHERE dataset = :dataset AND key = :key",
        dataset=dataset,
        key=key,
        state=state.value,
    )


def branches(rows: Plain, dataset: DatasetName) -> list[Branch]:
    """All branches of a data set, oldest first."""
    found = rows.rows(
        f"SELECT {_BRANCH_COLUMNS} FROM data_branches WHERE dataset = :dataset ORDER BY created_at, name",  # noqa: S608 - names of ours
        dataset=dataset,
    )
    return [_branch(row) for row in found]


def branch(rows: Plain, dataset: DatasetName, name: str) -> Branch | None:
    """One branch by its name."""
    found = rows.rows(
        f"SELECT {_BRANCH_COLUMNS} FROM data_branches WHERE dataset = :dataset AND name = :name",  # noqa: S608 - names of ours
        dataset=dataset,
        name=name,
    )
    return _branch(found[0]) if found else None


def add_branch(rows: Plain, added: Branch) -> None:
    """Write a branch down."""
    rows.run(
        "INSERT INTO data_branches (dataset, name, base, head, user_name, state, merged_as, created_at) "
        "VALUES (:dataset, :name, :base, :head, :user, :state, :merged_as, :created_at)",
        **vars(added) | {"state": added.state.value},
    )


def move_branch(rows: Plain, moved: Branch) -> None:
    """Change the head and the state of a branch."""
    rows.run(
        "UPDATE data_branches SET head = :head, state = :state, merged_as = :merged_as "
        "WHERE dataset = :dataset AND name = :name",
        dataset=moved.dataset,
        name=moved.name,
        head=moved.head,
        state=moved.state.value,
        merged_as=moved.merged_as,
    )


def tags(rows: Plain, dataset: DatasetName) -> dict[str, VersionKey]:
    """The tags of a data set and the version that each one names."""
    found = rows.rows("SELECT tag, key FROM data_tags WHERE dataset = :dataset ORDER BY tag", dataset=dataset)
    return {tag: VersionKey(key) for tag, key in found}


def set_tag(
    rows: Plain, dataset: DatasetName, tag: str, key: VersionKey, actor: Actor, now: datetime
) -> None:
    """Let a tag name a version."""
    drop_tag(rows, dataset, tag)
    rows.run(
        "INSERT INTO data_tags (dataset, tag, key, tagged_by, tagged_at) "
        "VALUES (:dataset, :tag, :key, :actor, :now)",
        dataset=dataset,
        tag=tag,
        key=key,
        actor=actor,
        now=now,
    )


def drop_tag(rows: Plain, dataset: DatasetName, tag: str) -> None:
    """Forget a tag."""
    rows.run("DELETE FROM data_tags WHERE dataset = :dataset AND tag = :tag", dataset=dataset, tag=tag)


def _one(rows: Plain, condition: str, **values: Any) -> Version | None:
    found = rows.rows(f"SELECT {_COLUMNS} FROM data_versions v WHERE {condition}", **values)  # noqa: S608 - texts of ours
    if not found:
        return None
    parents = rows.rows(
        "SELECT parent FROM data_parents WHERE dataset = :dataset AND key = :key ORDER BY position",
        dataset=found[0][0],
        key=found[0][1],
    )
    return _version(found[0], tuple(VersionKey(row[0]) for row in parents))


def _version(row: Row, parents: tuple[VersionKey, ...]) -> Version:
    return Version(
        DatasetName(row[0]),
        VersionKey(row[1]),
        row[2],
        row[3],
        State(row[4]),
        row[5],
        row[6],
        row[7],
        row[8],
        row[9],
        Actor(row[10]),
        row[11],
        moment(row[12]),
        parents,
    )


def _branch(row: Row) -> Branch:
    return Branch(
        DatasetName(row[0]),
        row[1],
        VersionKey(row[2]),
        VersionKey(row[3]),
        row[4],
        BranchState(row[5]),
        None if row[6] is None else VersionKey(row[6]),
        moment(row[7]),
    )
