"""Versions at a bucket of S3 and in a folder, looked at by the requests that were made."""

import errno
import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fsspec.implementations.local import LocalFileSystem  # type: ignore[import-untyped]
from fsspec.implementations.memory import MemoryFileSystem  # type: ignore[import-untyped]

from resources.data.collecting.service import CollectingService
from resources.data.places import place as module
from resources.data.places.model import RemoteProblem
from resources.data.places.place import Place
from resources.data.places.service import PlaceService
from resources.data.storage.listings import drop_listing
from resources.data.storage.objects import DamagedObject
from resources.data.versions import store as version_store
from resources.data.versions.errors import DamagedVersion
from resources.data.versions.model import State, Version
from resources.data.versions.service import VersionService
from resources.errors import BadInput, Conflict, Denied, NotFound, Unavailable
from tests.resources.data.interop.conftest import ACTOR, FILES, SHAPES, commit, write
from tests.resources.data.interop.dvc import contents, dvc
from tests.servers.s3 import Bucket

pytest_plugins: list[str] = []


@pytest.fixture
def versions(trainplat_home: Path) -> VersionService:
    from resources.home import Home

    home = Home(trainplat_home)
    return VersionService(home, home.database())


@pytest.fixture
def places(versions: VersionService) -> PlaceService:
    return PlaceService(versions.home, versions.database)


@pytest.fixture
def version(versions: VersionService, tmp_path: Path) -> Version:
    return commit(versions, write(tmp_path / "work", FILES))


