"""Committed versions have the schema of their files, and a change that breaks readers is a major version."""

import json
from pathlib import Path

import pytest

from resources.data.library import DataSet
from resources.data.merges.service import MergeService
from resources.data.schemas.comparing import What
from resources.data.storage.objects import ObjectStore
from resources.data.versions.committing import Wanted
from resources.data.versions.model import Committed
from resources.data.versions.service import VersionService
from resources.database.engine import Database
from resources.home import Home
from resources.terms import Actor, DatasetName
from tests.resources.data.folders import write

ANN, PETS = Actor("user:ann"), DatasetName("pets")
TABLE = b"file,label\na,cat\nb,dog\n"
ONE, BOTH, THREE = (json.dumps({"classes": ["cat", "dog", "cow"][:count]}) for count in (1, 2, 3))


@pytest.fixture
def versions(any_database: Database, trainplat_home: Path) -> VersionService:
    """Versions on each database."""
    return VersionService(Home(trainplat_home), any_database)


def commit(
    versions: VersionService, folder: Path, files: dict[str, bytes], schema: str | None = None
) -> Committed:
    return versions.commit(Wanted(PETS, write(folder, files), "", ANN, "ann", schema=schema))


def test_what_breaks_readers_is_a_major_version_and_all_else_a_minor_one(
    versions: VersionService, tmp_path: Path
) -> None:
    first = commit(versions, tmp_path / "pets", {"labels.csv": TABLE, "a.jpg": b"a"})
    assert json.loads(first.version.schema)["files"]["labels.csv"]["columns"]["label"]["classes"] == [
        "cat",
        "dog",
    ]
    grown = commit(versions, tmp_path / "pets", {"labels.csv": TABLE + b"c,cow\n", "b.jpg": b"b"})
    assert (grown.version.key, [one.what for one in grown.schema_changes]) == ("v1.1", [What.CLASS_ADDED])
    broken = commit(versions, tmp_path / "pets", {"labels.csv": b"file\na\nb\nc\n"})
    assert (broken.version.key, [one.what for one in broken.schema_changes]) == (
        "v2.0",
        [What.COLUMN_REMOVED],
    )
    assert versions.schema_changes(PETS, "v1.1", "v2.0") == broken.schema_changes
    assert commit(versions, tmp_path / "pets", {"c.jpg": b"c"}).version.key == "v2.1"


def test_files_that_nobody_can_read_are_committed_and_told(versions: VersionService, tmp_path: Path) -> None:
    made = commit(versions, tmp_path / "pets", {"a.csv": b"\xff\xfe", "b.json": b"[[[", "c.jsonl": b"{"})
    files = json.loads(made.version.schema)["files"]
    assert {path: file["unread"] for path, file in files.items()} == {
        "a.csv": "not_utf8",
        "b.json": "broken",
        "c.jsonl": "broken",
    }


def test_a_schema_that_is_declared_stays_and_no_file_is_read_for_it(
    versions: VersionService, tmp_path: Path
) -> None:
    declared = json.dumps({"classes": ["cat", "dog"]})
    commit(versions, tmp_path / "pets", {"labels.csv": TABLE}, schema=declared)
    kept = commit(versions, tmp_path / "pets", {"labels.csv": b"no table"})
    assert (kept.version.key, kept.version.schema) == ("v1.1", declared)
    other = commit(versions, tmp_path / "pets", {"c": b"c"}, schema='{"classes": ["cat"]}')
    assert other.version.key == "v2.0"
    read = commit(versions, tmp_path / "pets", {"labels.csv": TABLE}, schema="{}")
    assert (read.version.key, "labels.csv" in read.version.schema) == ("v3.0", True)
    assert not commit(versions, tmp_path / "pets", {}, schema="{}").is_new


