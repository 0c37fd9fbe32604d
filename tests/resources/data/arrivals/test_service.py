import os
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from filelock import FileLock

from resources.data.arrivals.service import ArrivalService
from resources.data.collecting.needed import Needed
from resources.data.collecting.service import CollectingService
from resources.data.making.sources.prefix import PrefixSource
from resources.data.making.sources.watched import WatchedFolder
from resources.data.model import Split
from resources.data.service import DataService
from resources.data.storage.repository import DatasetRepository
from resources.database.audit import recent
from resources.errors import Conflict, NotFound
from resources.home import Home
from resources.terms import FIRST_VERSION, SampleId, VersionKey
from tests.resources.data.shapes import ACTOR, NOW, SHAPES, first_version, image, next_version
from tests.resources.data.test_kills import run_until_killed
from tests.servers.s3 import Bucket

V1 = VersionKey("v1.1")
STILL = WatchedFolder


def service(home: Path) -> ArrivalService:
    return ArrivalService(Home(home), Home(home).database(), lambda: NOW)


@pytest.fixture
def coming(trainplat_home: Path) -> ArrivalService:
    """What comes to the shapes of the test's home."""
    return service(trainplat_home)


def put(folder: Path, numbers: range, age_s: float = 60) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number in numbers:
        path = folder / f"{number}.png"
        path.write_bytes(image(number))
        os.utime(path, (time.time() - age_s,) * 2)


def take(coming: ArrivalService, **options: int) -> list[int]:
    """Look at each place; how many are new at each."""
    return [len(coming.take(SHAPES, place, ACTOR, **options).new) for place in coming.places(SHAPES)]


def pool(data: DataService, version: VersionKey) -> set[SampleId]:
    return {one.id for one in data.samples(SHAPES.name, version) if one.split is Split.POOL}


def test_what_is_put_into_the_inbox_comes_once_and_the_inbox_is_empty_then(coming: ArrivalService) -> None:
    put(coming.inbox(SHAPES.name), range(3))
    assert take(coming) == [3]
    assert [path.name for path in coming.inbox(SHAPES.name).iterdir()] == [".aside"]
    assert take(coming) == [0]
    put(coming.inbox(SHAPES.name), range(2, 5))
    assert take(coming) == [2], "the third has come before"
    assert coming.waiting(SHAPES.name) == 5
    assert [(row.action, row.subject, row.detail) for row in recent(coming.database)] == [
        ("data.take_arrivals", "shapes inbox", "2 new, 0 of no use"),
        ("data.take_arrivals", "shapes inbox", "3 new, 0 of no use"),
    ]


def test_an_upload_lies_in_the_inbox_whole_and_replaces_nothing(coming: ArrivalService) -> None:
    paths = {coming.upload(SHAPES.name, "../scan.png", image(number)) for number in (1, 2, 1)}
    assert len(paths) == 2
    assert all(path.parent == coming.inbox(SHAPES.name) for path in paths)
    still = coming.places(SHAPES, still_for_s=0.0)[0]
    assert len(coming.take(SHAPES, still, ACTOR).new) == 2


def test_what_cannot_be_decoded_is_kept_with_the_reason_and_goes_into_no_version(
    coming: ArrivalService, data: DataService
) -> None:
    inbox = coming.inbox(SHAPES.name)
    put(inbox, range(30, 32))
    (inbox / "broken.png").write_bytes(image(40)[:50])
    os.utime(inbox / "broken.png", (0, 0))
    assert take(coming) == [3]
    assert coming.waiting(SHAPES.name) == 2
    [broken] = coming.left_out(SHAPES.name)
    assert (broken.name, broken.version) == ("inbox/broken.png", None)
    assert "cannot be decoded" in str(broken.problem)
    first_version(data)
    assert {one.name for one in coming.of_version(SHAPES.name, FIRST_VERSION)} == {
        "inbox/30.png",
        "inbox/31.png",
    }
    assert coming.waiting(SHAPES.name) == 0


