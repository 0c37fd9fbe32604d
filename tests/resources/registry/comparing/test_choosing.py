"""Which model versions are compared."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.registry.comparing.choosing import Choice, Order, chosen, fits, newest_of_each
from resources.registry.comparing.metrics import Metric
from resources.registry.evaluations.model import Measurement
from resources.terms import VersionKey
from tests.resources.registry.evaluations.examples import answers_of, measurement_of

SOME = [measurement_of(answers_of(number), f"v1.{number % 3}") for number in range(1, 8)]


def numbers(found: list[Measurement]) -> list[int]:
    return [one.number for one in found]


def test_nothing_chosen_is_everything_the_newest_first() -> None:
    assert numbers(chosen(SOME, Choice())) == [7, 6, 5, 4, 3, 2, 1]


def test_data_versions_methods_and_text_all_hold() -> None:
    choice = Choice((VersionKey("v1.1"),), ("replay",), "seed>4")
    assert numbers(chosen(SOME, choice)) == [7]
    assert numbers(chosen(SOME, Choice(methods=("joint",)))) == [1]
    assert chosen(SOME, Choice(methods=("nobody's",))) == []


@given(st.sampled_from(list(Metric)), st.sampled_from(list(Order)))
def test_the_best_comes_first_and_nobody_is_lost(metric: Metric, order: Order) -> None:
    with_gaps = [replace(one, forgetting=None) if one.number % 2 else one for one in SOME]
    found = chosen(with_gaps, Choice(metric=metric, order=order))
    assert sorted(numbers(found)) == numbers(SOME)
    if order is Order.BEST:
        values = [metric.of(one) for one in found]
        told = [value for value in values if value is not None]
        assert told == sorted(told, reverse=not metric.is_better_low)
        assert values[: len(told)] == told


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("", True),
        ("seed=3", True),
        ("seed=3.0", True),
        ("seed!=3", False),
        ("seed!=4", True),
        ("seed>=3", True),
        ("seed>3", False),
        ("seed<3.5", True),
        ("seed<=2", False),
        ("seed>many", False),
        ("method=REPLAY", True),
        ("method>2", False),
        ("lost=3", False),
        ("lost!=3", False),
        ("play", True),
        ("METHOD", True),
        ("v1.0", True),
        ("version=v1.0", True),
        ("number=3", True),
        ("number=30", False),
        ("size_bytes>40000", True),
        ("value<=1 replay seed=3", True),
        ("replay seed=4", False),
        ("brier=none", False),
    ],
)
def test_words_are_rules_or_to_be_found(text: str, holds: bool) -> None:
    assert fits(replace(SOME[2], brier=None), text) is holds


def test_of_each_model_the_newest_counts_or_the_one_of_the_wanted_test_set() -> None:
    first = SOME[0]
    later = replace(first, test_set="u" * 64, measured_at=first.measured_at + timedelta(hours=1))
    assert newest_of_each([first, later, SOME[1]]) == [later, SOME[1]]
    assert newest_of_each([first, later, SOME[1]], first.test_set) == [first, SOME[1]]
    assert newest_of_each([later, first]) == [later]
