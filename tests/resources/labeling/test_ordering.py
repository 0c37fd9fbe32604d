"""The order of work."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from resources.asking import Why
from resources.labeling.model import Question
from resources.labeling.ordering import in_order_of_work
from resources.terms import Label, SampleId


def asked(strategy: int, by_chance: int) -> list[Question]:
    whys = [Why.STRATEGY] * strategy + [Why.RANDOM] * by_chance
    return [Question(SampleId(str(n)), Label("a"), 0.5, Path("a"), why) for n, why in enumerate(whys)]


@given(st.integers(0, 40), st.integers(0, 10))
def test_all_are_asked_once_and_those_of_the_strategy_keep_their_order(strategy: int, by_chance: int) -> None:
    questions = asked(strategy, by_chance)
    ordered = in_order_of_work(questions)

    assert sorted(ordered, key=questions.index) == questions
    for why in Why:
        assert [one for one in ordered if one.why is why] == [one for one in questions if one.why is why]


def test_a_single_random_one_comes_in_the_middle() -> None:
    assert [one.why for one in in_order_of_work(asked(2, 1))] == [Why.STRATEGY, Why.RANDOM, Why.STRATEGY]


@given(st.integers(1, 20))
def test_each_half_has_its_share_of_the_random_ones(by_chance: int) -> None:
    ordered = in_order_of_work(asked(9 * by_chance, by_chance))
    half = ordered[: 5 * by_chance]

    assert abs(sum(one.why is Why.RANDOM for one in half) - by_chance / 2) <= 1