def test_new_samples_reach_the_pool_with_a_version_of_their_own_or_with_that_of_labels(
    coming: ArrivalService, data: DataService
) -> None:
    first_version(data)
    assert data.plan_for_arrivals(SHAPES, ACTOR) is None
    put(coming.inbox(SHAPES.name), range(100, 140))
    take(coming)
    planned = data.plan_for_arrivals(SHAPES, ACTOR)
    assert planned is not None
    assert (planned.version, planned.parent, planned.new_labels) == ("v1.1", "v1.0", 0)
    assert data.plan_for_arrivals(SHAPES, ACTOR) is None, "the newest is not sealed"
    put(coming.inbox(SHAPES.name), range(140, 150))
    take(coming)
    data.make(SHAPES, planned.version, ACTOR)
    report = data.split(SHAPES, planned.version)
    came = {one.sample for one in coming.of_version(SHAPES.name, planned.version)}
    assert len(came) == 40
    assert pool(data, planned.version) - pool(data, FIRST_VERSION) <= came
    assert len(pool(data, planned.version) - pool(data, FIRST_VERSION)) == 40 - report.held_back
    assert data.damage(SHAPES.name, planned.version) == []
    later = next_version(data)
    assert len(coming.of_version(SHAPES.name, later)) == 10
    assert recent(data.database)[2].detail == "3 new labels, 10 samples that came"
    assert coming.waiting(SHAPES.name) == 0
    assert pool(data, planned.version) & came <= {one.id for one in data.samples(SHAPES.name, later)}


def test_watched_folders_and_buckets_keep_their_files(
    coming: ArrivalService, tmp_path: Path, bucket: Bucket
) -> None:
    put(tmp_path / "camera", range(3))
    for number in range(2, 6):
        bucket.put(f"new/{number}.png", image(number))
    spec = replace(
        SHAPES,
        watched=(
            WatchedFolder("camera", str(tmp_path / "camera")),
            PrefixSource("bucket", f"{bucket.url}/new"),
        ),
    )
    for expected in ([3, 3], [0, 0]):
        found = [coming.take(spec, place, ACTOR) for place in coming.places(spec)]
        assert [len(one.new) for one in found] == expected
    assert len(list((tmp_path / "camera").iterdir())) == 3
    assert coming.waiting(SHAPES.name) == 6
    (tmp_path / "camera").rename(tmp_path / "unplugged")
    with pytest.raises(NotFound, match="source camera is not there"):
        coming.take(spec, spec.watched[0], ACTOR)


def test_a_long_look_ends_in_time_and_the_next_one_goes_on(coming: ArrivalService) -> None:
    put(coming.inbox(SHAPES.name), range(10))
    looks = [coming.take(SHAPES, coming.places(SHAPES)[0], ACTOR, most_new=4) for _ in range(4)]
    assert [(len(one.new), one.more) for one in looks] == [(4, True), (4, True), (2, False), (0, False)]