@pytest.fixture
def requests(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What S3 was asked for, by the real client."""
    import s3fs  # type: ignore[import-untyped]

    asked: list[str] = []
    real = s3fs.S3FileSystem._call_s3

    async def counted(self: Any, method: str, *arguments: Any, **settings: Any) -> Any:
        asked.append(method)
        return await real(self, method, *arguments, **settings)

    monkeypatch.setattr(s3fs.S3FileSystem, "_call_s3", counted)
    monkeypatch.setattr(s3fs.S3FileSystem, "call_s3", __import__("fsspec.asyn").asyn.sync_wrapper(counted))
    return iter([asked])


def test_a_push_of_a_change_sends_what_is_new_and_lists_nothing(
    versions: VersionService,
    places: PlaceService,
    version: Version,
    bucket: Bucket,
    requests: Iterator[list[str]],
    tmp_path: Path,
) -> None:
    asked = next(requests)
    places.add("backup", f"{bucket.url}/shapes", ACTOR)
    first = places.push(SHAPES, None, None, ACTOR)
    assert (len(first.versions), first.sent) == (1, 3)
    write(tmp_path / "work", {"train/c.txt": b"square"})
    commit(versions, tmp_path / "work")
    asked.clear()
    second = places.push(SHAPES, "v1.1", None, ACTOR)
    assert (second.looked_for, second.sent, second.sent_bytes) == (1, 1, 6)
    assert sorted(asked) == ["head_object"] * 3 + ["put_object"] * 2  # the parent's tree, the file, the tree
    asked.clear()
    assert places.push(SHAPES, None, None, ACTOR).versions == ()
    assert asked == ["head_object"], "it is asked whether it still has the newest"


def test_a_version_whose_list_is_lost_keeps_none_before_it_from_a_remote(
    versions: VersionService, places: PlaceService, version: Version, tmp_path: Path
) -> None:
    write(tmp_path / "work", {"train/c.txt": b"square"})
    lost = commit(versions, tmp_path / "work")
    places.objects.path(lost.tree_md5).unlink()
    drop_listing(places.objects, lost.tree_md5)
    places.add("backup", str(tmp_path / "backup"), ACTOR)
    with pytest.raises(DamagedObject):
        places.push(SHAPES, None, None, ACTOR)
    [standing] = places.status(SHAPES)
    assert (standing.there, standing.missing) == ((version,), (lost,))


def test_a_version_comes_back_from_s3_byte_for_byte(
    versions: VersionService, places: PlaceService, version: Version, bucket: Bucket, tmp_path: Path
) -> None:
    places.add("backup", bucket.url, ACTOR)
    places.check("backup")
    places.push(SHAPES, "latest", "backup", ACTOR)
    shutil.rmtree(versions.objects.cache)
    found, fetched = places.pull(SHAPES, "v1.0", "backup")
    assert (found, fetched) == (version, 4)
    versions.restore(SHAPES, "v1.0", tmp_path / "back")
    assert contents(tmp_path / "back") == FILES
    assert [(one.objects, one.left) for one in places.prefetch([(SHAPES, "v1.0")])] == [(0, 0)]


def test_dvc_pulls_from_a_remote_that_was_pushed_to(
    versions: VersionService, places: PlaceService, version: Version, tmp_path: Path
) -> None:
    places.add("disk", str(tmp_path / "disk"), ACTOR)
    places.push(SHAPES, None, None, ACTOR)
    folder = write(tmp_path / "clone", {"shapes.dvc": b""})
    text = f"outs:\n- md5: {version.tree_md5}\n  hash: md5\n  path: shapes\n"
    (folder / "shapes.dvc").write_text(text)
    dvc(folder, "init", "-q", "--no-scm")
    dvc(folder, "remote", "add", "-q", "-d", "there", str(tmp_path / "disk"))
    dvc(folder, "pull", "-q")
    assert contents(folder / "shapes") == FILES


def test_what_is_damaged_or_lost_here_is_brought_back_when_it_is_given_out(
    versions: VersionService, places: PlaceService, version: Version, tmp_path: Path
) -> None:
    places.add("disk", str(tmp_path / "disk"), ACTOR)
    places.push(SHAPES, None, None, ACTOR)
    shutil.rmtree(versions.objects.cache)
    mending = VersionService(versions.home, versions.database, repair=places.repair)
    mending.restore(SHAPES, "v1.0", tmp_path / "back")
    assert contents(tmp_path / "back") == FILES
    assert places.repair(["0" * 32]) == ["0" * 32]


def test_nothing_damaged_is_sent_or_taken(
    versions: VersionService, places: PlaceService, version: Version, tmp_path: Path
) -> None:
    places.add("disk", str(tmp_path / "disk"), ACTOR)
    name = versions.tree(version).files["train/a.txt"]
    here, there = versions.objects.path(name), tmp_path / "disk" / "files" / "md5" / name[:2] / name[2:]
    here.unlink()
    here.write_bytes(b"squar\n")
    with pytest.raises(DamagedVersion, match=r"shapes v1\.0"):
        places.push(SHAPES, None, None, ACTOR)
    [standing] = places.status(SHAPES)
    assert (standing.there, standing.missing) == ((), (version,))
    assert standing.lags_since == version.committed_at
    here.unlink()
    commit_again = write(tmp_path / "again", FILES)
    versions.objects.put((commit_again / "train" / "a.txt").read_bytes())
    places.push(SHAPES, None, None, ACTOR)
    here.unlink()
    there.chmod(0o644)
    there.write_bytes(b"squar\n")
    with pytest.raises(DamagedVersion):
        places.pull(SHAPES, "v1.0", "disk")
    assert not here.exists()


@pytest.mark.parametrize("kind", ["disk", "s3"])
def test_a_push_again_sends_what_is_damaged_there(
    versions: VersionService,
    places: PlaceService,
    version: Version,
    kind: str,
    request: pytest.FixtureRequest,
    tmp_path: Path,
) -> None:
    name = versions.tree(version).files["train/a.txt"]
    key = f"files/md5/{name[:2]}/{name[2:]}"
    if kind == "s3":
        bucket: Bucket = request.getfixturevalue("bucket")
        places.add("there", f"{bucket.url}/x", ACTOR)
        places.push(SHAPES, None, None, ACTOR)
        bucket.put(f"x/{key}", b"squar\n")
    else:
        places.add("there", str(tmp_path / "there"), ACTOR)
        places.push(SHAPES, None, None, ACTOR)
        (tmp_path / "there" / key).write_bytes(b"squar\n")
    assert places.push(SHAPES, None, None, ACTOR).sent == 0
    assert places.push(SHAPES, None, None, ACTOR, again=True).sent == 1
    versions.objects.path(name).unlink()
    assert places.pull(SHAPES, "v1.0", None)[1] == 1


def test_a_full_disk_is_told_as_that_and_not_as_a_remote_that_is_down(
    versions: VersionService,
    places: PlaceService,
    version: Version,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def is_full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    places.add("disk", str(tmp_path / "disk"), ACTOR)
    with monkeypatch.context() as disk:
        disk.setattr(LocalFileSystem, "put_file", is_full)
        with pytest.raises(Unavailable, match=f"the disk that holds {tmp_path}/disk/.* is full"):
            places.push(SHAPES, None, None, ACTOR)
    places.push(SHAPES, None, None, ACTOR)
    versions.objects.path(versions.tree(version).files["train/a.txt"]).unlink()
    with monkeypatch.context() as disk:
        disk.setattr(LocalFileSystem, "get_file", is_full)
        with pytest.raises(Unavailable, match=f"the disk that holds {versions.objects.cache}/.* is full"):
            places.pull(SHAPES, "v1.0", None)
    assert places.pull(SHAPES, "v1.0", None)[1] == 1


def test_a_full_place_of_another_machine_is_not_told_as_a_disk_of_this_one(
    versions: VersionService, places: PlaceService, version: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    def is_full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    places.add("away", "memory://full/place", ACTOR)
    monkeypatch.setattr(MemoryFileSystem, "put_file", is_full)
    with pytest.raises(RemoteProblem, match="remote away at memory://full/place takes nothing more") as told:
        places.push(SHAPES, None, None, ACTOR)
    assert "the disk that holds" not in str(told.value)
    monkeypatch.undo()
    places.push(SHAPES, None, None, ACTOR)
    versions.objects.path(versions.tree(version).files["train/a.txt"]).unlink()
    monkeypatch.setattr(MemoryFileSystem, "get_file", is_full)
    with pytest.raises(Unavailable, match=f"the disk that holds {versions.objects.cache}/.* is full"):
        places.pull(SHAPES, "v1.0", None)
    monkeypatch.undo()
    MemoryFileSystem().rm("/full", recursive=True)


def test_a_place_that_was_made_anew_gets_everything_again(
    versions: VersionService, places: PlaceService, version: Version, tmp_path: Path
) -> None:
    places.add("disk", str(tmp_path / "disk"), ACTOR)
    places.push(SHAPES, None, None, ACTOR)
    shutil.rmtree(tmp_path / "disk")
    places.accept("disk", ACTOR)
    write(tmp_path / "work", {"train/c.txt": b"square"})
    commit(versions, tmp_path / "work")
    assert places.push(SHAPES, "v1.1", None, ACTOR).sent == 4
    assert places.push(SHAPES, "v1.0", None, ACTOR).sent == 0
    assert len(places.status(SHAPES)[0].there) == 2


def test_a_folder_that_lost_all_is_noticed_by_a_push_of_nothing_new(
    versions: VersionService, places: PlaceService, version: Version, tmp_path: Path
) -> None:
    write(tmp_path / "work", {"train/c.txt": b"square"})
    commit(versions, tmp_path / "work")
    places.add("disk", str(tmp_path / "disk"), ACTOR)
    sent = places.push(SHAPES, None, None, ACTOR).sent
    assert places.push(SHAPES, None, None, ACTOR).sent == 0
    shutil.rmtree(tmp_path / "disk" / "files")
    again = places.push(SHAPES, None, None, ACTOR)
    assert (again.sent, [one.key for one in again.versions]) == (sent, ["v1.0", "v1.1"])
    assert places.pull(SHAPES, "v1.0", None)[0] == version


def test_erasing_takes_the_bytes_away_there_too(
    versions: VersionService, places: PlaceService, version: Version, tmp_path: Path
) -> None:
    places.add("disk", str(tmp_path / "disk"), ACTOR)
    places.push(SHAPES, None, None, ACTOR)
    names = [*versions.tree(version).names, version.tree_md5]
    places.erase(names)
    assert len(contents(tmp_path / "disk" / "files")) == 4, "a version needs them"
    with versions.database.write_plainly() as rows:
        version_store.set_state(rows, SHAPES, version.key, State.ERASED)
    places.erase(names)
    assert contents(tmp_path / "disk" / "files") == {}
    assert places.status()[0].there == ()
    remote = CollectingService(versions.home, versions.database, remote=places.repair)
    assert remote.repair(["0" * 32]) == ["0" * 32]


def test_wrong_credentials_and_what_is_gone_are_told_without_a_key(
    places: PlaceService, version: Version, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    places.add("gone", "s3://no-such-bucket-here/x", ACTOR)
    with pytest.raises(RemoteProblem, match="remote gone is gone"):
        places.push(SHAPES, None, "gone", ACTOR)
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    places.add("bare", bucket.url, ACTOR)
    with pytest.raises(Denied, match="credentials are missing") as denied:
        PlaceService.check(places, "bare")
    assert "tests-secret" not in str(denied.value)


def test_an_endpoint_that_is_down_is_tried_again_and_named(
    versions: VersionService, version: Version, bucket: Bucket
) -> None:
    waits: list[float] = []
    places = PlaceService(
        versions.home, versions.database, place=lambda remote: Place(remote, sleep=waits.append)
    )
    places.add("down", bucket.url, ACTOR, endpoint="http://127.0.0.1:9")
    with pytest.raises(RemoteProblem, match=r"does not answer at http://127\.0\.0\.1:9"):
        places.check("down")
    assert waits == [0.2, 0.4, 0.8]


def test_an_address_holds_no_password(places: PlaceService, tmp_path: Path) -> None:
    for url in (
        "s3://key:secret@bucket",
        "relative/path",
        "s3://",
        "s3:///x",
        "s3://bucket?X-Amz-Signature=1",
    ):
        with pytest.raises(BadInput):
            places.add("backup", url, ACTOR)
    with pytest.raises(BadInput, match="of the form"):
        places.add("Back Up", str(tmp_path), ACTOR)
    assert places.remotes() == []


def test_a_kind_that_does_not_answer_or_is_not_known_is_told(places: PlaceService) -> None:
    places.add("ftp", "ftp://127.0.0.1:9/x", ACTOR)
    with pytest.raises(RemoteProblem, match="remote ftp does not answer"):
        places.check("ftp")
    places.add("odd", "nothing-knows-this://x/y", ACTOR)
    with pytest.raises(BadInput, match="'nothing-knows-this', which is not known here"):
        places.check("odd")


def test_remotes_are_named_once_and_forgotten(places: PlaceService, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no remote yet"):
        places.remote(None)
    added = places.add("one", str(tmp_path / "one"), ACTOR)
    assert places.add("one", str(tmp_path / "one"), ACTOR) == added
    with pytest.raises(Conflict, match="already"):
        places.add("one", str(tmp_path / "two"), ACTOR)
    places.add("two", str(tmp_path / "two"), ACTOR)
    with pytest.raises(BadInput, match="several remotes: one, two"):
        places.remote(None)
    places.remove("one", ACTOR)
    with pytest.raises(NotFound, match="there are: two"):
        places.remote("one")


def test_erasing_at_s3_takes_many_away_in_one_request(
    versions: VersionService,
    places: PlaceService,
    version: Version,
    bucket: Bucket,
    requests: Iterator[list[str]],
) -> None:
    asked = next(requests)
    places.add("backup", bucket.url, ACTOR)
    places.push(SHAPES, None, None, ACTOR)
    names = [*versions.tree(version).names, version.tree_md5]
    with versions.database.write_plainly() as rows:
        version_store.set_state(rows, SHAPES, version.key, State.ERASED)
    asked.clear()
    places.erase(names)
    assert asked == ["delete_objects"]
    place = Place(places.remote("backup"))
    assert [place.size_of(name) for name in names] == [None] * len(names)


def test_a_remote_that_fails_is_passed_over_with_a_warning(
    versions: VersionService,
    places: PlaceService,
    version: Version,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    places.add("b-disk", str(tmp_path / "disk"), ACTOR)
    places.push(SHAPES, None, None, ACTOR)
    places.add("a-gone", "unknown-kind://nowhere/at/all", ACTOR)
    shutil.rmtree(versions.objects.cache)
    [found] = places.prefetch([(SHAPES, "v1.0")])
    assert (found.version, found.objects, found.left) == (version, 3, 0)
    assert "a-gone is passed over" in caplog.text


def test_a_push_brings_back_what_is_missing_here(
    versions: VersionService, places: PlaceService, version: Version, tmp_path: Path
) -> None:
    places.add("first", str(tmp_path / "first"), ACTOR)
    places.push(SHAPES, None, "first", ACTOR)
    versions.objects.path(versions.tree(version).files["train/a.txt"]).unlink()
    places.add("second", str(tmp_path / "second"), ACTOR)
    assert places.push(SHAPES, None, "second", ACTOR).sent == 3
    assert contents(tmp_path / "first" / "files") == contents(tmp_path / "second" / "files")


def test_a_large_object_in_s3_is_compared_by_all_of_it(
    places: PlaceService, version: Version, bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "AT_ONCE_BYTES", 10)
    places.add("backup", bucket.url, ACTOR)
    assert places.push(SHAPES, None, None, ACTOR).sent == 3
    place = Place(places.remote("backup"), sleep=lambda seconds: None)  # noqa: ARG005
    real = place._files.put_file

    def shortened(source: str, path: str) -> None:
        Path(f"{source}.other").write_bytes(b"x" * Path(source).stat().st_size)
        real(f"{source}.other", path)

    monkeypatch.setattr(place._files, "put_file", shortened)
    (tmp_path / "large").write_bytes(b"content of some length")
    with pytest.raises(RemoteProblem):
        place.send(
            hashlib.md5(b"content of some length", usedforsecurity=False).hexdigest(), tmp_path / "large"
        )
