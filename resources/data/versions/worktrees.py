"""The rows of work trees: which version a folder is at, and what its files looked like when read."""

import os
import platform
from collections.abc import Collection
from datetime import datetime
from pathlib import Path

from resources.data.storage.worktree import IndexRow, Reading
from resources.data.versions.model import Version, WorkTree
from resources.data.versions.path_texts import path_of, text_of
from resources.database.plain import Plain
from resources.terms import DatasetName, VersionKey


def work_tree(rows: Plain, root: Path) -> WorkTree | None:
    """What is known about a folder; None for one that is new here."""
    found = rows.rows(
        "SELECT dataset, base, tree_md5, branch FROM data_work_trees WHERE root = :root", root=key_of(root)
    )
    if not found:
        return None
    dataset, base, tree_md5, branch = found[0]
    return WorkTree(root, DatasetName(dataset), VersionKey(base), tree_md5, branch)


def roots_at(rows: Plain, version: Version, coming: Collection[str] = ()) -> list[str]:
    """The folders at a version that exist or are ``coming``; on other machines all that are known.

    So it is with those that this process may not look at, as in another user's private folder.
    """
    found = rows.rows(
        "SELECT root FROM data_work_trees WHERE dataset = :dataset AND base = :key ORDER BY root",
        dataset=version.dataset,
        key=version.key,
    )
    here = f"{platform.node()}:"
    return [
        root
        for (root,) in found
        if not root.startswith(here) or root in coming or _may_exist(path_of(root.removeprefix(here)))
    ]


def index_of(rows: Plain, root: Path) -> dict[bytes, IndexRow]:
    """What is remembered about each folder of a work tree."""
    found = rows.rows(
        "SELECT folder, names, stamps, hashes FROM data_index WHERE root = :root", root=key_of(root)
    )
    return {row[0]: IndexRow(*row) for row in found}


def remember(rows: Plain, tree: WorkTree, reading: Reading, now: datetime) -> None:
    """Write down at which version a folder is, and what it looked like."""
    root = key_of(tree.root)
    gone = [*reading.gone_folders, *(row.folder for row in reading.changed_rows)]
    rows.run_many(
        "DELETE FROM data_index WHERE root = :root AND folder = :folder",
        [{"root": root, "folder": folder} for folder in gone],
    )
    rows.run_many(
        "INSERT INTO data_index (root, folder, names, stamps, hashes) "
        "VALUES (:root, :folder, :names, :stamps, :hashes)",
        [{"root": root, **vars(row)} for row in reading.changed_rows],
    )
    _write(rows, tree, now)


def place(rows: Plain, tree: WorkTree, now: datetime) -> None:
    """Write down at which version a folder is; what it looks like is not known yet."""
    forget(rows, tree.root)
    _write(rows, tree, now)


def copy_index(rows: Plain, source: Path, target: Path) -> None:
    """``target`` looks as ``source`` does: a snapshot of it, or an overlay over it."""
    rows.run("DELETE FROM data_index WHERE root = :root", root=key_of(target))
    rows.run(
        "INSERT INTO data_index (root, folder, names, stamps, hashes) "
        "SELECT :target, folder, names, stamps, hashes FROM data_index WHERE root = :source",
        source=key_of(source),
        target=key_of(target),
    )


def move_index(rows: Plain, source: Path, target: Path) -> None:
    """``target`` looks as ``source`` did, which is no work tree any more."""
    rows.run("DELETE FROM data_index WHERE root = :root", root=key_of(target))
    rows.run(
        "UPDATE data_index SET root = :target WHERE root = :source",
        source=key_of(source),
        target=key_of(target),
    )
    forget(rows, source)


def forget(rows: Plain, root: Path) -> None:
    """Forget a folder that is no work tree any more."""
    rows.run("DELETE FROM data_index WHERE root = :root", root=key_of(root))
    rows.run("DELETE FROM data_work_trees WHERE root = :root", root=key_of(root))


def key_of(root: Path) -> str:
    """A folder of this machine as rows name it. A link that leads to itself is one, too."""
    return f"{platform.node()}:{text_of(Path(os.path.realpath(root)))}"


def _may_exist(root: Path) -> bool:
    try:
        return root.exists()
    except OSError:
        return True


def _write(rows: Plain, tree: WorkTree, now: datetime) -> None:
    root = key_of(tree.root)
    rows.run("DELETE FROM data_work_trees WHERE root = :root", root=root)
    rows.run(
        "INSERT INTO data_work_trees (root, dataset, base, branch, tree_md5, changed_at) "
        "VALUES (:root, :dataset, :base, :branch, :tree_md5, :now)",
        root=root,
        dataset=tree.dataset,
        base=tree.base,
        branch=tree.branch,
        tree_md5=tree.tree_md5,
        now=now,
    )
