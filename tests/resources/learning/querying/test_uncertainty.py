import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.asking import Strategy
from resources.learning.querying.choosing import choose
from resources.learning.querying.model import Snapshot
from resources.learning.querying.uncertainty import closeness, least_confidence, spread
from resources.terms import SampleId
from tests.resources.learning.querying.pools import pools

IDS = tuple(SampleId(name) for name in ("d", "c", "b", "a"))
SURE_TO_TORN = Snapshot(
    IDS, np.array([[0.98, 0.01, 0.01], [0.5, 0.3, 0.2], [0.4, 0.4, 0.2], [0.4, 0.4, 0.2]])
)


def test_margin_asks_where_two_classes_are_nearly_as_likely_and_breaks_ties_by_id() -> None:
    chosen = choose(SURE_TO_TORN, 3, Strategy.MARGIN)
    assert [choice.sample for choice in chosen] == ["a", "b", "c"]
    assert [choice.index for choice in chosen] == [3, 2, 1]
    assert [round(choice.score, 9) for choice in chosen] == [1.0, 1.0, 0.8]


def test_least_confidence_asks_where_the_likeliest_class_is_unlikely() -> None:
    chosen = choose(SURE_TO_TORN, 4, Strategy.LEAST_CONFIDENCE)
    assert [choice.sample for choice in chosen] == ["a", "b", "c", "d"]
    assert chosen[0].score == pytest.approx(0.6)


def test_entropy_asks_where_many_classes_are_possible_even_if_one_leads_clearly() -> None:
    pool = Snapshot(IDS[:2], np.array([[0.5, 0.5, 0, 0, 0, 0], [0.4, 0.12, 0.12, 0.12, 0.12, 0.12]]))
    assert choose(pool, 1, Strategy.ENTROPY)[0].sample == "c"
    assert choose(pool, 1, Strategy.MARGIN)[0].sample == "d"


def test_random_follows_its_seed_and_ignores_the_model() -> None:
    turned = Snapshot(IDS, SURE_TO_TORN.probabilities[::-1])
    assert choose(SURE_TO_TORN, 4, Strategy.RANDOM, seed=1) == choose(turned, 4, Strategy.RANDOM, seed=1)
    orders = {
        tuple(pick.sample for pick in choose(SURE_TO_TORN, 4, Strategy.RANDOM, seed=seed))
        for seed in range(9)
    }
    assert len(orders) > 1


@given(pools())
def test_each_measure_goes_from_sure_to_torn(pool: Snapshot) -> None:
    for measure in (least_confidence, closeness, spread):
        values = measure(pool.probabilities)
        assert values.shape == (len(pool.ids),)
        assert ((values >= 0) & (values <= 1)).all()


@given(st.integers(2, 6))
def test_an_even_answer_is_the_most_unsure_and_a_certain_one_the_least(classes: int) -> None:
    ends = np.stack([np.eye(classes)[0], np.full(classes, 1 / classes)])
    assert closeness(ends).tolist() == pytest.approx([0, 1])
    assert spread(ends).tolist() == pytest.approx([0, 1])
    assert least_confidence(ends).tolist() == pytest.approx([0, 1 - 1 / classes])
