"""What is damaged in a pack is not there: nobody takes another copy away for its sake, whoever is at work."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from resources.data.collecting.service import CollectingService
from resources.data.collecting.usage import stored_bytes
from resources.data.storage.objects import ObjectStore
from resources.data.tiers import pack_rows
from resources.data.tiers.model import Pack, Tier
from resources.data.tiers.shelf import Shelf
from resources.database.audit import recent
from resources.database.engine import Database
from resources.errors import Conflict
from resources.home import Home
from tests.resources.data.auditor import md5_of
from tests.resources.data.collecting.test_pack_scrubbing import LOST, NAME, damage, move_to_packs
from tests.resources.data.tiers.conftest import ANN, DIGITS, OLD, Tiered

OTHER = md5_of(OLD["a.txt"])
SHARED = md5_of(OLD["shared"])


@pytest.fixture
def packed(any_database: Database, trainplat_home: Path, tmp_path: Path) -> Tiered:
    """v1.0 and v1.1 lie in one pack, but for what v1.2 has too."""
    made = Tiered(Home(trainplat_home), any_database, tmp_path / "places").with_places()
    made.commit(OLD, tmp_path / "work")
    made.commit({"b": LOST}, tmp_path / "work")
    made.commit({"shared": OLD["shared"]}, tmp_path / "work")
    return made


def row_of(packed: Tiered, pack: Path) -> Pack:
    with packed.database.read_plainly() as rows:
        return next(one for one in pack_rows.packs(rows) if one.id == pack.stem)


def known_damaged(packed: Tiered) -> set[str]:
    with packed.database.read_plainly() as rows:
        packs = pack_rows.packs(rows)
        every = {(one.id, entry.name) for one in packs for entry in pack_rows.entries(rows, one)}
        sound = {(one.id, entry.name) for one in packs for entry in pack_rows.entries(rows, one, sound=True)}
    return {name for _, name in every - sound}


def rot_in_store(packed: Tiered, name: str) -> None:
    place = packed.keeper.objects.path(name)
    place.unlink()
    place.write_bytes(b"rotten")


def test_the_last_whole_copy_stays_where_its_pack_lost_something_else_for_good(
    packed: Tiered, tmp_path: Path
) -> None:
    pack = move_to_packs(packed)
    packed.keeper.objects.put(LOST)
    damage(pack)
    damage(pack, OTHER)
    done = packed.keeper.scrub(ANN)
    assert (done.damaged, done.packs_mended) == ((OTHER,), 0)
    assert known_damaged(packed) == {NAME, OTHER}
    packed.tiers.apply(ANN)
    assert packed.damaged() == (OTHER,)
    assert packed.given("v1.1", tmp_path / "back") == {"b": LOST}
    packed.keeper.objects.put(OLD["a.txt"])
    assert packed.keeper.scrub(ANN).packs_mended == 1
    assert packed.damaged() == ()
    assert known_damaged(packed) == set()


@pytest.mark.slow_on_postgresql
def test_the_last_whole_copy_stays_where_the_pack_could_not_be_written_anew(
    packed: Tiered, tmp_path: Path
) -> None:
    pack = move_to_packs(packed)
    packed.keeper.objects.put(LOST)
    damage(pack)
    with packed.tiers.keeper().alone("something else"):
        done = packed.keeper.scrub(ANN)
    assert (done.packs_damaged, done.packs_mended, done.damaged) == ((pack.stem,), 0, ())
    assert packed.tiers.apply(ANN).packs == 1, "what is damaged in its pack is packed again"
    assert packed.damaged() == ()
    assert packed.given("v1.1", tmp_path / "back") == {"b": LOST}


@pytest.mark.slow_on_postgresql
def test_a_pack_that_could_not_be_written_anew_is_in_the_next_slice_too(
    packed: Tiered, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("resources.data.tiers.packing.PACK_BYTES", 1)
    packed.pass_days(40)
    packed.tiers.apply(ANN)
    packs = sorted(packed.packs(Tier.WARM), key=lambda one: one.stem)
    assert len(packs) == 2
    packs[0].write_bytes(packs[0].read_bytes()[:-1])
    with packed.tiers.keeper().alone("something else"):
        done = packed.keeper.scrub(ANN, 1)
    assert (done.packs, done.packs_damaged, done.packs_mended) == (1, (packs[0].stem,), 0)
    done = packed.keeper.scrub(ANN, 1)
    assert (done.packs, done.packs_damaged, done.packs_mended) == (2, (packs[0].stem,), 1)
    assert packed.keeper.scrub(ANN, 1).packs == 1


@pytest.mark.slow_on_postgresql
def test_what_is_moved_while_a_scrub_repairs_is_not_left_out(packed: Tiered, tmp_path: Path) -> None:
    pack = move_to_packs(packed)
    packed.keeper.objects.put(LOST)
    damage(pack)
    rot_in_store(packed, SHARED)

    def slow(names: Sequence[str]) -> list[str]:
        packed.tiers.apply(ANN)
        return list(names)

    done = CollectingService(packed.home, packed.database, packed.clock, remote=slow).scrub(ANN)
    assert done.damaged == (SHARED,)
    assert packed.damaged() == (SHARED,)
    assert packed.given("v1.1", tmp_path / "back") == {"b": LOST}


@pytest.mark.slow_on_postgresql
def test_a_pack_is_not_written_anew_without_what_lies_nowhere_else(packed: Tiered) -> None:
    pack = move_to_packs(packed)
    damage(pack)
    row, keeper = row_of(packed, pack), packed.tiers.keeper()
    assert keeper.write_anew({row: [NAME]}) == []
    assert packed.packs(Tier.WARM) == [pack]
    packed.keeper.objects.put(LOST)
    assert keeper.write_anew({row: [NAME]}) == [row]
    assert keeper.write_anew({row: [NAME]}) == [], "it is gone"


def test_a_pack_stays_where_something_in_it_turns_out_to_be_damaged_while_it_is_replaced(
    packed: Tiered,
) -> None:
    pack = move_to_packs(packed)
    damage(pack)
    row, keeper = row_of(packed, pack), packed.tiers.keeper()
    with packed.database.read_plainly() as rows:
        entries = pack_rows.entries(rows, row)
    with keeper.alone("a test") as intent:
        assert not keeper.packer(intent).replace(row, entries)
    assert packed.packs(Tier.WARM) == [pack]
    assert known_damaged(packed) == {NAME}
    assert packed.keeper.collect(ANN).packs_gone == 0
    assert packed.packs(Tier.WARM) == [pack]


def test_an_erasure_takes_what_is_known_to_be_damaged_along_and_keeps_what_is_damaged_only_now(
    packed: Tiered,
) -> None:
    pack = move_to_packs(packed)
    damage(pack)
    keeper = packed.tiers.keeper()
    with pytest.raises(Conflict, match="something beside them is damaged"):
        keeper.erase([OTHER])
    assert packed.packs(Tier.WARM) == [pack]
    keeper.erase([OTHER])
    assert packed.packs(Tier.WARM) == []


@pytest.mark.slow_on_postgresql
def test_a_pack_that_comes_out_the_same_is_sent_again(packed: Tiered, tmp_path: Path) -> None:
    packed.commit({"single": b"single " * 90}, tmp_path / "work")
    packed.commit({"last": b"last"}, tmp_path / "work")
    packed.tiers.pin(DIGITS, packed.versions.show(DIGITS, "v1.3").key, Tier.WARM, ANN)
    packed.tiers.apply(ANN)
    [pack] = packed.packs(Tier.WARM)
    before = pack.read_bytes()
    packed.keeper.objects.put(b"single " * 90)
    damage(pack, md5_of(b"single " * 90))
    with packed.tiers.keeper().alone("something else"):
        packed.keeper.scrub(ANN)
    packed.tiers.apply(ANN)
    assert pack.read_bytes() == before
    assert known_damaged(packed) == set()
    assert not packed.is_hot(b"single " * 90)
    assert packed.damaged() == ()


@pytest.mark.slow_on_postgresql
def test_a_pack_that_another_one_replaced_while_it_was_read_is_not_damaged(
    packed: Tiered, monkeypatch: pytest.MonkeyPatch
) -> None:
    pack = move_to_packs(packed)
    is_whole = Shelf.is_whole

    def replaced(self: Shelf, one: Pack) -> bool:
        packed.tiers.recall(DIGITS, "v1.0", ANN)
        packed.tiers.recall(DIGITS, "v1.1", ANN)
        packed.keeper.collect(ANN)
        return is_whole(self, one)

    monkeypatch.setattr(Shelf, "is_whole", replaced)
    done = packed.keeper.scrub(ANN)
    assert not pack.exists()
    assert (done.packs_damaged, done.packs_mended, done.damaged, done.repaired) == ((), 0, (), ())
    assert "data.scrub" not in {one.action for one in recent(packed.database, 5)}


def test_what_is_packed_while_a_scrub_reads_the_store_is_not_missing(
    packed: Tiered, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed.pass_days(40)

    def after_a_move(objects: ObjectStore) -> int:
        packed.tiers.apply(ANN)
        return stored_bytes(objects)

    monkeypatch.setattr("resources.data.collecting.scrubbing.stored_bytes", after_a_move)
    done = packed.keeper.scrub(ANN)
    assert not packed.is_hot(LOST)
    assert (done.damaged, done.repaired) == ((), ())


@pytest.mark.slow_on_postgresql
def test_a_scrub_reads_nothing_of_the_cold_tier(packed: Tiered, monkeypatch: pytest.MonkeyPatch) -> None:
    packed.pass_days(100)
    packed.tiers.apply(ANN)
    [pack] = packed.packs(Tier.COLD)
    before = pack.read_bytes()
    damage(pack)
    assert packed.keeper.verify(None, None, lambda *_: None, mend=True).damaged == (NAME,)
    for way in ("bring", "part", "is_whole"):
        monkeypatch.setattr(Shelf, way, lambda *_: pytest.fail("the archive is asked"))
    for _ in range(2):
        assert packed.keeper.scrub(ANN).damaged == (NAME,)
    assert [one.name for one in packed.keeper.damage()] == [NAME]
    monkeypatch.undo()
    pack.write_bytes(before)
    assert packed.keeper.verify(None, None, lambda *_: None, mend=True).damaged == ()
    assert packed.keeper.damage() == []
    assert known_damaged(packed) == set()


@pytest.mark.slow_on_postgresql
def test_a_pack_goes_where_another_one_holds_the_rest_of_it_already(packed: Tiered) -> None:
    pack = move_to_packs(packed)
    row, keeper = row_of(packed, pack), packed.tiers.keeper()
    packed.keeper.objects.put(LOST)
    with keeper.alone("a test") as intent:
        keeper.packer(intent).pack_hot(Tier.WARM, [NAME], lambda *_: None)
    assert len(packed.packs(Tier.WARM)) == 2
    keeper.erase([OTHER])
    with packed.database.read_plainly() as rows:
        assert row not in pack_rows.packs(rows)
    assert pack not in packed.packs(Tier.WARM)
    assert len(packed.packs(Tier.WARM)) == 1
