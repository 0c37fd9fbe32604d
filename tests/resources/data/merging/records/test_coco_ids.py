"""Ids where two things want the same one."""

from hypothesis import given
from hypothesis import strategies as st

from resources.data.merging.model import Versions
from resources.data.merging.records.coco_ids import Claim, assigned
from resources.data.merging.records.json_text import Number
from resources.data.merging.records.keys import Key

some = st.none() | st.integers(1, 4).map(lambda one: Number(str(one))) | st.sampled_from(["x", "x-2"])


@given(st.lists(st.tuples(some, some, some).filter(lambda ids: ids[1] or ids[2]), max_size=6))
def test_all_ids_are_different_and_the_same_from_both_sides(claims: list[tuple[Key | None, ...]]) -> None:
    taken = [one for ids in claims for one in ids if one is not None]
    ours = assigned({place: Claim(Versions(*ids), (place,)) for place, ids in enumerate(claims)}, taken)
    swapped = {place: Claim(Versions(ids[0], ids[2], ids[1]), (place,)) for place, ids in enumerate(claims)}
    assert ours == assigned(swapped, taken)
    assert len(set(ours.values())) == len(claims)


def number(base: int | None, ours: int | None, theirs: int | None) -> Versions[Key | None]:
    return Versions(base, ours, theirs).map(lambda one: None if one is None else Number(str(one)))


def ids(*claims: Versions[Key | None]) -> list[str]:
    taken = [one for claim in claims for one in claim if one is not None]
    found = assigned({place: Claim(claim, (place,)) for place, claim in enumerate(claims)}, taken)
    return [key.text if isinstance(key, Number) else key for key in found.values()]


def test_who_has_its_id_from_the_base_keeps_it() -> None:
    assert sorted(ids(number(None, 1, None), number(1, 1, 1))) == ["1", "2"]
    found = assigned({"new": Claim(number(None, 1, None), ("a",)), "old": Claim(number(1, 1, 1), ("b",))}, [])
    assert found == {"old": Number("1"), "new": Number("2")}


def test_a_new_number_is_above_all_that_were_ever_there() -> None:
    found = assigned(
        {"a": Claim(number(None, 3, None), ("a",)), "b": Claim(number(None, None, 3), ("b",))}, [Number("41")]
    )
    assert found == {"a": Number("3"), "b": Number("42")}


def test_an_id_that_a_side_changed_is_as_there() -> None:
    assert ids(number(1, 5, 1)) == ids(number(1, 1, 5)) == ["5"]
    assert ids(number(1, 5, 4)) == ["4"]
    assert ids(number(1, None, 1)) == ["1"]
