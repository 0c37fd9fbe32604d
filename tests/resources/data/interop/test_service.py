"""Versions to the real dvc and from it."""

import hashlib
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import pytest

from resources.data.interop.objects import MissingObjects
from resources.data.interop.service import InteropService
from resources.data.schemas.comparing import What
from resources.data.versions import journal
from resources.data.versions.errors import DamagedVersion
from resources.data.versions.model import Version
from resources.data.versions.service import VersionService
from resources.database.audit import recent
from resources.errors import BadInput, Conflict, NotFound
from resources.terms import DatasetName
from tests.resources.data.interop.conftest import ACTOR, FILES, SHAPES, commit, quiet, write
from tests.resources.data.interop.dvc import contents, dvc, git


def export(interop: InteropService, folder: Path, ref: str = "latest", *, link: bool = False) -> None:
    interop.export(SHAPES, ref, folder, ACTOR, quiet, link=link)


def test_dvc_checks_an_export_out_and_pushes_and_pulls_it(
    interop: InteropService, committed: Version, tmp_path: Path
) -> None:
    folder, remote = tmp_path / "export", tmp_path / "remote"
    export(interop, folder)
    dvc(folder, "checkout", "-q")
    assert contents(folder / "shapes") == FILES
    dvc(folder, "remote", "add", "-q", "-d", "there", str(remote))
    dvc(folder, "push", "-q")
    shutil.rmtree(folder / ".dvc" / "cache")
    shutil.rmtree(folder / "shapes")
    dvc(folder, "pull", "-q")
    assert contents(folder / "shapes") == FILES
    assert "up to date" in dvc(folder, "status")


def test_what_dvc_adds_by_itself_is_the_same_byte_for_byte(
    interop: InteropService, committed: Version, tmp_path: Path
) -> None:
    folder, own = tmp_path / "export", tmp_path / "own"
    export(interop, folder)
    write(own / "shapes", FILES)
    dvc(own, "init", "-q", "--no-scm")
    dvc(own, "add", "-q", "shapes")
    assert (own / "shapes.dvc").read_bytes() == (folder / "shapes.dvc").read_bytes()
    exported, added = (contents(place / ".dvc" / "cache" / "files") for place in (folder, own))
    assert exported == added


def test_an_export_in_git_is_ignored_where_dvc_ignores_and_takes_the_next_version(
    interop: InteropService, versions: VersionService, committed: Version, tmp_path: Path
) -> None:
    folder = tmp_path / "export"
    folder.mkdir()
    git(folder, "init", "-q")
    export(interop, folder)
    write(tmp_path / "work", {"train/c.txt": b"square"})
    commit(versions, tmp_path / "work")
    export(interop, folder)
    dvc(folder, "checkout", "-q")
    assert contents(folder / "shapes") == FILES | {"train/c.txt": b"square"}
    untracked = git(folder, "status", "--porcelain", "--untracked-files=all").split("\n")
    assert {line[3:] for line in untracked if line} == {
        ".dvc/.gitignore",
        ".dvc/config",
        ".dvcignore",
        ".gitignore",
        "shapes.dvc",
    }


def test_deleting_what_an_export_has_harms_no_version(
    interop: InteropService, versions: VersionService, committed: Version, tmp_path: Path
) -> None:
    export(interop, tmp_path / "export")
    (tmp_path / "export" / "shapes.dvc").unlink()
    dvc(tmp_path / "export", "gc", "-q", "-w", "-f")
    versions.restore(SHAPES, committed.key, tmp_path / "back")
    assert contents(tmp_path / "back") == FILES


def test_a_linked_export_takes_no_space(interop: InteropService, committed: Version, tmp_path: Path) -> None:
    export(interop, tmp_path / "export", link=True)
    [large] = [
        file
        for file in (tmp_path / "export" / ".dvc" / "cache").rglob("*")
        if file.is_file() and file.stat().st_size == len(FILES["train/b.bin"])
    ]
    assert large.stat().st_nlink == 2


def test_a_damaged_object_is_not_exported(
    interop: InteropService, versions: VersionService, committed: Version, tmp_path: Path
) -> None:
    damaged = versions.objects.path(versions.tree(committed).files["train/a.txt"])
    damaged.unlink()
    damaged.write_bytes(b"squar\n")
    with pytest.raises(DamagedVersion, match=r"shapes v1\.0"):
        export(interop, tmp_path / "export")
    assert not (tmp_path / "export" / "shapes.dvc").exists()
    with versions.database.read_plainly() as rows:
        assert journal.intents(rows) == []


