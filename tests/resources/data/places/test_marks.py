"""A remote whose disk is not mounted is told, takes nothing, and has lost nothing."""

import shutil
import threading
from pathlib import Path

import pytest

from resources.data.places import store
from resources.data.places.marks import Marks
from resources.data.places.model import RemoteProblem
from resources.data.places.place import MARK, Place
from resources.data.places.replication import ReplicationService
from resources.data.places.service import PlaceService
from resources.data.versions import store as version_store
from resources.data.versions.model import State
from resources.data.versions.service import VersionService
from resources.database.engine import Database
from resources.home import Home
from tests.resources.data.interop.conftest import ACTOR, FILES, SHAPES, commit, write
from tests.resources.data.interop.dvc import contents, dvc
from tests.servers.s3 import Bucket

MORE = {"train/c.txt": b"square"}


class Nas:
    """A folder of a disk that is mounted, or not."""

    def __init__(self, mount_point: Path) -> None:
        self.at, self._away = mount_point / "shared" / "far", mount_point.with_name("away")
        self._mount_point = mount_point

    def unmount(self) -> None:
        """Leave the bare mount point."""
        self._mount_point.rename(self._away)
        self._mount_point.mkdir()

    def mount(self) -> None:
        """Let the disk lie over the mount point, on which nothing was written."""
        assert list(self._mount_point.iterdir()) == [], "it would lie hidden below the disk"
        self._mount_point.rmdir()
        self._away.rename(self._mount_point)


@pytest.fixture
def nas(tmp_path: Path) -> Nas:
    return Nas(tmp_path / "nas")


@pytest.fixture
def versions(any_database: Database, trainplat_home: Path, tmp_path: Path) -> VersionService:
    versions = VersionService(Home(trainplat_home), any_database)
    commit(versions, write(tmp_path / "work", FILES))
    return versions


@pytest.fixture
def places(versions: VersionService, nas: Nas) -> PlaceService:
    """The remote ``far`` on the disk, with one version."""
    places = PlaceService(versions.home, versions.database)
    places.add("far", str(nas.at), ACTOR)
    places.push(SHAPES, None, "far", ACTOR)
    return places


def lagging(places: PlaceService) -> int:
    """How many versions the rows say are missing there."""
    return len(places.status(SHAPES)[0].missing)


def test_a_remote_that_is_not_mounted_is_told_takes_nothing_and_has_lost_nothing(
    versions: VersionService, places: PlaceService, nas: Nas, tmp_path: Path
) -> None:
    replication = ReplicationService(places)
    replication.replicate(SHAPES, "far", ACTOR)
    nas.unmount()
    [asked] = replication.ask(ACTOR)
    assert (asked.lost, lagging(places)) == ((), 0)
    assert f"remote far is not at file://{nas.at} now: its file {MARK} is missing there" in str(asked.problem)
    commit(versions, write(tmp_path / "work", MORE))
    [failed] = replication.run(ACTOR)
    assert "remote far is not at" in str(failed.problem)
    for again in (False, True):
        with pytest.raises(RemoteProblem, match="is missing there"):
            places.push(SHAPES, "v1.0", "far", ACTOR, again=again)
    with pytest.raises(RemoteProblem, match="is missing there"):
        places.check("far")
    nas.mount()
    assert [asked.lost for asked in replication.ask(ACTOR)] == [()]
    assert lagging(places) == 1
    [done] = replication.run(ACTOR)
    assert done.pushed is not None
    assert (done.pushed.sent, lagging(places)) == (1, 0)


def test_what_a_remote_that_is_not_mounted_would_give_is_told_as_that_and_not_as_damage(
    versions: VersionService, places: PlaceService, nas: Nas, caplog: pytest.LogCaptureFixture
) -> None:
    name = versions.tree(versions.log(SHAPES)[0]).files["train/a.txt"]
    versions.objects.path(name).unlink()
    nas.unmount()
    with pytest.raises(RemoteProblem, match="remote far is not at"):
        places.pull(SHAPES, "v1.0", "far")
    assert places.repair([name]) == [name]
    assert "remote far is passed over: remote far is not at" in caplog.text
    nas.mount()
    assert places.repair([name]) == []


@pytest.mark.parametrize("is_from_before", [False, True])
def test_nothing_counts_as_erased_at_a_remote_that_is_not_mounted(
    versions: VersionService, places: PlaceService, nas: Nas, is_from_before: bool
) -> None:
    version = versions.log(SHAPES)[0]
    names = [*versions.tree(version).names, version.tree_md5]
    if is_from_before:
        forget_mark(versions.database, nas.at)
    with versions.database.write_plainly() as rows:
        version_store.set_state(rows, SHAPES, version.key, State.ERASED)
    nas.unmount()
    for _ in range(2):
        with pytest.raises(RemoteProblem, match="remote far is not at"):
            places.erase(names)
    nas.mount()
    assert len(contents(nas.at / "files")) == len(names)
    places.erase(names)
    assert contents(nas.at / "files") == {}
    with versions.database.read_plainly() as rows:
        assert store.trees_at(rows, "far") == set()