def test_only_annotation_files_that_changed_are_read(
    versions: VersionService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {"a.csv": TABLE, "b.csv": b"id\n1\n", "c.json": b"{}", "d.jpg": b"d", "x.csv": b"\xff"}
    commit(versions, tmp_path / "pets", files)
    asked: list[bytes] = []
    read = ObjectStore.read

    def told(store: ObjectStore, md5: str) -> bytes:
        asked.append(read(store, md5))
        return asked[-1]

    monkeypatch.setattr(ObjectStore, "read", told)
    commit(versions, tmp_path / "pets", {"b.csv": b"id\n2\n", "e.jpg": b"e"})
    assert asked == [b"id\n2\n"]


def test_a_merge_has_the_schema_of_what_was_merged(
    versions: VersionService, tmp_path: Path, any_database: Database
) -> None:
    merges = MergeService(versions.home, any_database)
    commit(versions, tmp_path / "pets", {"labels.csv": TABLE, "more.csv": b"id,x\n1,2\n"})
    for name in ("ann", "bob"):
        versions.restore(PETS, "v1.0", tmp_path / name)
    commit(versions, tmp_path / "ann", {"labels.csv": TABLE + b"c,cow\n"})
    branch = commit(versions, tmp_path / "bob", {"more.csv": b"id\n1\n"}).version.branch
    assert branch is not None
    merged = merges.merge(PETS, branch, ANN).version
    assert merged is not None
    assert merged.key == "v2.0"
    alone = commit(versions, tmp_path / "alone", versions_files(versions, merged.tree_md5))
    assert alone.version.schema == merged.schema


def versions_files(versions: VersionService, tree_md5: str) -> dict[str, bytes]:
    named = versions.objects.read_tree(tree_md5)
    return {path: versions.objects.read(name) for path, name in named.items()}


def test_a_merge_keeps_what_a_side_declares(
    versions: VersionService, tmp_path: Path, any_database: Database
) -> None:
    declared = json.dumps({"classes": ["cat"]})
    commit(versions, tmp_path / "pets", {"labels.csv": TABLE})
    versions.restore(PETS, "v1.0", tmp_path / "bob")
    commit(versions, tmp_path / "pets", {"a.jpg": b"a"})
    branch = commit(versions, tmp_path / "bob", {"b.jpg": b"b"}, schema=declared).version.branch
    assert branch is not None
    merged = MergeService(versions.home, any_database).merge(PETS, branch, ANN).version
    assert merged is not None
    assert (merged.key, merged.schema) == ("v1.2", declared)


@pytest.mark.parametrize(
    ("ours", "theirs", "merged"),
    [
        (BOTH, ONE, None),
        (ONE, BOTH, None),
        (ONE, ONE, ONE),
        (ONE, THREE, ONE),
        (THREE, ONE, ONE),
        ("{}", THREE, None),
        (THREE, "{}", None),
        (ONE, "{}", None),
    ],
)
def test_of_two_declared_schemas_a_merge_takes_the_changed_one_and_of_two_changed_ones_none(
    trainplat_home: Path, tmp_path: Path, ours: str, theirs: str, merged: str | None
) -> None:
    home = Home(trainplat_home)
    versions = VersionService(home, home.database())
    commit(versions, tmp_path / "pets", {"labels.csv": TABLE}, schema=THREE)
    versions.restore(PETS, "v1.0", tmp_path / "bob")
    commit(versions, tmp_path / "pets", {"a.jpg": b"a"}, schema=ours)
    branch = commit(versions, tmp_path / "bob", {"b.jpg": b"b"}, schema=theirs).version.branch
    assert branch is not None
    made = MergeService(home, home.database()).merge(PETS, branch, ANN).version
    assert made is not None
    read = commit(versions, tmp_path / "alone", versions_files(versions, made.tree_md5), schema="{}").version
    assert made.schema == (read.schema if merged is None else merged)


def test_the_library_declares_a_schema(trainplat_home: Path, tmp_path: Path) -> None:
    pets = DataSet("pets", Home(trainplat_home))
    made = pets.commit(write(tmp_path / "pets", {"a": b"a"}), schema='{"classes": ["cat"]}')
    assert made.version.schema == '{"classes": ["cat"]}'
