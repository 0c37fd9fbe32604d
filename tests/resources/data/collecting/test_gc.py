"""What no version needs goes, and nothing else does, whoever works beside or is killed."""

import os
import signal
from datetime import timedelta
from pathlib import Path

import pytest

from resources.clock import utc_now
from resources.data.collecting.gc import Collector
from resources.data.storage.objects import DamagedObject
from resources.data.storage.repository import LOCK_FILE, DatasetRepository
from resources.data.storage.worktree import quiet
from resources.data.versions import journal, sweeps
from resources.data.versions.committing import Commit, Wanted
from resources.database.audit import recent
from resources.terms import FIRST_VERSION, DatasetName
from tests.children import fork, leave
from tests.resources.data.collecting.stores import ANN, DIGITS, NOW, Store
from tests.resources.data.folders import write
from tests.resources.data.shapes import ACTOR, SHAPES, service, write_source

DAY = timedelta(hours=24)


def killed(work: "object") -> None:
    """Run ``work`` in a process of its own that it ends by a kill."""
    child = fork()
    if child == 0:
        try:
            work()  # type: ignore[operator]
        finally:
            leave(1)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL


def test_what_nobody_needs_goes_and_what_versions_need_stays(kept: Store, tmp_path: Path) -> None:
    kept.commit(tmp_path / "a", {"one": b"one", "two": b"two"})
    kept.commit(tmp_path / "a", {"two": b"2"})
    kept.stray(b"nobody's")
    before = kept.audit()
    done = kept.collect()
    assert (done.needed, done.swept, done.swept_bytes) == (5, 1, len(b"nobody's"))
    assert (done.gone, done.gone_bytes) == (1, len(b"nobody's"))
    assert kept.audit() == before
    assert kept.bytes_everywhere(b"nobody's") == []
    assert recent(kept.database, 1)[0].action == "data.collect"


def test_within_the_grace_period_nothing_goes(kept: Store, tmp_path: Path) -> None:
    kept.commit(tmp_path / "a", {"one": b"one"})
    kept.stray(b"nobody's")
    done = kept.collect(DAY)
    assert (done.condemned, done.swept, done.gone) == (0, 0, 0)
    assert kept.holds(b"nobody's")


def test_a_grace_period_passes_before_the_sweep_and_again_before_the_end(kept: Store, tmp_path: Path) -> None:
    kept.commit(tmp_path / "a", {"one": b"one"})
    kept.stray(b"nobody's")
    now = utc_now()

    def collect_after(days: float) -> Collector:
        collector = Collector(
            kept.database, kept.keeper.objects, kept.home.data, lambda: now + days * DAY, grace=DAY
        )
        collector.run(ANN, quiet)
        return collector

    first = collect_after(1.5).done
    assert (first.condemned, first.swept) == (1, 0)
    assert kept.holds(b"nobody's")
    second = collect_after(2.6).done
    assert (second.swept, second.gone) == (1, 0), "the trash keeps it, by the clock of the disk"
    assert not kept.holds(b"nobody's")
    assert len(list((kept.cache / "trash").iterdir())) == 1


def test_what_was_condemned_and_is_needed_again_is_forgiven(kept: Store, tmp_path: Path) -> None:
    kept.stray(b"late")
    now = utc_now()
    Collector(kept.database, kept.keeper.objects, kept.home.data, lambda: now + 2 * DAY, DAY).run(ANN, quiet)
    kept.commit(tmp_path / "a", {"late": b"late"})
    done = Collector(kept.database, kept.keeper.objects, kept.home.data, lambda: now + 4 * DAY, DAY).run(
        ANN, quiet
    )
    assert (done.condemned, done.swept) == (0, 0)
    assert kept.holds(b"late")


def test_a_dry_run_tells_and_changes_nothing(kept: Store, tmp_path: Path) -> None:
    kept.commit(tmp_path / "a", {"one": b"one"})
    kept.stray(b"nobody's")
    assert kept.keeper.collect(ANN, NOW, dry=True).condemned == 1
    assert kept.holds(b"nobody's")
    with kept.database.read_plainly() as rows:
        assert rows.rows("SELECT name FROM data_condemned") == []


def test_what_is_younger_than_somebody_at_work_stays(kept: Store) -> None:
    with kept.database.write_plainly() as rows:
        intent = journal.begin(rows, "commit", DIGITS, utc_now() - timedelta(seconds=5))
    kept.stray(b"on its way")
    assert kept.collect().condemned == 0
    with kept.database.write_plainly() as rows:
        journal.end(rows, intent)
    assert kept.collect().swept == 1


def test_while_a_tree_is_lost_nothing_goes(kept: Store, tmp_path: Path) -> None:
    tree = kept.commit(tmp_path / "a", {"one": b"one"}).version.tree_md5
    kept.keeper.objects.path(tree).unlink()
    (kept.cache / "trees" / tree.removesuffix(".dir")).unlink()
    kept.stray(b"nobody's")
    with pytest.raises(DamagedObject, match="nothing is collected"):
        kept.collect()
    assert kept.holds(b"nobody's")


