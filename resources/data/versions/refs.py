"""What people call versions: keys, tags, branches."""

from resources.data.versions import store
from resources.data.versions.errors import UnknownDataset, UnknownRef
from resources.data.versions.model import Version
from resources.database.plain import Plain
from resources.terms import DatasetName

NEWEST = "latest"
"""Names the newest version of the main line."""


def branch_of(rows: Plain, dataset: DatasetName, ref: str) -> str | None:
    """The branch that ``ref`` names or is a version of; None for the main line."""
    if store.branch(rows, dataset, ref) is not None:
        return ref
    return resolve(rows, dataset, ref).branch


def resolve(rows: Plain, dataset: DatasetName, ref: str) -> Version:
    """The version that ``ref`` names: a key, a tag, a branch (its head), or ``latest``.

    Raises :class:`UnknownRef` and :class:`UnknownDataset`, which list what there is.
    """
    found = store.version(rows, dataset, ref)
    if found is not None:
        return found
    if ref == NEWEST and (head := store.main_head(rows, dataset)):
        return head
    key = store.tags(rows, dataset).get(ref)
    if key is None and (branch := store.branch(rows, dataset, ref)):
        key = branch.head
    named = None if key is None else store.version(rows, dataset, key)
    if named is not None:
        return named
    known = store.versions(rows, dataset)
    if not known:
        raise UnknownDataset(dataset, store.datasets(rows))
    names = [one.key for one in known] + list(store.tags(rows, dataset))
    raise UnknownRef(dataset, ref, names + [one.name for one in store.branches(rows, dataset)])
