"""Versions that nobody uses go to colder tiers, and come back byte for byte."""

import shutil
from pathlib import Path

import pytest
from fsspec.implementations.local import LocalFileSystem  # type: ignore[import-untyped]

from resources.data.merges.service import MergeService
from resources.data.places.model import RemoteProblem
from resources.data.tiers import pack_rows, packing
from resources.data.tiers.model import Tier
from resources.data.tiers.service import TierService
from resources.data.tiers.shelf import MARK, Shelf
from resources.data.versions import journal
from resources.data.versions.committing import Wanted
from resources.data.versions.errors import DamagedVersion
from resources.errors import Conflict, Unavailable
from resources.home import Home
from tests.resources.data.auditor import md5_of
from tests.resources.data.folders import write
from tests.resources.data.tiers.conftest import ANN, DIGITS, OLD, Tiered


def test_what_nobody_used_is_packed_and_what_is_shared_stays(two: Tiered, tmp_path: Path) -> None:
    done = two.tiers.apply(ANN)
    assert [(one.held.key, one.tier) for one in done.moved] == [("v1.0", Tier.WARM)]
    assert (two.tier_of("v1.0"), two.tier_of("v1.1")) == (Tier.WARM, Tier.HOT)
    assert not two.is_hot(OLD["a.txt"])
    assert two.is_hot(OLD["shared"])
    assert len(two.packs(Tier.WARM)) == 1
    assert done.packed_bytes < done.freed_bytes == len(OLD["a.txt"]) + len(OLD["sub/b.bin"])
    assert [version.key for version in two.versions.log(DIGITS)] == ["v1.1", "v1.0"]
    assert len(two.versions.diff(DIGITS, "v1.0", "v1.1")) == 3
    assert two.given("v1.0", tmp_path / "back") == OLD
    assert two.tier_of("v1.0") is Tier.HOT


def test_after_three_moves_it_is_what_it_was(two: Tiered, tmp_path: Path) -> None:
    two.tiers.apply(ANN)
    two.pass_days(60)
    two.tiers.apply(ANN)
    assert two.tier_of("v1.0") is Tier.COLD
    assert (len(two.packs(Tier.WARM)), len(two.packs(Tier.COLD))) == (0, 1)
    assert two.given("v1.0", tmp_path / "back") == OLD
    assert two.tiers.apply(ANN).moved == []
    assert two.packs(Tier.COLD) == []
    assert two.damaged() == ()


@pytest.mark.slow_on_postgresql
def test_what_was_used_lately_stays_and_comes_back_only_once(two: Tiered, tmp_path: Path) -> None:
    two.given("v1.0", tmp_path / "used")
    assert two.tiers.apply(ANN).moved == []
    two.pass_days(31)
    assert len(two.tiers.apply(ANN).moved) == 1


@pytest.mark.slow_on_postgresql
def test_a_second_run_does_nothing(two: Tiered) -> None:
    two.tiers.apply(ANN)
    before = two.packs(Tier.WARM)
    again = two.tiers.apply(ANN)
    assert (again.moved, again.packs, again.objects_freed) == ([], 0, 0)
    assert two.packs(Tier.WARM) == before


def test_a_pin_keeps_a_version_in_its_tier(two: Tiered) -> None:
    two.tiers.pin(DIGITS, "v1.0", Tier.HOT, ANN)
    two.tiers.pin(DIGITS, "v1.1", Tier.COLD, ANN)
    two.tiers.apply(ANN)
    assert (two.tier_of("v1.0"), two.tier_of("v1.1")) == (Tier.HOT, Tier.COLD)
    two.tiers.unpin(DIGITS, "v1.0", ANN)
    two.tiers.pin(DIGITS, "v1.1", Tier.HOT, ANN)
    two.tiers.apply(ANN)
    assert (two.tier_of("v1.0"), two.tier_of("v1.1")) == (Tier.WARM, Tier.HOT)
    assert two.is_hot(b"new " * 5_000)


@pytest.mark.slow_on_postgresql
def test_a_commit_on_top_of_a_version_that_is_not_hot_is_whole(two: Tiered, tmp_path: Path) -> None:
    two.given("v1.0", tmp_path / "mine")
    two.pass_days(40)
    two.tiers.apply(ANN)
    assert not two.is_hot(OLD["a.txt"])
    write(tmp_path / "mine", {"more": b"more"})
    made = two.versions.commit(Wanted(DIGITS, tmp_path / "mine", "", ANN, "ann")).version
    assert two.given(made.key, tmp_path / "again") == OLD | {"more": b"more"}
    assert two.damaged() == ()


def test_a_damaged_object_is_not_moved_and_told(two: Tiered) -> None:
    [name] = [
        name for _, name, size in two.versions.tree(two.versions.show(DIGITS, "v1.0")) if size == 25_000
    ]
    path = two.versions.objects.path(name)
    path.unlink()
    path.write_bytes(b"other")
    done = two.tiers.apply(ANN)
    assert (done.damaged, done.moved) == ([name], [])
    assert two.tier_of("v1.0") is Tier.HOT


