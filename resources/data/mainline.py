"""One main line: what a pipeline seals is everyone's version, and what people commit is one for the pipeline.

A version of a declared data set has two rows: what its stages made of it (``dataset_versions``) and where it
stands among all versions (``data_versions``). Either may come first.
"""

import json
from collections.abc import Sequence
from datetime import datetime

from resources.data.making.soundness import changed_test_set, in_two_splits, outside_classes
from resources.data.manifest import PIXELS_FILE, SAMPLES_FILE, VERSION_FILE
from resources.data.model import Sample, Split, VersionRecord, VersionState
from resources.data.reading import samples_of
from resources.data.spec import DatasetSpec
from resources.data.storage.listings import read_listing
from resources.data.storage.repository import DatasetRepository
from resources.data.storage.tree import SealedTree
from resources.data.versions import store
from resources.data.versions.model import State, Version
from resources.database.plain import Plain
from resources.errors import Conflict, TrainplatError
from resources.terms import Actor, DatasetName


def publish(
    rows: Plain, repository: DatasetRepository, records: Sequence[VersionRecord], actor: Actor, now: datetime
) -> None:
    """Make every sealed version of a pipeline one for everyone, where it is none yet; oldest first."""
    known = {one.key for one in store.versions(rows, repository.dataset)}
    for record in records:
        if record.tree_md5 is None or record.version in known:
            continue
        tree, _ = read_listing(repository.objects, record.tree_md5)
        added = Version(
            record.dataset,
            record.version,
            store.next_number(rows, record.dataset),
            None,
            State.RETIRED if record.state is VersionState.RETIRED else State.SEALED,
            tree.md5,
            tree.sha256,
            len(tree),
            tree.size_bytes,
            schema_of(SealedTree(repository.objects, record.tree_md5)),
            actor,
            f"{record.new_labels} new labels" if record.parent else "first version",
            record.sealed_at or now,
            () if record.parent is None else (record.parent,),
        )
        store.add_version(rows, added)
        known.add(added.key)


def schema_of(tree: SealedTree) -> str:
    """What all samples of a version have in common."""
    document = tree.document
    return json.dumps(
        {"classes": list(document.classes), "image_size_px": list(document.image_size_px)}, sort_keys=True
    )


def committed(rows: Plain, dataset: DatasetName, records: Sequence[VersionRecord]) -> list[Version]:
    """The versions of the main line that people committed or merged, and no pipeline knows; oldest first."""
    known = {one.version for one in records}
    return [
        one
        for one in store.versions(rows, dataset)
        if one.branch is None and one.state is State.SEALED and one.key not in known
    ]


def record_of(
    spec: DatasetSpec, repository: DatasetRepository, version: Version, parent: VersionRecord | None
) -> tuple[VersionRecord, dict[Split, int]]:
    """What a committed version is for its pipeline. Raises Conflict where no model may be trained on it."""
    tree = SealedTree(repository.objects, version.tree_md5)
    before = _samples(repository, parent)
    samples = _readable(spec, repository, version, tree)
    found = [
        *in_two_splits(samples, before, spec.kind),
        *changed_test_set(samples, before, spec.kind),
        *outside_classes(samples, tree.document.classes, spec.kind),
    ]
    if len(tree.pixels) != len(tree.rows):
        found.append(f"{PIXELS_FILE} has {len(tree.pixels)} rows for {len(tree.rows)} samples")
    if found:
        raise _unusable(version, found)
    labels = {one.id: one.label for one in before if one.split is Split.TRAIN}
    train = [one for one in samples if one.split is Split.TRAIN]
    new = sum(labels.get(one.id) != one.label for one in train)
    counts = {split: sum(one.split is split for one in samples) for split in Split}
    record = VersionRecord(
        dataset=spec.name,
        version=version.key,
        parent=None if parent is None else parent.version,
        state=VersionState.PLANNED,
        planned_at=version.committed_at,
        sealed_at=None,
        tree_md5=None,
        new_labels=new,
        labelled=None,
        pool=None,
        test=None,
        adopted=True,
    )
    return record, counts


def parent_of(records: Sequence[VersionRecord], version: Version) -> VersionRecord | None:
    """The version of the pipeline that a committed one comes after."""
    by_key = {one.version: one for one in records if one.state is not VersionState.PLANNED}
    for key in version.parents:
        if key in by_key:
            return by_key[key]
    return by_key[records[-1].version] if records and records[-1].version in by_key else None


def _samples(repository: DatasetRepository, record: VersionRecord | None) -> list[Sample]:
    if record is None or record.tree_md5 is None:
        return []
    return samples_of(repository, SealedTree(repository.objects, record.tree_md5).rows)


def _readable(
    spec: DatasetSpec, repository: DatasetRepository, version: Version, tree: SealedTree
) -> list[Sample]:
    missing = [name for name in (SAMPLES_FILE, PIXELS_FILE, VERSION_FILE) if name not in tree.files]
    if missing:
        raise _unusable(version, [f"it has no {name}" for name in missing])
    try:
        rows = tree.rows
        document = tree.document
    except TrainplatError:
        raise
    except (ValueError, KeyError) as problem:
        raise _unusable(version, [f"{SAMPLES_FILE} or {VERSION_FILE} cannot be read: {problem}"]) from problem
    if document.classes != spec.classes[: len(document.classes)]:
        told = f"its classes are {list(document.classes)}, not {list(spec.classes)} or the first of these"
        raise _unusable(version, [told])
    lacking = [row.path for row in rows if tree.files.get(row.path) != row.md5]
    if lacking:
        raise _unusable(
            version, [f"the picture {path} is not the one that {SAMPLES_FILE} names" for path in lacking]
        )
    return samples_of(repository, rows)


def _unusable(version: Version, found: Sequence[str]) -> Conflict:
    more = f"; and {len(found) - 1} more" if len(found) > 1 else ""
    what = f"{version.dataset} {version.key}"
    return Conflict(
        f"{what}, which {version.author} committed, cannot be trained on: {found[0]}{more}",
        f"Commit it mended, or leave it out: trainplat data retire {version.dataset} {version.key}.",
    )
