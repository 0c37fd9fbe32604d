from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.asking import QueryPlan, Strategy, Why
from resources.errors import BadInput
from resources.learning.querying.choosing import NEED_EMBEDDINGS, NEED_MEMBERS, RULES, choose
from resources.learning.querying.model import Snapshot
from tests.resources.learning.querying.pools import ids, pools, shuffled

SHARES = st.sampled_from([0.0, 0.1, 0.5, 1.0])


@given(st.data(), pools(), st.integers(0, 14), st.sampled_from(Strategy), SHARES, st.integers(0, 99))
def test_the_order_in_which_the_pool_is_given_plays_no_part(
    data: st.DataObject, pool: Snapshot, count: int, strategy: Strategy, share: float, seed: int
) -> None:
    order = data.draw(st.permutations(range(len(pool.ids))))
    one, other = (
        choose(given, count, strategy, random_share=share, seed=seed)
        for given in (pool, shuffled(pool, order))
    )
    assert [(pick.sample, pick.score, pick.why) for pick in one] == [
        (pick.sample, pick.score, pick.why) for pick in other
    ]


@given(pools(), st.integers(0, 14), st.sampled_from(Strategy), SHARES, st.integers(0, 99))
def test_so_many_as_are_asked_for_are_chosen_each_once(
    pool: Snapshot, count: int, strategy: Strategy, share: float, seed: int
) -> None:
    chosen = choose(pool, count, strategy, random_share=share, seed=seed)
    assert len({pick.sample for pick in chosen}) == len(chosen) == min(count, len(pool.ids))
    assert all(pool.ids[pick.index] == pick.sample for pick in chosen)
    assert all(np.isfinite(pick.score) for pick in chosen)
    assert chosen == choose(pool, count, strategy, random_share=share, seed=seed)


@given(
    pools(),
    st.integers(0, 14),
    st.sampled_from([Strategy.MARGIN, Strategy.ENTROPY, Strategy.LEAST_CONFIDENCE, Strategy.BALD]),
)
def test_a_larger_batch_by_a_measure_of_single_samples_goes_on_where_the_smaller_one_ends(
    pool: Snapshot, count: int, strategy: Strategy
) -> None:
    assert choose(pool, count, strategy) == choose(pool, len(pool.ids), strategy)[:count]


@given(pools(), st.integers(0, 14), st.sampled_from(Strategy), st.integers(0, 99))
def test_what_a_strategy_takes_is_marked_as_its_own_unless_it_is_chance_itself(
    pool: Snapshot, count: int, strategy: Strategy, seed: int
) -> None:
    whys = {pick.why for pick in choose(pool, count, strategy, seed=seed)}
    assert whys <= {Why.RANDOM if strategy is Strategy.RANDOM else Why.STRATEGY}


@given(pools(least=10), st.sampled_from(Strategy), st.integers(0, 99))
def test_the_random_picks_are_the_same_whatever_the_strategy(
    pool: Snapshot, strategy: Strategy, seed: int
) -> None:
    drawn = [
        [pick.sample for pick in choose(pool, 8, one, random_share=0.5, seed=seed)][-4:]
        for one in (strategy, Strategy.MARGIN)
    ]
    assert drawn[0] == drawn[1]


@pytest.mark.parametrize(
    ("share", "count", "expected"), [(0.1, 50, 5), (0.1, 10, 1), (0.29, 100, 29), (0, 9, 0)]
)
def test_a_share_that_comes_out_even_is_kept_exactly(share: float, count: int, expected: int) -> None:
    pool = Snapshot(ids(120), np.full((120, 3), 1 / 3))
    for seed in range(20):
        chosen = choose(pool, count, Strategy.MARGIN, random_share=share, seed=seed)
        assert [pick.why for pick in chosen].count(Why.RANDOM) == expected
        assert [pick.why for pick in chosen[: count - expected]] == [Why.STRATEGY] * (count - expected)


def test_a_share_that_does_not_is_kept_over_many_batches() -> None:
    pool = Snapshot(ids(30), np.full((30, 3), 1 / 3))
    batches = [choose(pool, 3, Strategy.MARGIN, random_share=0.1, seed=seed) for seed in range(1_000)]
    randoms = [sum(pick.why is Why.RANDOM for pick in batch) for batch in batches]
    assert set(randoms) == {0, 1}
    assert sum(randoms) / 3_000 == pytest.approx(0.1, abs=0.02)


def test_each_sample_of_the_pool_has_the_same_chance_to_be_a_random_pick_those_of_the_strategy_too() -> None:
    sureness = np.linspace(0.5, 1, 20)
    pool = Snapshot(ids(20), np.stack([sureness, 1 - sureness], axis=1))
    often = np.zeros(20)
    for seed in range(4_000):
        chosen = choose(pool, 5, Strategy.MARGIN, random_share=0.2, seed=seed)
        often[[pick.index for pick in chosen if pick.why is Why.RANDOM]] += 1
    assert often.sum() == 4_000
    squares = ((often - 200) ** 2 / 200).sum()  # chi-square with 19 degrees of freedom: 43.8 at p = 0.001
    assert squares < 43.8