def test_an_export_leaves_a_folder_of_something_else_alone(
    interop: InteropService, committed: Version, tmp_path: Path
) -> None:
    folder = write(tmp_path / "mine", {"letter.txt": b"dear"})
    with pytest.raises(Conflict, match="not empty"):
        export(interop, folder)
    assert contents(folder) == {"letter.txt": b"dear"}


def test_an_export_puts_nothing_into_a_cache_that_others_use(
    interop: InteropService, committed: Version, tmp_path: Path
) -> None:
    folder = write(tmp_path / "mine", {".dvc/config": b"[cache]\n    dir = ../../shared\n"})
    with pytest.raises(Conflict, match="has its cache at"):
        export(interop, folder)


def test_a_cache_that_a_user_has_for_all_is_read_from_and_left_alone(
    interop: InteropService, committed: Version, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "settings", {"config": f"[cache]\n    dir = {tmp_path}/for all\n".encode()})
    monkeypatch.setenv("DVC_GLOBAL_CONFIG_DIR", str(tmp_path / "settings"))
    folder = write(tmp_path / "theirs" / "data", FILES).parent
    dvc(folder, "init", "-q", "--no-scm")
    dvc(folder, "add", "-q", "data")
    [imported] = interop.take(DatasetName("others"), folder, ACTOR, quiet).versions
    assert imported.tree_md5 == committed.tree_md5
    with pytest.raises(Conflict, match=r"has its cache at .*/for all"):
        export(interop, folder)
    for _ in range(2):
        export(interop, tmp_path / "mine")
    dvc(tmp_path / "mine", "checkout", "-q", "shapes.dvc")
    assert contents(tmp_path / "mine" / "shapes") == FILES


def test_a_configuration_that_is_none_is_told(
    interop: InteropService, committed: Version, tmp_path: Path
) -> None:
    folder = write(tmp_path / "mine", {".dvc/config": b"\xff no section", "a.dvc": _pointer("a")})
    with pytest.raises(BadInput, match=r"\.dvc/config cannot be read"):
        interop.take(SHAPES, folder, ACTOR, quiet)
    with pytest.raises(BadInput, match=r"\.dvc/config cannot be read"):
        export(interop, folder)


