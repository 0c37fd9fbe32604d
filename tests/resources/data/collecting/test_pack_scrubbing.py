"""The scrub reads packs too: a damaged one is mended from another copy, or what it lost is named."""

from pathlib import Path

import pytest

from resources.data.collecting.service import CollectingService
from resources.data.places.service import PlaceService
from resources.data.tiers.model import Packed, Tier
from resources.data.tiers.packs import read_index
from resources.data.versions.errors import DamagedVersion
from resources.database.audit import recent
from resources.database.engine import Database
from resources.home import Home
from resources.terms import VersionKey
from tests.resources.data.auditor import md5_of
from tests.resources.data.tiers.conftest import ANN, DIGITS, OLD, Tiered
from tests.servers.s3 import Bucket

LOST = OLD["sub/b.bin"]
NAME = md5_of(LOST)


@pytest.fixture
def tiered(any_database: Database, trainplat_home: Path, tmp_path: Path) -> Tiered:
    return Tiered(Home(trainplat_home), any_database, tmp_path / "places").with_places()


@pytest.fixture
def packed(tiered: Tiered, tmp_path: Path) -> Tiered:
    """v1.0 lies in one pack, but for what it shares with v1.1, and v1.2 has the same file as v1.0."""
    tiered.commit(OLD, tmp_path / "work")
    tiered.commit({"b": LOST}, tmp_path / "work")
    tiered.commit({"shared": OLD["shared"]}, tmp_path / "work")
    return tiered


def move_to_packs(packed: Tiered) -> Path:
    """Let the tiers be as the rules say; the only pack."""
    packed.pass_days(40)
    packed.tiers.apply(ANN)
    [pack] = packed.packs(Tier.WARM)
    return pack


def damage(pack: Path, name: str = NAME) -> None:
    """Change one byte of an object in a pack."""
    content = bytearray(pack.read_bytes())
    content[entry_of(pack, name).offset + 3] ^= 1
    pack.write_bytes(content)


def entry_of(pack: Path, name: str) -> Packed:
    """Where an object lies in a pack, from the file."""
    content = pack.read_bytes()
    found = read_index(lambda start, stop: content[start:stop], len(content), pack.stem)
    return next(one for one in found if one.name == name)


def test_whole_packs_are_read_and_left(packed: Tiered) -> None:
    pack = move_to_packs(packed)
    done = packed.keeper.scrub(ANN)
    assert (done.packs, done.packs_damaged, done.packs_mended, done.packs_problem) == (1, (), 0, None)
    assert done.size_bytes > pack.stat().st_size
    assert packed.packs(Tier.WARM) == [pack]


def test_what_a_pack_lost_for_good_is_named_with_each_version_until_it_is_there_again(
    packed: Tiered, tmp_path: Path
) -> None:
    pack = move_to_packs(packed)
    before = pack.read_bytes()
    damage(pack)
    done = packed.keeper.scrub(ANN)
    assert (done.packs_damaged, done.packs_mended) == ((pack.stem,), 0)
    assert (done.damaged, done.touched) == ((NAME,), ("digits v1.0", "digits v1.1"))
    assert pack.exists(), "what is whole in it is the only copy"
    assert pack.stem in recent(packed.database, 1)[0].detail
    [known] = packed.keeper.damage()
    assert (known.name, known.touched) == (NAME, ("digits v1.0", "digits v1.1"))
    assert packed.keeper.scrub(ANN, 1).damaged == (NAME,), "and again"
    with pytest.raises(DamagedVersion):
        packed.versions.restore(DIGITS, "v1.0", tmp_path / "lost")
    pack.write_bytes(before)
    assert packed.keeper.scrub(ANN).damaged == ()
    assert packed.keeper.damage() == []
    assert packed.given("v1.0", tmp_path / "back") == OLD


