"""Versions at a second remote, by rule."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from resources.data.places import moving
from resources.data.places.model import EVERY
from resources.data.places.replication import ReplicaLook, ReplicationService
from resources.data.places.service import PlaceService
from resources.data.tiers.model import Tier
from resources.database.audit import recent
from resources.database.engine import Database
from resources.errors import NotFound
from resources.home import Home
from tests.resources.data.auditor import md5_of
from tests.resources.data.tiers.conftest import ANN, DIGITS, OLD, Tiered
from tests.servers.s3 import Bucket


@pytest.fixture
def tiered(any_database: Database, trainplat_home: Path, tmp_path: Path) -> Tiered:
    return Tiered(Home(trainplat_home), any_database, tmp_path / "places").with_places()


@pytest.fixture
def replication(tiered: Tiered, tmp_path: Path) -> ReplicationService:
    """Two versions, and two remotes."""
    tiered.commit(OLD, tmp_path / "work")
    tiered.commit({"new": b"new"}, tmp_path / "work")
    places = PlaceService(tiered.home, tiered.database, tiered.clock)
    places.add("near", str(tmp_path / "near"), ANN)
    places.add("far", str(tmp_path / "far"), ANN)
    return ReplicationService(places)


def test_what_a_rule_names_goes_there_and_the_lag_is_told(replication: ReplicationService) -> None:
    assert replication.lags() == []
    replication.replicate(DIGITS, "far", ANN)
    replication.replicate(DIGITS, "far", ANN)
    [lag] = replication.lags()
    versions = [one for standing in replication.places.status() for one in standing.missing]
    assert (lag.remote, lag.behind, lag.since) == ("far", 2, versions[0].committed_at)
    [done] = replication.run(ANN)
    assert done.pushed is not None
    assert [one.key for one in done.pushed.versions] == ["v1.0", "v1.1"]
    [lag] = replication.lags()
    assert (lag.behind, lag.since) == (0, None)
    assert replication.run(ANN) == []


def test_what_a_remote_lost_is_noticed_told_and_sent_again(
    replication: ReplicationService, tmp_path: Path
) -> None:
    replication.replicate(DIGITS, "far", ANN)
    assert replication.ask(ANN) == [ReplicaLook("far", 0, ())], "nothing is there yet"
    replication.run(ANN)
    assert replication.ask(ANN) == [ReplicaLook("far", 2, ())]
    before = {path: path.read_bytes() for path in (tmp_path / "far").rglob("*") if path.is_file()}
    shutil.rmtree(tmp_path / "far" / "files")
    assert replication.lags()[0].behind == 0, "rows know nothing of it"
    assert replication.ask(ANN) == [ReplicaLook("far", 2, ("digits v1.0", "digits v1.1"))]
    assert [row.subject for row in recent(replication.database, 2)] == ["digits v1.1", "digits v1.0"]
    [done] = replication.run(ANN)
    assert done.pushed is not None
    assert [one.key for one in done.pushed.versions] == ["v1.0", "v1.1"]
    assert {path: path.read_bytes() for path in before} == before
    assert replication.ask(ANN) == [ReplicaLook("far", 2, ())]


@pytest.mark.slow_on_postgresql
def test_each_time_other_versions_are_asked_for_and_all_where_one_is_gone(
    replication: ReplicationService, tiered: Tiered, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("resources.data.places.replication.SLICE", 2)
    for number in range(3):
        tiered.commit({"new": b"%d" % number}, tmp_path / "work")
    replication.replicate(EVERY, "far", ANN)
    replication.run(ANN)
    asked, real = list[str](), replication.places.lacks

    def lacks(remote: str, trees: Sequence[str]) -> list[str]:
        asked.extend(trees)
        return real(remote, trees)

    monkeypatch.setattr(replication.places, "lacks", lacks)
    for _ in range(3):
        replication.ask(ANN)
    assert len(asked) == 6
    assert len(set(asked)) == 5, "each in its turn, then the first again"
    for path in (tmp_path / "far").rglob("*.dir"):
        path.unlink()
    [told] = replication.ask(ANN)
    assert (told.trees, len(told.lost)) == (5, 5)


@pytest.mark.slow_on_postgresql
def test_a_remote_that_cannot_be_asked_is_told_and_trusted_as_before(
    replication: ReplicationService, tiered: Tiered, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    replication.places.add("bucket", f"{bucket.url}/far", ANN)
    replication.replicate(DIGITS, "bucket", ANN)
    replication.replicate(DIGITS, "near", ANN)
    replication.run(ANN)
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    told, near = ReplicationService(PlaceService(tiered.home, tiered.database)).ask(ANN)
    assert (told.trees, told.lost) == (0, ())
    assert "bucket refuses" in (told.problem or "")
    assert near == ReplicaLook("near", 2, ())
    assert [lag.behind for lag in replication.lags()] == [0, 0]


@pytest.mark.slow_on_postgresql
def test_one_remote_that_fails_keeps_no_other_from_its_versions(
    replication: ReplicationService, tmp_path: Path
) -> None:
    (tmp_path / "far").write_text("no folder")
    replication.replicate(EVERY, "far", ANN)
    replication.replicate(EVERY, "near", ANN)
    failed, done = replication.run(ANN)
    assert failed.problem is not None
    assert done.pushed is not None
    assert {lag.remote: lag.behind for lag in replication.lags()} == {"far": 2, "near": 0}


def test_what_lies_in_a_colder_tier_is_replicated_too(
    replication: ReplicationService, tiered: Tiered, tmp_path: Path
) -> None:
    tiered.pass_days(40)
    assert [one.held.key for one in tiered.tiers.apply(ANN).moved] == ["v1.0"]
    replication.replicate(DIGITS, "far", ANN)
    [done] = replication.run(ANN)
    assert done.problem is None
    assert tiered.tier_of("v1.0") is Tier.WARM
    tiered.tiers.apply(ANN)
    assert not tiered.is_hot(OLD["a.txt"])


@pytest.fixture
def packed(replication: ReplicationService, tiered: Tiered) -> Path:
    """The remote ``far``, which has all of two versions; the first is in packs, and not hot."""
    replication.places.push(DIGITS, None, "far", ANN)
    tiered.pass_days(40)
    tiered.tiers.apply(ANN)
    assert not tiered.is_hot(OLD["a.txt"])
    with tiered.database.write_plainly() as rows:
        rows.run("DELETE FROM data_remote_trees")
    return Path(replication.places.remote("far").url.removeprefix("file://"))


@pytest.mark.slow_on_postgresql
def test_a_push_that_was_killed_goes_on_when_what_it_sent_lies_in_packs(
    replication: ReplicationService, tiered: Tiered, packed: Path
) -> None:
    for tree in packed.rglob("*.dir"):
        tree.unlink()
    for again in (False, True):
        pushed = replication.places.push(DIGITS, None, "far", ANN, again=again)
        assert [one.key for one in pushed.versions] == ["v1.0", "v1.1"]
    assert len(list(packed.rglob("*.dir"))) == 2
    assert not tiered.is_hot(OLD["a.txt"]), "it need not come here, since it is whole there"


@pytest.mark.slow_on_postgresql
def test_what_is_damaged_there_is_sent_again_from_a_pack(
    replication: ReplicationService, tiered: Tiered, packed: Path
) -> None:
    name = md5_of(OLD["a.txt"])
    there = packed / "files" / "md5" / name[:2] / name[2:]
    for content in (b"other", OLD["a.txt"].upper()):
        there.chmod(0o644)
        there.write_bytes(content)
        tiered.versions.objects.path(name).unlink(missing_ok=True)
        assert replication.places.push(DIGITS, None, "far", ANN, again=True).sent == 1
        assert there.read_bytes() == OLD["a.txt"]


@pytest.mark.slow_on_postgresql
def test_what_goes_back_to_its_tier_before_it_is_sent_is_brought_once_more(
    replication: ReplicationService, tiered: Tiered, packed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in packed.rglob("files/md5/*/*"):
        path.unlink()
    real, went = moving.send, list[str]()

    def send(*given: Any, **settings: Any) -> tuple[int, int, list[str]]:
        if not went:
            assert tiered.is_hot(OLD["a.txt"])
            tiered.tiers.apply(ANN)
            went.append("a.txt")
            assert not tiered.is_hot(OLD["a.txt"])
        return real(*given, **settings)

    monkeypatch.setattr(moving, "send", send)
    pushed = replication.places.push(DIGITS, None, "far", ANN)
    assert [one.key for one in pushed.versions] == ["v1.0", "v1.1"]
    assert len(went) == 1


def test_rules_are_of_known_data_sets_and_remotes_and_go_with_them(replication: ReplicationService) -> None:
    with pytest.raises(NotFound, match="unknown"):
        replication.replicate("unknown", "far", ANN)
    with pytest.raises(NotFound, match="nowhere"):
        replication.replicate(DIGITS, "nowhere", ANN)
    with pytest.raises(NotFound, match="no rule"):
        replication.leave(DIGITS, "far", ANN)
    replication.replicate(DIGITS, "far", ANN)
    replication.replicate(EVERY, "near", ANN)
    replication.leave(EVERY, "near", ANN)
    replication.places.remove("far", ANN)
    assert replication.replicas() == []


@pytest.mark.slow_on_postgresql
def test_a_version_that_waits_in_a_tier_is_fetched_before_it_is_needed(
    replication: ReplicationService, tiered: Tiered
) -> None:
    tiered.pass_days(40)
    tiered.tiers.apply(ANN)
    [found] = replication.places.prefetch([(DIGITS, "v1.0")])
    assert (found.objects, found.left) == (3, 0)
    assert tiered.is_hot(OLD["a.txt"])
    assert tiered.tier_of("v1.0") is Tier.HOT