def test_what_is_put_in_the_place_of_a_file_that_was_read_is_not_removed(
    coming: ArrivalService, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox = coming.inbox(SHAPES.name)
    put(inbox, range(1))
    right = ArrivalService._empty

    def replaced_before(self: ArrivalService, *arguments: object) -> None:
        (inbox / "0.png").write_bytes(image(7))
        right(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(ArrivalService, "_empty", replaced_before)
    assert take(coming) == [1]
    monkeypatch.undo()
    [kept] = [path for path in inbox.iterdir() if path.is_file()]
    assert kept.read_bytes() == image(7)
    os.utime(kept, (0, 0))
    monkeypatch.setenv("TRAINPLAT_HOME", str(coming.home.path))
    assert take(coming) == [1]


@pytest.mark.parametrize("late", [False, True])
def test_what_is_collected_before_it_is_written_down_stays_where_it_came_to(
    coming: ArrivalService, late: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(coming.inbox(SHAPES.name), range(1))
    keep = ArrivalService._keep

    def collect_and_keep(self: ArrivalService, *arguments: object) -> None:
        if late:
            keep(self, *arguments)  # type: ignore[arg-type]
        CollectingService(coming.home, coming.database).collect(ACTOR, timedelta(0))
        if not late:
            keep(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(ArrivalService, "_keep", collect_and_keep)
    with pytest.raises(Conflict, match=r"1 of what came to shapes was collected .* inbox/0\.png"):
        take(coming)
    assert [path.name for path in coming.inbox(SHAPES.name).iterdir() if path.is_file()] == ["0.png"]
    monkeypatch.undo()
    monkeypatch.setenv("TRAINPLAT_HOME", str(coming.home.path))
    assert take(coming) == [1]
    objects = DatasetRepository(coming.home, SHAPES.name).objects
    with coming.database.read_plainly() as rows:
        [(md5,)] = rows.rows("SELECT md5 FROM data_arrivals")
    assert objects.read(md5) == image(0)


def test_a_name_as_long_as_can_be_is_taken_in_and_uploaded_too(coming: ArrivalService) -> None:
    inbox = coming.inbox(SHAPES.name)
    put(inbox, range(1))
    (inbox / "0.png").rename(inbox / ("ü" * 125 + ".png"))
    assert take(coming) == [1]
    assert [path.name for path in inbox.iterdir()] == [".aside"]
    path = coming.upload(SHAPES.name, "ü" * 125 + ".png", image(1))
    assert (path.suffix, path.read_bytes()) == (".png", image(1))
    still = coming.places(SHAPES, still_for_s=0.0)[0]
    assert len(coming.take(SHAPES, still, ACTOR).new) == 1


def test_one_process_at_a_time_takes_in(coming: ArrivalService) -> None:
    put(coming.inbox(SHAPES.name), range(1))
    root = DatasetRepository(coming.home, SHAPES.name).root
    with FileLock(root / ".arrivals.lock"), pytest.raises(Conflict, match="another process is taking in"):
        take(coming)
    assert take(coming) == [1]


def test_a_kill_before_any_one_change_neither_loses_a_sample_nor_takes_it_in_twice(tmp_path: Path) -> None:
    def work(home: Path) -> None:
        take(service(home))

    def after(kill: Callable[[Path], int | None]) -> int | None:
        home = tmp_path / str(len(list(tmp_path.iterdir())))
        put(service(home).inbox(SHAPES.name), range(3))
        changes = kill(home)
        work(home)
        put(service(home).inbox(SHAPES.name), range(1, 4))
        work(home)
        assert service(home).waiting(SHAPES.name) == 4
        assert not [path for path in service(home).inbox(SHAPES.name).iterdir() if path.is_file()]
        objects = DatasetRepository(Home(home), SHAPES.name).objects
        with service(home).database.read() as connection:
            from resources.data.arrivals.tables import ARRIVALS

            for row in connection.execute(ARRIVALS.select()):
                objects.read(row.md5)
        return changes

    changes = after(lambda home: run_until_killed(work, home, 0))
    assert changes is not None
    for point in range(1, changes + 1, 3):
        assert after(lambda home, point=point: run_until_killed(work, home, point)) is None  # type: ignore[misc]


def test_what_came_is_needed_until_its_version_is_sealed_and_by_that_version_from_then_on(
    coming: ArrivalService, data: DataService
) -> None:
    first_version(data)
    put(coming.inbox(SHAPES.name), range(100, 103))
    [place] = coming.places(SHAPES)
    came = {one.stored.md5 for one in coming.take(SHAPES, place, ACTOR).new}
    objects = DatasetRepository(coming.home, SHAPES.name).objects

    def needed() -> set[str]:
        with coming.database.read_plainly() as rows:
            return Needed(objects, coming.home.data).names(rows)

    assert came <= needed()
    planned = data.plan_for_arrivals(SHAPES, ACTOR)
    assert planned is not None
    assert came <= needed()
    data.make(SHAPES, planned.version, ACTOR)
    assert {row.md5 for row in data._tree(SHAPES.name, planned.version).rows} <= needed()
