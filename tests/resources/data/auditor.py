"""Looks at a store from outside: it knows DVC's layout and our tables' names, and none of our code."""

import hashlib
import json
import sqlite3
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Audit:
    """What a store held."""

    objects: set[str]
    versions: dict[tuple[str, str], dict[str, str]]
    """Data set and key to the files: path to the name of its object."""
    journal: int
    """Rows of those that are at work."""
    drafts: int

    def files(self, dataset: str, key: str) -> dict[str, str]:
        """The files of one version."""
        return self.versions[dataset, key]


def md5_of(content: bytes) -> str:
    """The name of an object."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def audit_objects(cache: Path) -> set[str]:
    """The names of all objects, after each was compared with its content."""
    found = {path.parent.name + path.name for path in cache.glob("files/md5/*/*")}
    audit_named(cache, found)
    return found


def audit_named(cache: Path, names: set[str]) -> None:
    """Compare these objects with their names."""
    for name in names:
        path = _object(cache, name)
        assert md5_of(path.read_bytes()) == name.removesuffix(".dir"), f"object {name} holds something else"
        assert path.stat().st_mode & 0o777 == 0o444, f"object {name} can be written"


def audit_home(home: Path, *, after_a_power_cut: bool = False) -> Audit:
    """All that a home holds. Fails where a version is wrong or not whole.

    What was being written when the power failed may lie under its name with other content: no version has it,
    and whoever writes it again does so. After a kill every object is right.
    """
    cache = home / "data" / ".cache"
    objects = (
        {path.parent.name + path.name for path in cache.glob("files/md5/*/*")}
        if after_a_power_cut
        else audit_objects(cache)
    )
    connection = sqlite3.connect(home / "trainplat.db")
    try:
        rows = connection.execute(
            "SELECT dataset, key, tree_md5, tree_sha256, files, size_bytes, number, state FROM data_versions"
        ).fetchall()
        [(journal,)] = connection.execute("SELECT count(*) FROM data_journal").fetchall()
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    finally:
        connection.close()
    versions = {}
    for dataset, key, tree_md5, tree_sha256, files, size_bytes, _, state in rows:
        if state == "erased":
            continue
        assert tree_md5 in objects, f"{dataset} {key} has no tree"
        text = _object(cache, tree_md5).read_bytes()
        assert hashlib.sha256(text).hexdigest() == tree_sha256
        listed = {entry["relpath"]: entry["md5"] for entry in json.loads(text)}
        missing = set(listed.values()) - objects
        assert not missing, f"{dataset} {key} lacks {len(missing)} objects"
        sizes = sum(_object(cache, name).stat().st_size for name in listed.values())
        assert (len(listed), sizes) == (files, size_bytes)
        audit_named(cache, {tree_md5, *listed.values()})
        versions[dataset, key] = listed
    numbers = sorted((row[0], row[6]) for row in rows)
    assert len(set(numbers)) == len(numbers)
    drafts = len(list((cache / "drafts").iterdir())) if (cache / "drafts").exists() else 0
    return Audit(objects, versions, journal, drafts)


def _object(cache: Path, name: str) -> Path:
    return cache / "files/md5" / name[:2] / name[2:]