def test_a_pack_that_is_lost_is_told_as_damage_of_its_versions(two: Tiered, tmp_path: Path) -> None:
    two.tiers.apply(ANN)
    two.packs(Tier.WARM)[0].unlink()
    damaged = two.damaged()
    assert len(damaged) == 2
    with pytest.raises(DamagedVersion, match=r"digits v1\.0"):
        two.versions.restore(DIGITS, "v1.0", tmp_path / "back")
    assert not (tmp_path / "back").exists()


@pytest.mark.slow_on_postgresql
def test_a_version_of_which_something_is_lost_is_not_called_hot_and_is_tried_again(
    two: Tiered, tmp_path: Path
) -> None:
    two.tiers.apply(ANN)
    [pack] = two.packs(Tier.WARM)
    before = pack.read_bytes()
    lost = md5_of(OLD["sub/b.bin"])
    with two.database.read_plainly() as rows:
        [(_, entry)] = pack_rows.entries_of(rows, [lost])
    pack.write_bytes(before[: entry.offset + 3] + b"?" + before[entry.offset + 4 :])
    two.tiers.pin(DIGITS, "v1.0", Tier.HOT, ANN)
    for _ in range(2):
        done = two.tiers.apply(ANN)
        assert (done.damaged, done.moved) == ([lost], [])
        assert two.tier_of("v1.0") is Tier.WARM
        assert two.is_hot(OLD["a.txt"])
    assert two.packs(Tier.WARM) == [pack]
    pack.write_bytes(before)
    done = two.tiers.apply(ANN)
    assert ([one.tier for one in done.moved], done.damaged) == ([Tier.HOT], [])
    assert two.tier_of("v1.0") is Tier.HOT
    assert two.given("v1.0", tmp_path / "back") == OLD


