"""The estimate from random picks: right on average, and its interval as sure as it says."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.asking import Strategy, Why
from resources.errors import BadInput
from resources.learning.querying.choosing import choose
from resources.learning.querying.model import Snapshot
from resources.learning.querying.quality import estimate_quality, wilson
from tests.resources.learning.querying.pools import ids


def test_the_interval_is_the_one_in_the_books() -> None:
    found = wilson(8, 10)
    assert (round(found.low, 4), round(found.high, 4)) == (0.4902, 0.9433)
    assert found.share == 0.8


@given(st.integers(1, 500), st.data(), st.sampled_from([0.8, 0.95, 0.99]))
def test_the_interval_holds_what_was_seen_and_stays_a_share(
    asked: int, data: st.DataObject, confidence: float
) -> None:
    right = data.draw(st.integers(0, asked))
    found = wilson(right, asked, confidence=confidence)
    assert 0 <= found.low <= found.share <= found.high <= 1
    assert found.high - found.low > 0
    mirrored = wilson(asked - right, asked, confidence=confidence)
    assert mirrored.low == pytest.approx(1 - found.high, abs=1e-12)


def test_where_none_or_all_were_right_the_interval_ends_there() -> None:
    ends = {(wilson(0, asked).low, wilson(asked, asked).high) for asked in range(1, 500)}
    assert ends == {(0.0, 1.0)}


def test_random_picks_estimate_the_pool_and_the_picks_of_the_strategy_do_not() -> None:
    dice = np.random.default_rng(7)
    margins = dice.random(300)
    right = dice.random(300) < 0.5 + margins / 2  # the surer, the more often right
    pool = Snapshot(ids(300), np.stack([0.5 + margins / 2, 0.5 - margins / 2], axis=1))
    by_chance, by_strategy, held = [], [], 0
    for seed in range(400):
        picks = choose(pool, 40, Strategy.MARGIN, random_share=0.5, seed=seed)
        found = estimate_quality(bool(right[pick.index]) for pick in picks if pick.why is Why.RANDOM)
        other = estimate_quality(bool(right[pick.index]) for pick in picks if pick.why is Why.STRATEGY)
        assert found is not None
        assert other is not None
        by_chance.append(found.share)
        by_strategy.append(other.share)
        held += found.low <= right.mean() <= found.high
    assert np.mean(by_chance) == pytest.approx(right.mean(), abs=0.02)
    assert np.mean(by_strategy) < right.mean() - 0.1
    assert held / 400 >= 0.93


def test_without_a_random_pick_nothing_is_estimated() -> None:
    assert estimate_quality([]) is None


def test_counts_that_cannot_be_are_refused() -> None:
    for right, asked, confidence in ((2, 1, 0.95), (0, 0, 0.95), (1, 2, 1.0)):
        with pytest.raises(BadInput, match="expected a part of 1 or more"):
            wilson(right, asked, confidence=confidence)
