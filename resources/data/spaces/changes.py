"""What was changed in a work tree since its version: looked at, and read only where looks do not tell."""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from resources.data.storage.scanning import FIELDS, Folder, scan
from resources.data.storage.worktree import IndexRow
from resources.data.trees.listing import Tree

CHUNK_BYTES = 1024 * 1024


@dataclass(frozen=True)
class Changes:
    """How many files are not what they are in the version."""

    added: int
    changed: int
    removed: int

    @property
    def count(self) -> int:
        """All of them."""
        return self.added + self.changed + self.removed


def changes(root: Path, index: Mapping[bytes, IndexRow], tree: Tree) -> Changes:
    """Compare a work tree with its version ``tree``. Raises what :func:`scan` raises.

    A file that looks as it did when it was given out or committed is as it was. One of another size is not.
    Only what has the same size and looks otherwise is read: after a touch, say.
    """
    names, sizes = tree.files, dict(zip(tree.paths, tree.sizes, strict=True))
    added = changed = seen = 0
    for folder in scan(root):
        row = index.get(os.fsencode(folder.path))
        if row is not None and _is_as_it_was(folder, row, names):
            seen += len(folder.names)
            continue
        known = {} if row is None else _hashes(row)
        for place, name in enumerate(folder.names):
            path, stamp = folder.path + name, folder.stamp(place).tobytes()
            if path not in names:
                added += 1
                continue
            seen += 1
            if known.get(name, (b"", ""))[0] == stamp:
                changed += known[name][1] != names[path]
            elif folder.stamps[place * FIELDS] != sizes[path]:
                changed += 1
            else:
                changed += _md5_of(root / path) != names[path]
    return Changes(added, changed, len(names) - seen)


def _is_as_it_was(folder: Folder, row: IndexRow, names: Mapping[str, str]) -> bool:
    """Whether nothing of a folder was written since, and that is what the version has there."""
    if row.stamps != folder.stamps.tobytes() or row.names != os.fsencode("\0".join(folder.names)):
        return False
    hexed = row.hashes.hex()
    hashes = (hexed[start : start + 32] for start in range(0, len(hexed), 32))
    return all(names.get(folder.path + name) == md5 for name, md5 in zip(folder.names, hashes, strict=True))


def _hashes(row: IndexRow) -> dict[str, tuple[bytes, str]]:
    """The stamp and the hash of each file that is remembered of a folder."""
    width, hexed = FIELDS * 8, row.hashes.hex()
    return {
        os.fsdecode(name): (
            row.stamps[place * width : (place + 1) * width],
            hexed[place * 32 : (place + 1) * 32],
        )
        for place, name in enumerate(row.names.split(b"\0"))
    }


def _md5_of(path: Path) -> str:
    digest = hashlib.md5(usedforsecurity=False)
    with path.open("rb") as file:
        while part := file.read(CHUNK_BYTES):
            digest.update(part)
    return digest.hexdigest()