def test_a_home_that_nobody_knows_is_told_and_that_of_a_user_without_one_is_passed_over(
    interop: InteropService, committed: Version, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(number: int) -> NoReturn:
        raise KeyError(number)

    for name in ("HOME", "XDG_CONFIG_HOME", "DVC_GLOBAL_CONFIG_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("pwd.getpwuid", unknown)
    export(interop, tmp_path / "export")
    config = b"[core]\n    no_scm = true\n[cache]\n    dir = ~no-such-user/cache\n"
    folder = write(tmp_path / "theirs", {".dvc/config": config, "a.dvc": _pointer("a")})
    with pytest.raises(BadInput, match=r"\.dvc/config says that the cache is at ~no-such-user/cache"):
        interop.take(DatasetName("others"), folder, ACTOR, quiet)


@pytest.mark.parametrize("config", [b"\xff no section", b"[core]\n    remote = caf\xe9\n"])
def test_a_configuration_that_is_no_text_is_told_beside_git_too(
    interop: InteropService, tmp_path: Path, config: bytes
) -> None:
    folder = write(tmp_path / "mine", {".dvc/config": config, "a.dvc": _pointer("a")})
    git(folder, "init", "-q")
    with pytest.raises(BadInput, match=r"\.dvc/config cannot be read"):
        interop.take(SHAPES, folder, ACTOR, quiet)


@pytest.mark.parametrize(("said", "count"), [("no_scm=True", 1), ("no_scm = false", 2), ("other = 1", 2)])
def test_git_has_a_part_in_a_repository_unless_it_says_no(
    interop: InteropService, tmp_path: Path, said: str, count: int
) -> None:
    folder = write(tmp_path / "theirs", {".dvc/config": f"[core]\n    {said}\n".encode()})
    git(folder, "init", "-q")
    for number in range(2):
        content = b"%d" % number
        md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
        pointer = _pointer("a").replace(b"0" * 32, md5.encode())
        write(folder, {f".dvc/cache/files/md5/{md5[:2]}/{md5[2:]}": content, "a.dvc": pointer})
        git(folder, "add", "-f", "a.dvc")
        git(folder, "commit", "-qm", "a")
    assert len(interop.take(SHAPES, folder, ACTOR, quiet).versions) == count


def test_a_revision_that_breaks_readers_is_the_next_major_version(
    interop: InteropService, versions: VersionService, tmp_path: Path
) -> None:
    folder = write(tmp_path / "theirs", {"data/labels.csv": b"file,label\na,cat\n"})
    git(folder, "init", "-q")
    dvc(folder, "init", "-q")
    for table in (b"file,label\na,cat\nb,dog\n", b"file\na\nb\n", b"file\na\nb\nc\n"):
        dvc(folder, "add", "-q", "data")
        git(folder, "add", "-A")
        git(folder, "commit", "-qm", "another")
        (folder / "data/labels.csv").unlink()
        write(folder, {"data/labels.csv": table})
    dvc(folder, "add", "-q", "data")
    git(folder, "commit", "-qam", "the last one")
    done = interop.take(SHAPES, folder, ACTOR, quiet)
    assert [one.key for one in done.versions] == ["v1.0", "v1.1", "v2.0", "v2.1"]
    broken = versions.schema_changes(SHAPES, "v1.1", "v2.0") or ()
    assert [(one.column, one.what, one.breaks) for one in broken] == [("label", What.COLUMN_REMOVED, True)]


def _pointer(name: str) -> bytes:
    return f"outs:\n- md5: {'0' * 32}\n  hash: md5\n  path: {name}\n".encode()


def test_a_history_of_dvc_becomes_versions_with_authors_and_dates(
    interop: InteropService, versions: VersionService, tmp_path: Path
) -> None:
    folder = write(tmp_path / "theirs" / "data", FILES).parent
    git(folder, "init", "-q")
    dvc(folder, "init", "-q")
    dvc(folder, "add", "-q", "data")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "First shapes\n\nAll of them.", at="2026-03-01T12:00:00+02:00")
    write(folder, {"README": b"read me"})
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "Not about data")
    (folder / "data" / "train" / "a.txt").unlink()
    dvc(folder, "add", "-q", "data")
    git(folder, "commit", "-qam", "Fewer", at="2026-03-02T12:00:00+02:00")

    done = interop.take(SHAPES, folder, ACTOR, quiet)
    assert [(one.key, one.author, one.message, one.committed_at) for one in done.versions] == [
        (
            "v1.0",
            "git:Ada Example <ada@example.org>",
            "First shapes\n\nAll of them.",
            datetime(2026, 3, 1, 10, tzinfo=UTC),
        ),
        ("v1.1", "git:Ada Example <ada@example.org>", "Fewer", datetime(2026, 3, 2, 10, tzinfo=UTC)),
    ]
    assert done.versions[1].parents == ("v1.0",)
    tree = (folder / "data.dvc").read_text()
    assert done.versions[1].tree_md5 in tree
    versions.restore(SHAPES, "v1.0", tmp_path / "back")
    assert contents(tmp_path / "back") == FILES

    again = interop.take(SHAPES, folder, ACTOR, quiet)
    assert (again.versions, again.known) == ((), 2)
    write(folder, {"data/d.txt": b"new"})
    dvc(folder, "add", "-q", "data")
    git(folder, "commit", "-qam", "More", at="2026-03-03T12:00:00+02:00")
    assert [one.key for one in interop.take(SHAPES, folder, ACTOR, quiet).versions] == ["v1.2"]
    assert [row.action for row in recent(versions.database)] == ["data.import", "data.import"]


@pytest.mark.slow
def test_missing_objects_are_fetched_by_dvc_or_named(
    interop: InteropService, versions: VersionService, tmp_path: Path
) -> None:
    folder = write(tmp_path / "theirs", {"labels.csv": b"a,1\n"})
    dvc(folder, "init", "-q", "--no-scm")
    dvc(folder, "add", "-q", "labels.csv")
    dvc(folder, "remote", "add", "-q", "-d", "there", str(tmp_path / "remote"))
    dvc(folder, "push", "-q")
    shutil.rmtree(folder / ".dvc" / "cache")
    [version] = interop.take(SHAPES, folder, ACTOR, quiet).versions
    assert versions.tree(version).paths == ["labels.csv"]
    assert version.author == ACTOR
    shutil.rmtree(folder / ".dvc" / "cache")
    shutil.rmtree(tmp_path / "remote")
    with pytest.raises(MissingObjects) as missing:
        interop.take(DatasetName("others"), folder, ACTOR, quiet)
    assert missing.value.names == tuple(versions.tree(version).names)
    assert versions.datasets() == [SHAPES]


