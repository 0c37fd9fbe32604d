"""What versions take: how much is shared, how much would go with each."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from resources.data.storage.listings import read_listing
from resources.data.storage.objects import ObjectStore
from resources.data.versions.model import State, Version


@dataclass(frozen=True)
class Usage:
    """What one version takes."""

    version: Version
    size_bytes: int
    """Of all its objects, each counted once."""
    own_bytes: int
    """Of those that no other version has: what would be free without it."""


def usage(objects: ObjectStore, versions: Sequence[Version]) -> list[Usage]:
    """What each version takes, beside the others."""
    kept = [one for one in versions if one.state is not State.ERASED]
    sizes: dict[str, dict[str, int]] = {}
    for tree_md5 in dict.fromkeys(one.tree_md5 for one in kept):
        tree, _ = read_listing(objects, tree_md5)
        sizes[tree_md5] = {name: max(0, size) for _, name, size in tree}
    counts = Counter(name for one in kept for name in sizes[one.tree_md5])
    return [
        Usage(
            one,
            sum(sizes[one.tree_md5].values()),
            sum(size for name, size in sizes[one.tree_md5].items() if counts[name] == 1),
        )
        for one in kept
    ]


def stored_bytes(objects: ObjectStore) -> int:
    """Of all objects in the store."""
    total = 0
    for _, path in objects.all():
        try:
            total += path.stat().st_size
        except FileNotFoundError:
            continue
    return total
