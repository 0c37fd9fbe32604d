"""The order of merged things: whichever side is ours, and as a side left it where the other did nothing."""

from hypothesis import given
from hypothesis import strategies as st

from resources.data.merging.model import Versions
from resources.data.merging.records.order import merged_order
from tests.examples import drawing

keys = st.lists(st.integers(0, 9), max_size=8, unique=True)


def order(base: list[int], ours: list[int], theirs: list[int], live: set[int] | None = None) -> list[int]:
    kept = live if live is not None else {*base, *ours, *theirs}
    return merged_order(Versions(base, ours, theirs), kept, lambda key: key)


@given(keys, keys, keys, st.sets(st.integers(0, 9)))
@drawing(4)
def test_it_is_the_same_from_both_sides_and_has_each_key_once(
    base: list[int], ours: list[int], theirs: list[int], live: set[int]
) -> None:
    wanted = live & {*ours, *theirs}
    merged = order(base, ours, theirs, wanted)
    assert merged == order(base, theirs, ours, wanted)
    assert sorted(merged) == sorted(wanted)


@given(keys, keys)
@drawing(4)
def test_where_one_side_did_nothing_it_is_that_of_the_other(base: list[int], side: list[int]) -> None:
    assert order(base, side, base, set(side)) == side
    assert order(base, base, side, set(side)) == side
    assert order(base, side, side, set(side)) == side


def test_what_was_added_stands_behind_what_it_stood_behind() -> None:
    assert order([1, 5, 9], [1, 2, 5, 9], [1, 5, 7, 9]) == [1, 2, 5, 7, 9]


def test_what_both_added_in_one_place_is_sorted_if_both_lists_are() -> None:
    assert order([1], [1, 2, 6], [1, 3, 4]) == [1, 2, 3, 4, 6]
    assert order([1], [1, 6, 2], [1, 3, 4]) == [1, 3, 4, 6, 2]


def test_the_order_of_the_base_holds_where_both_changed_it() -> None:
    assert order([1, 2, 3], [3, 2, 1], [2, 1, 3]) == [1, 2, 3]
    assert order([1, 2, 3], [3, 2, 1], [3, 2, 1]) == [3, 2, 1]
