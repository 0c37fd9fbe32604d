from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from benchmarks.near_duplicates import (
    alterations,
    digit_scans,
    looks_of,
    made_up,
    photographs,
    share_found,
)
from resources.data.making.similarity import pairs
from resources.data.making.similarity.looks import look_dtype
from resources.data.making.similarity.pairs import MAX_DISTANCE, near_pairs

LEAST_SHARE = {("cropped5", 96): 0.6, ("jpeg40", 32): 0.8, ("cropped2", 32): 0.75}
"""Of what is harder to find; all else is found nearly always."""


TOO_SMALL = {("half_size", 32), ("cropped5", 32)}
"""What is left of these is too small to be told apart from others."""


@pytest.mark.parametrize(
    ("kind", "side_px"),
    [(kind, side) for kind in alterations() for side in (96, 32) if (kind, side) not in TOO_SMALL],
)
def test_a_planted_near_duplicate_is_found_among_photographs(kind: str, side_px: int) -> None:
    originals = list(photographs(side_px, most=40))
    assert share_found(originals, alterations()[kind]) >= LEAST_SHARE.get((kind, side_px), 0.97)


def test_pictures_of_different_things_are_no_near_duplicates() -> None:
    for side_px in (64, 32):
        assert near_pairs(looks_of([*photographs(side_px, most=150), *made_up(150, side_px)])) == []


def test_scans_of_the_same_digit_are_no_near_duplicates() -> None:
    assert near_pairs(looks_of(list(digit_scans())[:600])) == []


def test_pictures_of_one_plain_colour_are_no_near_duplicates() -> None:
    plain = [Image.new("L", (64, 64), level) for level in (0, 90, 91, 255)]
    assert near_pairs(looks_of(plain)) == []


def test_of_two_pairs_each_is_found_once_and_says_how_alike_it_is() -> None:
    first, second = made_up(2, 64)
    found = near_pairs(looks_of([first, second, alterations()["jpeg40"](second), first]))
    assert [(pair.earlier, pair.later) for pair in found] == [(0, 3), (1, 2)]
    assert found[0].distance_bits == 0
    assert found[0].resemblance == pytest.approx(1.0, abs=1e-5)
    assert 0.9 < found[1].resemblance < 1.0


def random_looks(count: int, seed: int) -> NDArray[np.void]:
    """Hashes that crowd around a few, with thumbnails to fit."""
    draw = np.random.default_rng(seed)
    looks: NDArray[np.void] = np.zeros(count, dtype=look_dtype())
    centres = draw.integers(0, 2**64, 4, dtype=np.uint64)
    flips = draw.integers(0, 2**64, (count, 3), dtype=np.uint64)
    looks["hash"] = centres[draw.integers(0, 4, count)] ^ (flips[:, 0] & flips[:, 1] & flips[:, 2])
    looks["thumbnail"] = draw.integers(0, 256, 256) // 2 + draw.integers(0, 60, (count, 256))
    looks["height_px"] = looks["width_px"] = 64
    return looks


@given(st.integers(0, 60), st.integers(0, 10**6), st.integers(0, 60))
def test_the_search_finds_exactly_the_pairs_that_comparing_all_of_them_finds(
    count: int, seed: int, first_new: int
) -> None:
    looks = random_looks(count, seed)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(pairs, "_ROWS", 7)
        patched.setattr(pairs, "_COLUMNS", 11)
        found = near_pairs(looks, first_new)
    wanted = [
        (one, other)
        for one, other in combinations(range(count), 2)
        if other >= first_new
        and (int(looks["hash"][one]) ^ int(looks["hash"][other])).bit_count() <= MAX_DISTANCE
        and np.corrcoef(looks["thumbnail"][one], looks["thumbnail"][other])[0, 1] >= pairs.LEAST_RESEMBLANCE
    ]
    assert [(pair.earlier, pair.later) for pair in found] == wanted
