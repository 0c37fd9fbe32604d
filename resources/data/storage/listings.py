"""Trees as they load fastest, beside their objects, with what each object looked like when it was whole.

A listing is a cache: one that is missing or cut short is made again from DVC's text of the tree.
"""

import os
from array import array
from contextlib import suppress
from pathlib import Path

from resources.data.storage.objects import ObjectStore
from resources.data.trees.listing import (
    TREE_SUFFIX,
    UNKNOWN,
    Stamps,
    Tree,
    from_bytes,
    to_bytes,
    tree_of_text,
)


def read_listing(store: ObjectStore, md5: str) -> tuple[Tree, Stamps]:
    """A tree by its name, ``….dir``. Raises :class:`DamagedObject` where its text is missing or damaged."""
    try:
        return from_bytes(_path(store, md5).read_bytes())
    except (FileNotFoundError, ValueError):
        tree = with_sizes(store, tree_of_text(store.read(md5)))
        return tree, Stamps.unknown(len(tree))


def write_listing(store: ObjectStore, tree: Tree, stamps: Stamps) -> None:
    """Keep a tree and its stamps, where there is room: without them it is read from DVC's text next time."""
    path, draft = _path(store, tree.md5), None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = store.draft(0)
        with suppress(FileNotFoundError):
            os.unlink(draft)
        Path(draft).write_bytes(to_bytes(tree, stamps))
        Path(draft).replace(path)
    except OSError:
        if draft is not None:
            with suppress(OSError):
                os.unlink(draft)


def drop_listing(store: ObjectStore, md5: str) -> None:
    """Forget a tree that is no more."""
    _path(store, md5).unlink(missing_ok=True)


def with_sizes(store: ObjectStore, tree: Tree) -> Tree:
    """The tree with the sizes of its objects; :data:`UNKNOWN` for those that are missing."""
    sizes = array("q")
    for name in tree.names:
        try:
            sizes.append(os.stat(store.place(name)).st_size)
        except FileNotFoundError:
            sizes.append(UNKNOWN)
    return Tree(tree.paths, tree.names, sizes)


def _path(store: ObjectStore, md5: str) -> Path:
    return store.cache / "trees" / md5.removesuffix(TREE_SUFFIX)
