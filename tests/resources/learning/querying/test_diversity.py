"""Batches that are spread out: the cover is as good as it says, and no two questions are of one sample."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.asking import Strategy
from resources.learning.querying.choosing import choose
from resources.learning.querying.distances import to_nearest, to_one
from resources.learning.querying.diversity import SHORTLIST, by_core_set, by_margin_k_centre
from resources.learning.querying.model import Snapshot
from resources.learning.querying.uncertainty import closeness
from tests.resources.learning.querying.pools import ids, pools


def in_clusters(copies: int = 20) -> Snapshot:
    """Three heaps of near-copies, the first of which the model is least sure of."""
    dice = np.random.default_rng(0)
    heaps = np.repeat([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0]], copies, axis=0)
    points = heaps + dice.normal(scale=0.01, size=heaps.shape)
    sureness = np.repeat([0.51, 0.55, 0.6], copies)
    return Snapshot(ids(len(points)), np.stack([sureness, 1 - sureness], axis=1), points.astype(np.float32))


def test_margin_alone_asks_three_times_the_same_and_k_centre_three_different_things() -> None:
    pool = in_clusters(4)
    heap = {
        strategy: sorted(pick.index // 4 for pick in choose(pool, 3, strategy))
        for strategy in (Strategy.MARGIN, Strategy.MARGIN_K_CENTRE)
    }
    assert heap == {Strategy.MARGIN: [0, 0, 0], Strategy.MARGIN_K_CENTRE: [0, 1, 2]}


def test_what_is_like_a_labelled_sample_is_asked_last() -> None:
    pool = in_clusters(4)
    assert pool.embeddings is not None
    known = Snapshot(pool.ids, pool.probabilities, pool.embeddings, pool.embeddings[[0]])
    assert sorted(row // 4 for row, _ in by_core_set(known, 2, 0)) == [1, 2]


@given(pools(), st.integers(0, 3), st.integers(0, 9))
def test_the_default_takes_none_that_is_surer_than_its_shortlist(
    pool: Snapshot, count: int, seed: int
) -> None:
    values = closeness(pool.probabilities)
    least = np.sort(values)[::-1][: SHORTLIST * count].min(initial=1.0)
    assert all(values[row] >= least for row, _ in by_margin_k_centre(pool, count, seed))


@given(pools(least=1), st.integers(1, 4))
def test_the_radius_that_greedy_k_centre_leaves_is_at_most_twice_the_least_possible(
    pool: Snapshot, count: int
) -> None:
    points, known = pool.embeddings, pool.labelled_embeddings
    assert points is not None
    assert known is not None
    count = min(count, len(points))

    def radius(rows: tuple[int, ...]) -> float:
        centres = np.concatenate([known, points[list(rows)]])
        return float(np.sqrt(to_nearest(points, centres).max()))

    greedy = radius(tuple(row for row, _ in by_core_set(pool, count, 0)))
    best = min(radius(rows) for rows in combinations(range(len(points)), count))
    assert greedy <= 2 * best + 1e-6


@given(pools(least=1))
def test_distances_are_those_of_the_definition(pool: Snapshot) -> None:
    points, known = pool.embeddings, pool.labelled_embeddings
    assert points is not None
    assert known is not None
    written = (
        ((points[:, None].astype(np.float64) - known[None]) ** 2).sum(axis=2).min(axis=1, initial=np.inf)
    )
    assert to_nearest(points, known) == pytest.approx(written)
    assert to_one(points, points[0]) == pytest.approx(
        ((points - points[0]).astype(np.float64) ** 2).sum(axis=1)
    )


def test_more_rows_than_a_block_holds_are_compared_all(monkeypatch: pytest.MonkeyPatch) -> None:
    dice = np.random.default_rng(1)
    points, others = (
        dice.normal(size=(23, 3)).astype(np.float32),
        dice.normal(size=(17, 3)).astype(np.float32),
    )
    at_once = to_nearest(points, others)
    monkeypatch.setattr("resources.learning.querying.distances.BLOCK", 5)
    assert to_nearest(points, others) == pytest.approx(at_once)
