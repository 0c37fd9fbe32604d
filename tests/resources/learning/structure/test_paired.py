"""Differences of losses image by image: laws."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.learning.structure.paired import paired

losses = st.lists(st.floats(0, 10), min_size=2, max_size=20)


@given(losses, st.floats(-5, 5))
def test_what_is_better_on_each_image_by_as_much_is_surely_better(other: list[float], less: float) -> None:
    found = paired([one - less for one in other], other)
    assert found.mean == pytest.approx(-less, abs=1e-9)
    assert found.error == pytest.approx(0, abs=1e-9)


@given(st.lists(st.tuples(st.floats(0, 10), st.floats(0, 10)), min_size=2, max_size=20))
def test_who_is_beside_whom_turns_the_difference_around(pairs: list[tuple[float, float]]) -> None:
    one, other = zip(*pairs, strict=True)
    there, back = paired(one, other), paired(other, one)
    assert there.mean == pytest.approx(-back.mean)
    assert there.error == pytest.approx(back.error)
    assert there.most >= there.mean


def test_of_one_image_nothing_is_sure() -> None:
    assert paired([0.1], [0.2]).most == float("inf")
    assert paired([], []).mean == 0
