"""The default strategy: the middle of each heap of doubt, not its edge."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.asking import Strategy
from resources.learning.querying import covering
from resources.learning.querying.choosing import choose
from resources.learning.querying.covering import SHORTLIST, by_margin_cover, cover
from resources.learning.querying.distances import between
from resources.learning.querying.model import Snapshot
from resources.learning.querying.uncertainty import closeness
from tests.resources.learning.querying.pools import ids, pools


def test_the_cover_asks_about_the_middle_of_a_heap_and_k_centre_about_its_far_edge() -> None:
    heap = np.array([[0, 0], [1, 0], [-1, 0], [0, 1], [0, -1]], dtype=np.float32)
    known = np.array([[0, 5]], dtype=np.float32)
    pool = Snapshot(ids(5), np.full((5, 2), 0.5), heap, labelled_embeddings=known)
    assert choose(pool, 1, Strategy.MARGIN_COVER)[0].index == 0
    assert choose(pool, 1, Strategy.CORE_SET)[0].index == 4


def test_of_two_heaps_the_one_that_is_more_in_doubt_comes_first() -> None:
    heaps = np.array([[0, 0], [0, 1], [9, 0], [9, 1]], dtype=np.float32)
    known = np.array([[4.5, 20]], dtype=np.float32)
    guesses = np.array([[0.6, 0.4], [0.6, 0.4], [0.55, 0.45], [0.55, 0.45]])
    pool = Snapshot(ids(4), guesses, heaps, labelled_embeddings=known)
    assert [row // 2 for row, _ in by_margin_cover(pool, 2, 0)] == [1, 0]


def test_what_is_labelled_already_counts_as_picked() -> None:
    heaps = np.array([[0, 0], [1, 0], [9, 0], [10, 0], [11, 0]], dtype=np.float32)
    pool = Snapshot(ids(5), np.full((5, 2), 0.5), heaps, labelled_embeddings=heaps[[3]])
    assert by_margin_cover(pool, 1, 0)[0][0] in (0, 1)


@given(pools(), st.integers(0, 3), st.integers(0, 9))
def test_none_is_taken_that_is_surer_than_the_shortlist(pool: Snapshot, count: int, seed: int) -> None:
    values = closeness(pool.probabilities)
    least = np.sort(values)[::-1][: SHORTLIST * count].min(initial=1.0)
    assert all(values[row] >= least for row, _ in by_margin_cover(pool, count, seed))


def test_in_a_large_pool_the_shortlist_is_shorter_though_never_than_the_batch(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    dice = np.random.default_rng(0)
    sureness = np.linspace(0.5, 0.99, 100)
    pool = Snapshot(
        ids(100), np.stack([sureness, 1 - sureness], axis=1), dice.normal(size=(100, 2)).astype(np.float32)
    )
    least = []
    for distances in (100 * 100, 100 * 10, 100):
        monkeypatch.setattr(covering, "DISTANCES", distances)
        least.append(max(row for row, _ in by_margin_cover(pool, 4, 0)))
    assert least[0] >= 10 > least[1] >= 4 > least[2] == 3


@given(st.integers(0, 2**32), st.integers(1, 7), st.integers(1, 3))
def test_what_it_takes_off_is_at_least_63_percent_of_the_most_possible(
    seed: int, samples: int, count: int
) -> None:
    dice = np.random.default_rng(seed)
    points = dice.integers(0, 5, (samples, 2)).astype(np.float32)
    weights, far = dice.random(samples), dice.random(samples) * 30
    squares = between(points, points)

    def taken_off(rows: tuple[int, ...]) -> float:
        left = np.minimum(far, squares[:, list(rows)].min(axis=1))
        return float(((far - left) * weights).sum())

    count = min(count, samples)
    ranking = cover(squares, weights, far, count)
    best = max(taken_off(rows) for rows in combinations(range(samples), count))
    assert taken_off(tuple(row for row, _ in ranking)) >= 0.632 * best - 1e-9
    gains = [gain for _, gain in ranking]
    assert gains == sorted(gains, reverse=True)