@pytest.mark.slow_on_postgresql
def test_a_place_that_cannot_be_reached_is_told_and_is_no_damage(
    two: Tiered, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    two.tiers.apply(ANN)

    def fails(*_: object) -> None:
        raise Unavailable("the place does not answer", "Wait.")

    monkeypatch.setattr(Shelf, "bring", fails)
    monkeypatch.setattr(Shelf, "part", fails)
    with pytest.raises(Unavailable, match="does not answer"):
        two.versions.restore(DIGITS, "v1.0", tmp_path / "back")
    monkeypatch.undo()
    assert two.given("v1.0", tmp_path / "back") == OLD


def test_only_one_moves_at_a_time(two: Tiered) -> None:
    with two.database.write_plainly() as rows:
        journal.begin(rows, "tier", "apply", two.now)
    with pytest.raises(Conflict, match="moves versions between tiers"):
        two.tiers.apply(ANN)


def test_a_tier_with_packs_keeps_its_place(two: Tiered, tmp_path: Path) -> None:
    two.tiers.apply(ANN)
    with pytest.raises(Conflict, match="1 packs of the warm tier"):
        two.tiers.set_place(Tier.WARM, str(tmp_path / "other"), ANN)


def test_erasing_takes_the_bytes_out_of_packs(two: Tiered, tmp_path: Path) -> None:
    files = OLD | {"third": b"third " * 4_000}
    two.commit(files, tmp_path / "work")
    two.commit({"last": b"last"}, tmp_path / "work")
    two.pass_days(40)
    two.tiers.apply(ANN)
    assert two.tier_of("v1.2") is Tier.WARM
    two.keeper.erase(DIGITS, "v1.2", ANN)
    held = b"".join(path.read_bytes() for path in two.packs(Tier.WARM))
    assert held
    with two.database.read_plainly() as rows:
        assert pack_rows.entries_of(rows, [md5_of(b"third " * 4_000)]) == []
    assert two.given("v1.0", tmp_path / "back") == OLD
    two.keeper.erase(DIGITS, "v1.1", ANN)
    assert two.damaged() == ()


def test_gc_lets_packs_go_in_which_nothing_is_needed(two: Tiered) -> None:
    two.tiers.apply(ANN)
    two.tiers.recall(DIGITS, "v1.0", ANN)
    assert two.keeper.collect(ANN).packs_gone == 1
    assert two.packs(Tier.WARM) == []


@pytest.mark.slow_on_postgresql
def test_many_packs_are_made_of_many_objects(
    tiered: Tiered, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packing, "PACK_BYTES", 2_000)
    files = {f"{number}": bytes([number, 7]) * 400 + bytes(range(number, 250)) for number in range(40)}
    tiered.commit(files, tmp_path / "work")
    tiered.commit({"x": b"x"}, tmp_path / "work")
    tiered.pass_days(40)
    tiered.tiers.apply(ANN)
    assert len(tiered.packs(Tier.WARM)) > 2
    shutil.rmtree(tiered.versions.objects.cache / "trees")
    assert tiered.given("v1.0", tmp_path / "back") == files


@pytest.mark.slow_on_postgresql
def test_a_merge_reads_what_is_not_hot(two: Tiered, tmp_path: Path) -> None:
    table = b"id,label\na,1\nb,2\nc,3\n"
    two.commit({"labels.csv": table}, tmp_path / "work")
    branch = two.versions.branch(DIGITS, "latest", "bob", ANN)
    two.commit({"labels.csv": table.replace(b"a,1", b"a,7")}, tmp_path / "work")
    two.commit({"labels.csv": table.replace(b"a,1", b"a,7"), "more": b"m"}, tmp_path / "work")
    write(tmp_path / "bob", {"labels.csv": table.replace(b"c,3", b"c,9")})
    two.versions.commit(Wanted(DIGITS, tmp_path / "bob", "", ANN, "bob", branch=branch.name, base="v1.2"))
    two.pass_days(40)
    two.tiers.pin(DIGITS, "v1.2", Tier.COLD, ANN)
    two.tiers.apply(ANN)
    assert not two.is_hot(table)
    tried = MergeService(two.home, two.database, two.clock).merge(DIGITS, branch.name, ANN)
    assert tried.version is not None
    assert two.given(tried.version.key, tmp_path / "merged")["labels.csv"] == b"id,label\na,7\nb,2\nc,9\n"


def test_two_tiers_or_two_homes_share_no_place(two: Tiered, tmp_path: Path) -> None:
    for address in (two.place / "warm", two.place / "cold/../warm"):
        with pytest.raises(Conflict, match="is the place of another tier"):
            two.tiers.set_place(Tier.COLD, str(address), ANN)
    home = Home(tmp_path / "other home")
    other = TierService(home, home.database(), two.clock)
    with pytest.raises(Conflict, match="is the place of another tier"):
        other.set_place(Tier.WARM, str(two.place / "warm"), ANN)
    two.tiers.set_place(Tier.WARM, str(two.place / "warm"), ANN)  # again, and what lies there stays
    two.tiers.set_place(Tier.WARM, str(tmp_path / "elsewhere"), ANN)
    two.tiers.set_place(Tier.COLD, str(two.place / "warm"), ANN)  # nobody uses it any more


@pytest.mark.slow_on_postgresql
def test_a_place_that_is_not_mounted_is_told_takes_nothing_and_is_no_damage(
    two: Tiered, tmp_path: Path
) -> None:
    two.tiers.apply(ANN)
    warm, away = two.place / "warm", tmp_path / "away"
    warm.rename(away)
    warm.mkdir()  # as a mount point without its disk
    with pytest.raises(RemoteProblem, match="the warm tier is not at"):
        two.versions.restore(DIGITS, "v1.0", tmp_path / "back")
    with pytest.raises(RemoteProblem, match="is missing there"):
        two.damaged()
    two.commit(OLD | {"new": b"new" * 9_000}, tmp_path / "work")
    two.commit({"last": b"last"}, tmp_path / "work")
    two.pass_days(40)
    with pytest.raises(RemoteProblem, match="the warm tier is not at"):
        two.tiers.apply(ANN)
    with pytest.raises(Conflict, match="and are not there"):
        two.tiers.set_place(Tier.WARM, str(warm), ANN)
    assert list(warm.iterdir()) == []
    warm.rmdir()
    away.rename(warm)
    (warm / MARK).unlink()  # lost alone: who says that it is there is believed, since the packs are
    two.tiers.set_place(Tier.WARM, str(warm), ANN)
    assert two.given("v1.0", tmp_path / "back") == OLD


def test_a_mark_that_was_being_written_when_somebody_was_killed_keeps_nobody_out(
    tiered: Tiered, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(_: LocalFileSystem, path: str, __: bytes) -> None:
        Path(path).touch()
        raise KeyboardInterrupt

    place = tmp_path / "elsewhere"
    with monkeypatch.context() as patched:
        patched.setattr(Shelf, "check", lambda _: place.mkdir())
        patched.setattr(LocalFileSystem, "pipe_file", killed)
        with pytest.raises(KeyboardInterrupt):
            tiered.tiers.set_place(Tier.WARM, str(place), ANN)
    assert not (place / MARK).exists()
    tiered.tiers.set_place(Tier.WARM, str(place), ANN)
    said = (place / MARK).read_bytes()
    assert said.startswith(b"warm ")
    (place / MARK).write_bytes(b"")  # as older versions left it
    with pytest.raises(RemoteProblem, match="is missing there"):
        Shelf(tiered.tiers.status().tiers[1].place or pytest.fail("no place")).refuse_elsewhere()
    tiered.tiers.set_place(Tier.WARM, str(place), ANN)
    assert (place / MARK).read_bytes() == said