def test_a_cache_of_dvc_2_is_hashed_again_by_what_its_files_hold(
    interop: InteropService, versions: VersionService, tmp_path: Path
) -> None:
    # DVC 2 hashes texts as if their lines ended as on Unix, and has no folder files/md5.
    content = b"a,1\r\nb,2\r\n"
    unix = hashlib.md5(content.replace(b"\r\n", b"\n"), usedforsecurity=False).hexdigest()
    tree = f'[{{"md5": "{unix}", "relpath": "labels.csv"}}]'.encode()
    named = hashlib.md5(tree, usedforsecurity=False).hexdigest()
    folder = write(
        tmp_path / "old",
        {
            f".dvc/cache/{unix[:2]}/{unix[2:]}": content,
            f".dvc/cache/{named[:2]}/{named[2:]}.dir": tree,
            ".dvc/config": b"[core]\n    no_scm = True\n",
            "data.dvc": f"outs:\n- md5: {named}.dir\n  size: 10\n  nfiles: 1\n  path: data\n".encode(),
        },
    )
    [version] = interop.take(SHAPES, folder, ACTOR, quiet).versions
    assert versions.tree(version).names == [hashlib.md5(content, usedforsecurity=False).hexdigest()]
    versions.restore(SHAPES, "v1.0", tmp_path / "back")
    assert contents(tmp_path / "back") == {"labels.csv": content}


def test_a_damaged_object_of_theirs_is_not_imported(interop: InteropService, tmp_path: Path) -> None:
    folder = write(tmp_path / "theirs", {"labels.csv": b"a,1\n"})
    dvc(folder, "init", "-q", "--no-scm")
    dvc(folder, "add", "-q", "labels.csv")
    [file] = [file for file in (folder / ".dvc" / "cache" / "files").rglob("*") if file.is_file()]
    os.chmod(file, 0o644)  # noqa: PTH101
    file.write_bytes(b"a,2\n")
    with pytest.raises(MissingObjects, match="damaged"):
        interop.take(SHAPES, folder, ACTOR, quiet)


def test_what_is_to_be_imported_is_named_where_it_is_not_clear(
    interop: InteropService, tmp_path: Path
) -> None:
    with pytest.raises(NotFound, match=r"no folder \.dvc"):
        interop.take(SHAPES, tmp_path, ACTOR, quiet)
    folder = write(tmp_path / "theirs", {".dvc/config": b"[core]\n    no_scm = True\n"})
    with pytest.raises(BadInput, match="no file that names an output"):
        interop.take(SHAPES, folder, ACTOR, quiet)
    for name in ("a", "b"):
        write(folder, {f"{name}.dvc": _pointer(name)})
    with pytest.raises(BadInput, match="several outputs: a, b"):
        interop.take(SHAPES, folder, ACTOR, quiet)
    (tmp_path / "theirs" / "bad.dvc").write_bytes(b"\xff\xfe outs")
    with pytest.raises(BadInput, match=r"bad\.dvc at the work tree cannot be read"):
        interop.take(SHAPES, tmp_path / "theirs", ACTOR, quiet, output="a")
    (tmp_path / "theirs" / "bad.dvc").unlink()
    with pytest.raises(BadInput, match="no output 'c'"):
        interop.take(SHAPES, folder, ACTOR, quiet, output="c")


def test_a_history_is_not_appended_to_versions_from_elsewhere(
    interop: InteropService, committed: Version, tmp_path: Path
) -> None:
    folder = write(tmp_path / "theirs", {"labels.csv": b"a,1\n"})
    git(folder, "init", "-q")
    dvc(folder, "init", "-q")
    dvc(folder, "add", "-q", "labels.csv")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "First")
    with pytest.raises(Conflict, match=r"has v1\.0, which is no revision"):
        interop.take(SHAPES, folder, ACTOR, quiet)
    with pytest.raises(BadInput, match="no revision at which"):
        interop.take(DatasetName("others"), folder, ACTOR, quiet, since="abcdef")