@pytest.mark.parametrize("strategy", sorted(NEED_EMBEDDINGS))
def test_a_strategy_asks_about_no_copy_of_what_chance_drew_for_the_same_batch(strategy: Strategy) -> None:
    for seed in range(20):
        dice = np.random.default_rng(seed)
        pool = Snapshot(
            ids(24),
            np.repeat(dice.dirichlet([1, 1, 1], size=12), 2, axis=0),
            np.repeat(dice.normal(size=(12, 3)).astype(np.float32), 2, axis=0),
            np.zeros((0, 3), dtype=np.float32),
        )
        chosen = choose(pool, 8, strategy, random_share=0.25, seed=seed)
        heaps = {why: [pick.index // 2 for pick in chosen if pick.why is why] for why in Why}
        assert len(heaps[Why.RANDOM]) == 2
        assert not set(heaps[Why.RANDOM]) & set(heaps[Why.STRATEGY])


def test_the_classes_of_what_chance_drew_count_for_the_balance_of_the_batch() -> None:
    sure = np.eye(2)[[0] * 10 + [1] * 10] * 0.98 + 0.01
    pool = Snapshot(ids(20), sure, labelled_counts=np.zeros(2, dtype=np.int64))
    for seed in range(10):
        chosen = choose(pool, 10, Strategy.CLASS_BALANCED, random_share=0.4, seed=seed)
        assert sum(pick.index < 10 for pick in chosen) == 5


@pytest.mark.parametrize("strategy", Strategy)
def test_a_pool_of_one_class_or_none_or_of_no_sample_is_no_trouble(strategy: Strategy) -> None:
    for samples, classes in ((4, 1), (4, 0), (0, 3)):
        pool = Snapshot(
            ids(samples),
            np.ones((samples, classes)),
            np.zeros((samples, 2), dtype=np.float32),
            members=np.ones((2, samples, classes)),
        )
        assert len(choose(pool, 2, strategy)) == min(2, samples)


@pytest.mark.parametrize("strategy", sorted(NEED_EMBEDDINGS | NEED_MEMBERS))
def test_a_strategy_that_lacks_what_it_needs_says_what_to_do(strategy: Strategy) -> None:
    bare = Snapshot(ids(4), np.full((4, 2), 0.5))
    with pytest.raises(BadInput, match="this strategy compares") as told:
        choose(bare, 2, strategy)
    assert told.value.next_step.startswith("Predict the pool")


def test_every_strategy_has_a_rule_and_each_rule_names_its_source() -> None:
    assert set(RULES) == set(Strategy)
    assert QueryPlan().strategy in NEED_EMBEDDINGS
    for strategy, rule in RULES.items():
        text = rule.__doc__ or ""
        assert strategy is Strategy.RANDOM or any(year.isdigit() for year in text.replace(",", " ").split())


def test_what_was_asked_before_leaves_the_pool_and_counts_as_labelled() -> None:
    guesses = np.array([[0.9, 0.1], [0.2, 0.8], [0.5, 0.5]])
    points = np.arange(6, dtype=np.float32).reshape(3, 2)
    pool = Snapshot(ids(3), guesses, points, labelled_counts=np.array([4, 1]))
    left = pool.without({ids(3)[0], ids(3)[2]})
    assert left.ids == ids(3)[1:2]
    assert left.labelled_embeddings is not None
    assert left.labelled_counts is not None
    assert left.labelled_embeddings.tolist() == points[[0, 2]].tolist()
    assert left.labelled_counts.tolist() == pytest.approx([5.4, 1.6])
    bare = Snapshot(ids(3), guesses).without({ids(3)[0]})
    assert bare.labelled_embeddings is bare.labelled_counts is None


def test_what_does_not_fit_together_is_refused() -> None:
    fair = Snapshot(ids(4), np.full((4, 2), 0.5), np.zeros((4, 3), dtype=np.float32))
    with pytest.raises(BadInput, match=r"3 sample ids came with probabilities of shape \(4, 2\)"):
        replace(fair, ids=ids(3))
    with pytest.raises(BadInput, match="twice"):
        replace(fair, ids=(*ids(3), ids(1)[0]))
    with pytest.raises(BadInput, match=r"4 samples and embeddings of shape \(3, 3\)"):
        replace(fair, embeddings=np.zeros((3, 3), dtype=np.float32))
    with pytest.raises(BadInput, match="unlike its own embeddings"):
        replace(fair, labelled_embeddings=np.zeros((2, 4), dtype=np.float32))
    with pytest.raises(BadInput, match="2 classes and counts"):
        replace(fair, labelled_counts=np.zeros(3, dtype=np.int64))
    with pytest.raises(BadInput, match="members' of"):
        replace(fair, members=np.zeros((2, 4, 3)))
    with pytest.raises(BadInput, match="not finite"):
        replace(fair, probabilities=np.full((4, 2), np.nan))
    with pytest.raises(BadInput, match="-1 samples were asked for"):
        choose(fair, -1, Strategy.MARGIN)
    with pytest.raises(BadInput, match=r"share of random picks is 1\.5"):
        choose(fair, 1, Strategy.MARGIN, random_share=1.5)