@pytest.mark.slow_on_postgresql
def test_what_a_pack_lost_comes_from_a_remote_and_the_pack_is_written_anew(
    packed: Tiered, tmp_path: Path
) -> None:
    places = PlaceService(packed.home, packed.database, packed.clock)
    places.add("far", str(tmp_path / "far"), ANN)
    places.push(DIGITS, None, "far", ANN)
    pack = move_to_packs(packed)
    damage(pack)
    mending = CollectingService(packed.home, packed.database, packed.clock, remote=places.repair)
    done = mending.scrub(ANN)
    assert (done.damaged, done.repaired, done.packs_mended) == ((), (NAME,), 1)
    assert not pack.exists()
    [anew] = packed.packs(Tier.WARM)
    assert anew.stem != pack.stem
    assert packed.is_hot(LOST)
    assert packed.damaged() == ()
    again = mending.scrub(ANN)
    assert (again.packs, again.packs_damaged) == (1, ())
    packed.tiers.apply(ANN)
    assert not packed.is_hot(LOST), "it is packed again"
    assert packed.given("v1.0", tmp_path / "back") == OLD


@pytest.mark.slow_on_postgresql
def test_a_damaged_index_is_written_anew_in_its_place(packed: Tiered) -> None:
    pack = move_to_packs(packed)
    before = pack.read_bytes()
    pack.write_bytes(before[:-100])
    done = packed.keeper.scrub(ANN)
    assert (done.packs_damaged, done.packs_mended, done.damaged) == ((pack.stem,), 1, ())
    assert pack.read_bytes() == before
    assert packed.keeper.scrub(ANN).packs_damaged == ()


def test_a_pack_that_is_gone_is_lost_and_a_place_that_is_gone_has_lost_nothing(packed: Tiered) -> None:
    pack = move_to_packs(packed)
    away = packed.place / "away"
    (packed.place / "warm").rename(away)
    done = packed.keeper.scrub(ANN)
    assert (done.packs, done.damaged) == (0, ())
    assert done.packs_problem is not None
    assert "the warm tier is not at" in done.packs_problem
    away.rename(packed.place / "warm")
    pack.unlink()
    done = packed.keeper.scrub(ANN)
    assert set(done.damaged) == {md5_of(OLD["a.txt"]), NAME}
    assert done.packs_problem is None


@pytest.mark.slow_on_postgresql
def test_packs_are_read_in_turn(packed: Tiered, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("resources.data.tiers.packing.PACK_BYTES", 1)
    packed.commit({"another": b"another " * 50}, tmp_path / "work")
    packed.commit({"last": b"last"}, tmp_path / "work")
    packed.pass_days(40)
    packed.tiers.apply(ANN)
    packs = packed.packs(Tier.WARM)
    assert len(packs) > 3
    damage_at = sorted(one.stem for one in packs)[-1]
    last = next(one for one in packs if one.stem == damage_at)
    last.write_bytes(last.read_bytes()[:-1])
    found = [packed.keeper.scrub(ANN, 1) for _ in packs]
    assert [one.packs for one in found] == [1] * len(packs)
    assert [one.packs_damaged for one in found] == [()] * (len(packs) - 1) + [(damage_at,)]


def test_who_moves_things_now_is_not_disturbed(packed: Tiered) -> None:
    pack = move_to_packs(packed)
    pack.write_bytes(pack.read_bytes()[:-100])
    with packed.tiers.keeper().alone("something else"):
        done = packed.keeper.scrub(ANN)
    assert (done.packs_damaged, done.packs_mended) == ((pack.stem,), 0)
    assert done.packs_problem is not None
    assert "moves versions between tiers" in done.packs_problem
    assert packed.keeper.scrub(ANN).packs_mended == 1


def test_packs_at_s3_are_read_too(
    trainplat_home: Path, sqlite_at_head: Path, tmp_path: Path, bucket: Bucket
) -> None:
    home = Home(trainplat_home)
    tiered = Tiered(home, home.database(), tmp_path)
    tiered.tiers.set_place(Tier.WARM, f"{bucket.url}/tier", ANN)
    tiered.commit(OLD, tmp_path / "work")
    tiered.commit({"new": b"new"}, tmp_path / "work")
    tiered.tiers.pin(DIGITS, VersionKey("v1.0"), Tier.WARM, ANN)
    tiered.tiers.apply(ANN)
    [(key, content)] = [found for found in bucket.contents().items() if found[0].endswith(".pack")]
    assert tiered.keeper.scrub(ANN).packs_damaged == ()
    bucket.put(key, content[:40] + b"?" + content[41:])
    done = tiered.keeper.scrub(ANN)
    assert len(done.damaged) == 1
    assert done.touched == ("digits v1.0",)
    assert f"{done.packs_damaged[0]}.pack" in key
