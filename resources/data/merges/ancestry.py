"""Which version two others were both made from: pure."""

from collections.abc import Mapping, Sequence

from resources.terms import VersionKey


def common_ancestor(
    parents: Mapping[VersionKey, Sequence[VersionKey]], ours: VersionKey, theirs: VersionKey
) -> VersionKey | None:
    """The newest version that both were made from, or are; None for two that have none.

    ``parents`` is in the order in which versions were committed. Of several the one that was committed last
    is taken; after a merge of the branch that is what was merged.
    """
    both = _ancestors(parents, ours) & _ancestors(parents, theirs)
    order = {key: place for place, key in enumerate(parents)}
    return max(both, key=lambda key: order.get(key, -1), default=None)


def _ancestors(parents: Mapping[VersionKey, Sequence[VersionKey]], key: VersionKey) -> set[VersionKey]:
    found: set[VersionKey] = set()
    pending = [key]
    while pending:
        one = pending.pop()
        if one not in found:
            found.add(one)
            pending.extend(parents.get(one, ()))
    return found
