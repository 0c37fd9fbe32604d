"""What is different between two trees: pure."""

from dataclasses import dataclass
from enum import StrEnum

from resources.data.trees.listing import Tree


class Kind(StrEnum):
    """What happened to a file."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"


@dataclass(frozen=True)
class Change:
    """One file that is not the same in both trees."""

    path: str
    kind: Kind
    before: str | None
    """The name of its object; None for an added file."""
    after: str | None
    size_before: int
    size_after: int


def diff(before: Tree, after: Tree) -> list[Change]:
    """The files that are not the same, by path."""
    old = {path: (name, size) for path, name, size in before}
    new = {path: (name, size) for path, name, size in after}
    different = {path for path, name in before.files.items() if new.get(path, ("",))[0] != name}
    different |= new.keys() - old.keys()
    found = []
    for path in sorted(different):
        name_before, size_before = old.get(path, (None, 0))
        name_after, size_after = new.get(path, (None, 0))
        kind = Kind.ADDED if name_before is None else Kind.REMOVED if name_after is None else Kind.CHANGED
        found.append(Change(path, kind, name_before, name_after, size_before, size_after))
    return found
