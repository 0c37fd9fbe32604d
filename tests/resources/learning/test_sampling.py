import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.errors import BadInput
from resources.learning.model import Probabilities
from resources.learning.sampling import Strategy, choose
from resources.terms import SampleId

IDS = [SampleId(name) for name in ("d", "c", "b", "a")]
SURE_TO_TORN = np.array([[0.98, 0.01, 0.01], [0.5, 0.3, 0.2], [0.4, 0.4, 0.2], [0.4, 0.4, 0.2]])


@st.composite
def pools(draw: st.DrawFn) -> tuple[list[SampleId], Probabilities]:
    names = draw(st.lists(st.text("abcdef", min_size=1, max_size=4), unique=True, max_size=12))
    classes = draw(st.integers(2, 4))
    weights = draw(
        st.lists(
            st.lists(st.integers(1, 5), min_size=classes, max_size=classes),
            min_size=len(names),
            max_size=len(names),
        )
    )
    table = np.array(weights, dtype=np.float64).reshape(len(names), classes)
    return [SampleId(name) for name in names], table / table.sum(axis=1, keepdims=True)


def test_margin_asks_where_two_classes_are_nearly_as_likely_and_breaks_ties_by_id() -> None:
    chosen = choose(IDS, SURE_TO_TORN, 3)
    assert [choice.sample for choice in chosen] == ["a", "b", "c"]
    assert [choice.index for choice in chosen] == [3, 2, 1]
    assert [round(choice.score, 9) for choice in chosen] == [1.0, 1.0, 0.8]


def test_least_confidence_asks_where_the_likeliest_class_is_unlikely() -> None:
    chosen = choose(IDS, SURE_TO_TORN, 4, Strategy.LEAST_CONFIDENCE)
    assert [choice.sample for choice in chosen] == ["a", "b", "c", "d"]
    assert chosen[0].score == pytest.approx(0.6)


def test_random_follows_its_seed_and_ignores_the_model() -> None:
    one, same = (
        choose(IDS, table, 4, Strategy.RANDOM, seed=1) for table in (SURE_TO_TORN, SURE_TO_TORN[::-1])
    )
    assert one == same
    orders = {
        tuple(choice.sample for choice in choose(IDS, SURE_TO_TORN, 4, Strategy.RANDOM, seed=seed))
        for seed in range(9)
    }
    assert len(orders) > 1


@given(pools(), st.integers(0, 14), st.sampled_from(Strategy))
def test_the_order_in_which_samples_are_given_plays_no_part(
    pool: tuple[list[SampleId], Probabilities], count: int, strategy: Strategy
) -> None:
    ids, probabilities = pool
    forward = [(one.sample, one.score) for one in choose(ids, probabilities, count, strategy)]
    backward = [(one.sample, one.score) for one in choose(ids[::-1], probabilities[::-1], count, strategy)]
    assert forward == backward


@given(pools(), st.integers(0, 14), st.sampled_from(Strategy))
def test_no_sample_left_out_is_worth_more_than_a_chosen_one(
    pool: tuple[list[SampleId], Probabilities], count: int, strategy: Strategy
) -> None:
    ids, probabilities = pool
    everything = choose(ids, probabilities, len(ids), strategy)
    chosen = choose(ids, probabilities, count, strategy)
    assert len({one.sample for one in chosen}) == len(chosen) == min(count, len(ids))
    assert chosen == everything[:count]
    assert all(0 <= one.score <= 1 for one in everything)
    assert all(ids[one.index] == one.sample for one in everything)


@pytest.mark.parametrize("strategy", Strategy)
def test_a_pool_of_one_class_or_none_is_no_trouble(strategy: Strategy) -> None:
    assert len(choose(IDS, np.ones((4, 1)), 2, strategy)) == 2
    assert len(choose(IDS, np.ones((4, 0)), 2, strategy)) == 2
    assert choose([], np.ones((0, 3)), 2, strategy) == []


def test_ids_and_probabilities_that_do_not_fit_are_refused() -> None:
    with pytest.raises(BadInput, match=r"3 sample ids came with probabilities of shape \(4, 3\)"):
        choose(IDS[:3], SURE_TO_TORN, 1)
    with pytest.raises(BadInput, match="-1 samples were asked for"):
        choose(IDS, SURE_TO_TORN, -1)
