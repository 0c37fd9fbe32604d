"""Snapshots as files: JSON, named by their id, never changed."""

import json
from dataclasses import asdict
from importlib.metadata import version as installed_version
from pathlib import Path

from resources.data.manifest import digest_of
from resources.data.model import Snapshot
from resources.data.storage.repository import DatasetRepository
from resources.data.storage.tree import SealedTree
from resources.files import write_atomically
from resources.terms import DatasetName, VersionKey


def snapshot_of(repository: DatasetRepository, version: VersionKey, tree: SealedTree) -> Snapshot:
    """The snapshot of a sealed version under the code that runs now: the same again gives the same id."""
    document = tree.document
    split_rule, transform = str(document.rule), document.transformed.transform
    code_version = f"trainplat {installed_version('trainplat')}"
    identity = digest_of(repository.dataset, version, tree.tree_md5, split_rule, transform, code_version)
    return Snapshot(
        id=identity,
        dataset=repository.dataset,
        dataset_version=version,
        tree_md5=tree.tree_md5,
        split_rule=split_rule,
        transform=transform,
        code_version=code_version,
        path=_path(repository, identity),
    )


def write_snapshot(snapshot: Snapshot) -> None:
    """Write the file of a snapshot, where it is not there yet."""
    if not snapshot.path.exists():
        values = {name: value for name, value in asdict(snapshot).items() if name != "path"}
        write_atomically(snapshot.path, json.dumps(values, indent=2) + "\n", mode=0o444)


def read_snapshot(repository: DatasetRepository, identity: str) -> Snapshot:
    """The snapshot of this id. Raises FileNotFoundError."""
    path = _path(repository, identity)
    values = json.loads(path.read_text())
    return Snapshot(
        id=values["id"],
        dataset=DatasetName(values["dataset"]),
        dataset_version=VersionKey(values["dataset_version"]),
        tree_md5=values["tree_md5"],
        split_rule=values["split_rule"],
        transform=values["transform"],
        code_version=values["code_version"],
        path=path,
    )


def _path(repository: DatasetRepository, identity: str) -> Path:
    return repository.snapshots / f"{identity}.json"
