"""Parts of a test set."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.registry.evaluations.slices import by_class, by_source, score_slices, thirds

NAMES = ("low", "middle", "high")


@given(st.lists(st.integers(0, 20), min_size=1, max_size=60))
def test_thirds_share_the_samples_out_in_their_order(values: list[int]) -> None:
    found = thirds("size", np.array(values, dtype=np.float64), NAMES)
    if not found:
        return
    assert np.sum(list(found.values()), axis=0).tolist() == [1] * len(values)
    ordered = [np.array(values)[part] for part in found.values()]
    assert all(before.max() < after.min() for before, after in pairwise(ordered))


def test_thirds_of_many_that_differ_are_of_one_size() -> None:
    found = thirds("size", np.arange(30, dtype=np.float64), NAMES)
    assert {name: int(part.sum()) for name, part in found.items()} == {
        "size:low": 10,
        "size:middle": 10,
        "size:high": 10,
    }


@pytest.mark.parametrize("values", [[], [3.0] * 10])
def test_what_does_not_differ_has_no_parts(values: list[float]) -> None:
    assert thirds("size", np.array(values), NAMES) == {}


def test_a_part_with_few_samples_has_no_score() -> None:
    named = [frozenset({"cat"})] * 6 + [frozenset({"dog"})] * 4
    scores = np.array([1.0, 1, 1, 0, 0, 0] + [1.0] * 4)
    found = score_slices(scores, by_class(named, ("cat", "dog")))
    assert list(found) == ["class:cat"]
    assert (found["class:cat"].value, found["class:cat"].count) == (0.5, 6)  # type: ignore[index]


def test_each_source_is_a_part_where_there_are_several() -> None:
    found = by_source(["web", "camera", "web"])
    assert {name: part.tolist() for name, part in found.items()} == {
        "source:camera": [False, True, False],
        "source:web": [True, False, True],
    }
    assert by_source(["web", "web"]) == {}
    assert by_source([]) == {}