def test_a_commit_that_counted_on_what_is_swept_reads_it_again(
    kept: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept.stray(b"shared")
    swept: list[int] = []
    seal = Commit._seal

    def sweep_first(self: Commit, *arguments: object) -> object:
        if not swept:  # the writer has seen the object; now it goes, and then the writer seals
            swept.append(_sweep_only(kept))
        return seal(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Commit, "_seal", sweep_first)
    made = kept.commit(tmp_path / "a", {"one": b"shared", "two": b"mine"})
    assert swept == [1], "the object was taken"
    assert made.is_new
    assert kept.audit() == {("digits", "v1.0"): {"one": b"shared", "two": b"mine"}}


def _sweep_only(kept: Store) -> int:
    """A sweep of what was condemned before the commit began."""
    from tests.resources.data.auditor import md5_of

    collector = Collector(kept.database, kept.keeper.objects, kept.home.data, utc_now, NOW)
    collector._sweep([md5_of(b"shared")], ANN, quiet)
    return collector.done.swept


def test_a_commit_within_a_sweep_looks_again_too(
    kept: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept.stray(b"shared")
    with kept.database.write_plainly() as rows:  # it has begun before the commit does, and ends after it
        intent = journal.begin(rows, sweeps.KIND, "store", utc_now())
    seal = Commit._seal
    taken: list[bool] = []

    def take_first(self: Commit, *arguments: object) -> object:
        from tests.resources.data.auditor import md5_of

        if not taken:
            kept.keeper.objects.path(md5_of(b"shared")).unlink()
            taken.append(True)
        return seal(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Commit, "_seal", take_first)
    kept.commit(tmp_path / "a", {"one": b"shared"})
    with kept.database.write_plainly() as rows:
        journal.end(rows, intent)
    assert kept.audit() == {("digits", "v1.0"): {"one": b"shared"}}


def test_a_sweep_takes_nothing_that_was_sealed_since_it_was_condemned(kept: Store, tmp_path: Path) -> None:
    from tests.resources.data.auditor import md5_of

    kept.commit(tmp_path / "a", {"one": b"shared"})
    collector = Collector(kept.database, kept.keeper.objects, kept.home.data, utc_now, NOW)
    collector._sweep([md5_of(b"shared")], ANN, quiet)
    assert collector.done.swept == 0
    assert kept.holds(b"shared")


def test_a_sweep_that_was_killed_is_counted_by_the_next_one(
    kept: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        kept.stray(b"nobody's %d" % number)
    kept.commit(tmp_path / "a", {"one": b"one"})
    before, rename = kept.audit(), Path.rename
    monkeypatch.setattr("resources.data.collecting.gc.AT_ONCE", 2)
    renamed = []

    def die_at_the_fourth(self: Path, target: Path) -> Path:
        renamed.append(self)
        if len(renamed) == 4:
            os.kill(os.getpid(), signal.SIGKILL)
        return rename(self, target)

    def sweep() -> None:
        monkeypatch.setattr(Path, "rename", die_at_the_fourth)
        kept.collect()

    kept.database.close()
    killed(sweep)
    with kept.database.read_plainly() as rows:
        assert sweeps.is_sweeping(rows)
        epoch = sweeps.epoch(rows)
    done = kept.collect()
    assert any(one.startswith("sweep store") for one in done.recovered)
    with kept.database.read_plainly() as rows:
        assert not sweeps.is_sweeping(rows)
        assert sweeps.epoch(rows) > epoch
    assert kept.audit() == before
    assert kept.bytes_everywhere(b"nobody's") == []


def test_a_round_that_is_being_made_survives_between_any_two_of_its_stages(trainplat_home: Path) -> None:
    data = service(trainplat_home)
    kept = Store(data.home, data.database)
    write_source(data.source_folder(SHAPES.name), range(24))
    data.plan_first(SHAPES, ACTOR)
    for stage in (
        lambda: data.collect(SHAPES, FIRST_VERSION),
        lambda: data.validate(SHAPES, FIRST_VERSION),
        lambda: data.transform(SHAPES, FIRST_VERSION),
        lambda: data.split(SHAPES, FIRST_VERSION),
        lambda: data.seal(SHAPES, FIRST_VERSION, ACTOR),
        lambda: data.freeze_snapshot(SHAPES, FIRST_VERSION, ACTOR),
    ):
        kept.stray(b"nobody's")
        assert kept.collect().swept >= 1, "the collection did something"
        stage()
    kept.collect()
    assert data.damage(SHAPES.name, FIRST_VERSION) == []
    assert len(data.samples(SHAPES.name, FIRST_VERSION)) == 24


def test_beside_a_stage_nothing_is_swept_and_that_is_told(kept: Store) -> None:
    kept.stray(b"about to be named")
    repository = DatasetRepository(kept.home, DatasetName("shapes"))
    with repository.locked():
        assert (repository.root / LOCK_FILE).exists()
        assert kept.collect().held_up_by == ["shapes"]
        assert kept.holds(b"about to be named")
    assert kept.collect().swept == 1


def test_a_folder_that_was_being_made_by_somebody_dead_is_removed(kept: Store, tmp_path: Path) -> None:
    from resources.data.versions import worktrees

    kept.commit(tmp_path / "a", {"one": b"one"})

    def die_when_whole() -> None:
        def die(*_: object) -> None:
            os.kill(os.getpid(), signal.SIGKILL)

        worktrees.remember = die  # type: ignore[assignment]
        kept.versions.restore(DIGITS, "v1.0", tmp_path / "out" / "b")

    kept.database.close()
    killed(die_when_whole)
    assert len(list((tmp_path / "out").iterdir())) == 1
    done = kept.collect()
    assert any(one.startswith("give ") for one in done.recovered)
    assert list((tmp_path / "out").iterdir()) == []


def test_a_commit_gives_up_where_the_store_is_swept_all_the_time(
    kept: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from resources.errors import Conflict

    monkeypatch.setattr(Commit, "_seal", lambda *_: None)
    write(tmp_path / "a", {"one": b"one"})
    with pytest.raises(Conflict, match="swept away 3 times"):
        kept.versions.commit(Wanted(DIGITS, tmp_path / "a", "", ANN, "ann"), quiet)
    with kept.database.read_plainly() as rows:
        assert journal.intents(rows) == []
