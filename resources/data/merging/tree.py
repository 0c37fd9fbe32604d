"""Three trees, two of them made from the first, become one: by path, looking at what differs only.

1. What one side changed, added or deleted, and the other left alone, is taken.
2. What both did the same way is taken once. So a path that both deleted is gone.
3. What both did differently is a conflict. The merged tree has it as it was in the base, on whichever side
   one stands.
4. A file on one side where the other has a folder is one conflict for all that lies there: a *clash*. It is
   named by the path of the file, the topmost one where several lie in each other.

A rename is a path that goes and one that comes.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from resources.data.merging.model import ConflictKind, kind_of


@dataclass(frozen=True, slots=True)
class PathConflict:
    """A path that both sides changed, and not the same way. Contents by MD5; None: not there."""

    path: str
    base: str | None
    ours: str | None
    theirs: str | None

    @property
    def kind(self) -> ConflictKind:
        """Who did what."""
        return kind_of(self.base, self.ours, self.theirs)


@dataclass(frozen=True, slots=True)
class Clash:
    """A path that is a file on one side and a folder on the other, with all that each version has there."""

    path: str
    base: Mapping[str, str]
    """Path to MD5: ``path`` itself, or what lies below it."""
    ours: Mapping[str, str]
    theirs: Mapping[str, str]

    @property
    def kind(self) -> ConflictKind:
        """Who has the file."""
        if self.path in self.ours:
            return ConflictKind.FILE_AGAINST_FOLDER
        return ConflictKind.FOLDER_AGAINST_FILE


@dataclass(frozen=True, slots=True)
class TreeMerge:
    """What became of three trees. All paths are sorted."""

    merged: dict[str, str]
    """Path to MD5; what is in conflict stands in it as in the base."""
    ours_only: tuple[str, ...]
    """Changed, added or deleted by ours alone."""
    theirs_only: tuple[str, ...]
    same: tuple[str, ...]
    """By both, the same way."""
    conflicts: tuple[PathConflict, ...]
    clashes: tuple[Clash, ...]


def merge_trees(base: Mapping[str, str], ours: Mapping[str, str], theirs: Mapping[str, str]) -> TreeMerge:
    """Merge by the rules above. Each of the three is path to MD5; none of its files is a folder too."""
    by_ours, by_theirs = _changes(base, ours), _changes(base, theirs)
    by_both = by_ours.keys() & by_theirs.keys()
    same = {path for path in by_both if by_ours[path] == by_theirs[path]}
    disputed = by_both - same
    ours_only, theirs_only = by_ours.keys() - by_both, by_theirs.keys() - by_both
    merged = dict(base)
    _apply(merged, by_ours, ours_only)
    _apply(merged, by_theirs, theirs_only)
    _apply(merged, by_ours, same)
    clashes = tuple(_clashes(base, ours, theirs, by_ours, by_theirs))
    if clashes:
        roots = {clash.path for clash in clashes}
        for path in [path for path in merged if _is_within(path, roots)]:
            del merged[path]
        for clash in clashes:
            merged.update(clash.base)
        ours_only, theirs_only, same, disputed = (
            {path for path in paths if not _is_within(path, roots)}
            for paths in (ours_only, theirs_only, same, disputed)
        )
    return TreeMerge(
        merged,
        tuple(sorted(ours_only)),
        tuple(sorted(theirs_only)),
        tuple(sorted(same)),
        tuple(
            PathConflict(path, base.get(path), ours.get(path), theirs.get(path)) for path in sorted(disputed)
        ),
        clashes,
    )


def _changes(base: Mapping[str, str], side: Mapping[str, str]) -> dict[str, str | None]:
    """What a side made of the base: each path with its new content, None where it is gone."""
    before = base.get
    changes: dict[str, str | None] = {path: md5 for path, md5 in side.items() if before(path) != md5}
    added = sum(path not in base for path in changes)
    if len(side) - added < len(base):
        changes.update(dict.fromkeys(base.keys() - side.keys()))
    return changes


def _apply(merged: dict[str, str], changes: Mapping[str, str | None], paths: Iterable[str]) -> None:
    for path in paths:
        md5 = changes[path]
        if md5 is None:
            del merged[path]
        else:
            merged[path] = md5


def _clashes(
    base: Mapping[str, str],
    ours: Mapping[str, str],
    theirs: Mapping[str, str],
    by_ours: Mapping[str, str | None],
    by_theirs: Mapping[str, str | None],
) -> Iterator[Clash]:
    """Each side is a tree, so the file is on one of them only and the folder on the other.

    A path that one side only has, and that is there or may be after the merge, was added by it, or changed
    where the other deleted it: in any case it is among its changes, so nothing else has to be looked at.
    """
    of_ours = {path for path, md5 in by_ours.items() if md5 is not None and path not in theirs}
    of_theirs = {path for path, md5 in by_theirs.items() if md5 is not None and path not in ours}
    found = {folder for path in of_theirs for folder in _folders(path) if folder in of_ours}
    found |= {folder for path in of_ours for folder in _folders(path) if folder in of_theirs}
    roots = {path for path in found if not any(folder in found for folder in _folders(path))}
    if not roots:
        return
    parts = [_below(tree, roots) for tree in (base, ours, theirs)]
    for root in sorted(roots):
        yield Clash(root, *(part.get(root, {}) for part in parts))


def _below(tree: Mapping[str, str], roots: set[str]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for path, md5 in tree.items():
        for place in (path, *_folders(path)):
            if place in roots:
                found.setdefault(place, {})[path] = md5
    return found


def _is_within(path: str, roots: set[str]) -> bool:
    return path in roots or any(folder in roots for folder in _folders(path))


def _folders(path: str) -> Iterator[str]:
    """The folders that a path lies in, the innermost first."""
    end = path.rfind("/")
    while end > 0:
        yield path[:end]
        end = path.rfind("/", 0, end)