def test_a_remote_goes_away_amid_a_push_and_what_follows_is_not_written_below_it(
    versions: VersionService, nas: Nas, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = PlaceService(versions.home, versions.database)
    places.add("far", str(nas.at), ACTOR)
    send, alone, sent = Place.send, threading.Lock(), list[str]()

    def send_one(place: Place, name: str, source: Path) -> int:
        with alone:
            size = send(place, name, source)
            sent.append(name)
            nas.unmount()
            return size

    with monkeypatch.context() as changed:
        changed.setattr(Place, "send", send_one)
        with pytest.raises(RemoteProblem, match="remote far is not at"):
            places.push(SHAPES, None, "far", ACTOR)
    assert len(sent) == 1
    assert lagging(places) == 1
    nas.mount()
    places.push(SHAPES, None, "far", ACTOR)
    assert lagging(places) == 0
    assert len(contents(nas.at / "files")) == len(FILES) + 1


def test_another_disk_is_not_taken_for_it_until_somebody_says_so(places: PlaceService, nas: Nas) -> None:
    there = contents(nas.at / "files")
    shutil.rmtree(nas.at)
    write(nas.at, {MARK: b"remote 0123\n"})
    with pytest.raises(RemoteProblem, match="says 'remote 0123' there"):
        places.push(SHAPES, None, "far", ACTOR)
    places.accept("far", ACTOR)
    assert lagging(places) == 1, "what is there is looked for again"
    places.push(SHAPES, None, "far", ACTOR)
    assert contents(nas.at / "files") == there
    assert (nas.at / MARK).read_bytes() == b"remote 0123\n"
    shutil.rmtree(nas.at)
    with pytest.raises(RemoteProblem, match="--accept"):
        places.check("far")
    places.accept("far", ACTOR)
    places.check("far")
    assert places.push(SHAPES, None, "far", ACTOR).sent == len(there) - 1


def test_a_remote_from_before_there_were_marks_is_known_by_what_lies_there(
    versions: VersionService, places: PlaceService, nas: Nas, tmp_path: Path
) -> None:
    forget_mark(versions.database, nas.at)
    nas.unmount()
    with pytest.raises(RemoteProblem, match="remote far is not at"):
        places.push(SHAPES, None, "far", ACTOR)
    nas.mount()
    commit(versions, write(tmp_path / "work", MORE))
    places.push(SHAPES, None, "far", ACTOR)
    assert mark_known(versions.database) == (nas.at / MARK).read_text().strip()


def test_a_kill_before_the_row_or_amid_the_file_is_mended_by_the_next_push(
    versions: VersionService, nas: Nas
) -> None:
    places = PlaceService(versions.home, versions.database)
    places.add("far", str(nas.at), ACTOR)
    write(nas.at, {MARK: b"", f".{MARK}.0.tmp": b"rem"})  # as after a power cut
    place = Place(places.remote("far"))
    left = place.leave_mark("remote 1")
    assert (left, mark_known(versions.database)) == ("remote 1", None)
    places.push(SHAPES, None, "far", ACTOR)
    assert (mark_known(versions.database), lagging(places)) == ("remote 1", 0)


def test_of_those_who_leave_the_file_at_one_time_one_does(versions: VersionService, nas: Nas) -> None:
    places = PlaceService(versions.home, versions.database)
    places.add("far", str(nas.at), ACTOR)
    failed = list[BaseException]()

    def claim() -> None:
        try:
            Marks(versions.database).claim(Place(places.remote("far")))
        except BaseException as problem:  # noqa: BLE001 - it is looked at below
            failed.append(problem)

    threads = [threading.Thread(target=claim) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert failed == []
    assert mark_known(versions.database) == (nas.at / MARK).read_text().strip()
    assert [path.name for path in nas.at.iterdir()] == [MARK]


@pytest.mark.slow_on_postgresql
def test_dvc_and_two_homes_share_a_place(
    versions: VersionService, nas: Nas, tmp_path: Path, trainplat_home: Path
) -> None:
    folder = write(tmp_path / "clone" / "shapes", {"old.txt": b"of dvc"}).parent
    dvc(folder, "init", "-q", "--no-scm")
    dvc(folder, "remote", "add", "-q", "-d", "there", str(nas.at))
    dvc(folder, "add", "-q", "shapes")
    dvc(folder, "push", "-q")
    places = PlaceService(versions.home, versions.database)
    places.add("far", str(nas.at), ACTOR)
    places.push(SHAPES, None, "far", ACTOR)
    second = Home(trainplat_home.with_name("second"))
    other = VersionService(second, second.database())
    commit(other, write(tmp_path / "others", MORE))
    others = PlaceService(second, second.database())
    others.add("same", str(nas.at), ACTOR)
    others.push(SHAPES, None, "same", ACTOR)
    dvc(folder, "gc", "-w", "-c", "-f", "-q")  # of what its workspace does not have
    assert (nas.at / MARK).exists()
    shutil.rmtree(folder / ".dvc" / "cache")
    shutil.rmtree(folder / "shapes")
    dvc(folder, "pull", "-q")
    assert contents(folder / "shapes") == {"old.txt": b"of dvc"}
    replication = ReplicationService(places)
    replication.replicate(SHAPES, "far", ACTOR)
    [asked] = replication.ask(ACTOR)
    assert asked.lost == ("shapes v1.0",), "dvc took it away, and the place is there"
    assert places.push(SHAPES, None, "far", ACTOR).sent == len(FILES)


def test_a_bucket_has_no_mark(versions: VersionService, bucket: Bucket) -> None:
    places = PlaceService(versions.home, versions.database)
    places.add("far", f"{bucket.url}/x", ACTOR)
    places.push(SHAPES, None, "far", ACTOR)
    places.accept("far", ACTOR)
    assert (mark_known(versions.database), lagging(places)) == (None, 0)
    assert len(bucket.contents("x/")) == len(FILES) + 1


def forget_mark(database: Database, at: Path) -> None:
    """Let things be as they were before there were marks."""
    (at / MARK).unlink()
    with database.write_plainly() as rows:
        rows.run("UPDATE data_remotes SET mark = NULL")


def mark_known(database: Database) -> str | None:
    """What the file there is to say."""
    with database.read_plainly() as rows:
        return store.mark_of(rows, "far")
