"""Versions on branches as trainings take them: checked like those of the main line, and frozen."""

from dataclasses import dataclass

from resources.data.mainline import record_of
from resources.data.model import ImageSet, Snapshot, Split, VersionRecord, VersionState
from resources.data.reading import image_set
from resources.data.service import DataService
from resources.data.spec import DatasetSpec
from resources.data.storage.repository import DatasetRepository
from resources.data.storage.tree import SealedTree
from resources.data.versions import store
from resources.data.versions.handing import refuse_unusable
from resources.data.versions.model import Version
from resources.data.versions.refs import resolve
from resources.errors import BadInput, Conflict
from resources.terms import Actor, VersionKey


@dataclass(frozen=True)
class BranchVersion:
    """A version on a branch that a model may be trained on."""

    version: Version
    branch: str
    base: VersionRecord
    """The version of the pipeline that the branch came from, the newest of them."""
    tree: SealedTree

    def images(self, split: Split) -> ImageSet:
        """The transformed images of one split. Raises :class:`DamagedObject`."""
        return image_set(self.tree, split)


def branch_version(data: DataService, spec: DatasetSpec, ref: str) -> BranchVersion:
    """The version on a branch that ``ref`` names: the branch (its newest version), or one of its versions.

    Raises :class:`UnknownRef`, BadInput for one on the main line, and Conflict for one that no model may be
    trained on, with the reason.
    """
    with data.database.read_plainly() as rows:
        version = resolve(rows, spec.name, ref)
        known = {one.key: one for one in store.versions(rows, spec.name)}
    refuse_unusable(version)
    if version.branch is None:
        raise BadInput(
            f"{spec.name} {version.key} is on the main line; expected a branch, or a version on one",
            f"The round of a version of the main line trains it: run {spec.name}_round for partition "
            f"{version.key}. `trainplat data branch {spec.name}` lists the branches.",
        )
    records = {one.version: one for one in data.versions(spec.name) if one.state is VersionState.SEALED}
    base = _base(version, known, records)
    if base is None:
        raise Conflict(
            f"{spec.name} {version.key} comes from no version that its pipeline made",
            f"Make a first version: run {spec.name}_round for partition v1.0, then branch from it.",
        )
    repository = DatasetRepository(data.home, spec.name)
    record_of(spec, repository, version, base)  # raises what is wrong with it
    return BranchVersion(version, version.branch, base, SealedTree(repository.objects, version.tree_md5))


def freeze(data: DataService, taken: BranchVersion, actor: Actor) -> Snapshot:
    """Write down what a training of it starts from."""
    version = taken.version
    return data.freeze_tree(version.dataset, version.key, version.tree_md5, actor)


def _base(
    version: Version, known: dict[VersionKey, Version], records: dict[VersionKey, VersionRecord]
) -> VersionRecord | None:
    """The newest ancestor that the pipeline knows."""
    pending, seen = list(version.parents), set[VersionKey]()
    found: list[Version] = []
    while pending:
        key = pending.pop()
        if key in seen or key not in known:
            continue
        seen.add(key)
        if key in records:
            found.append(known[key])
        else:
            pending += known[key].parents
    return records[max(found, key=lambda one: one.number).key] if found else None
