"""Use that is forgotten by and by: the same however often somebody looks."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.gpu.policy.decay import WEEK_S, DecayedUsage

seconds = st.floats(min_value=0, max_value=1e7)
rates = st.floats(min_value=0, max_value=1e4)
half_lives = st.floats(min_value=60, max_value=1e7)


def close(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-6)


def test_after_a_half_life_half_of_it_counts() -> None:
    used = DecayedUsage(WEEK_S).add(100.0, 0.0)
    assert used.at(WEEK_S).value == pytest.approx(50)
    assert used.at(3 * WEEK_S).value == pytest.approx(12.5)


def test_what_is_added_now_counts_in_full() -> None:
    used = DecayedUsage(10.0).add(8.0, 0.0).add(1.0, 10.0)
    assert used.value == pytest.approx(5)
    assert used.as_of_s == 10


def test_a_constant_use_comes_to_be_the_level() -> None:
    used = DecayedUsage(3600.0).accrue(7.0, 3600.0 * 60)
    assert used.level(3600.0 * 60) == pytest.approx(7)


def test_after_a_half_life_of_constant_use_the_level_is_half_of_it() -> None:
    assert DecayedUsage(3600.0).accrue(8.0, 3600.0).level(3600.0) == pytest.approx(4)


def test_the_level_is_the_average_that_is_sampled_elsewhere() -> None:
    # usage = (1 - A) * usage + A * current, with A = 1 - 0.5^(interval / half-life)
    half_life, interval, sampled = 600.0, 5.0, 0.0
    exact = DecayedUsage(half_life)
    weight = 1 - 0.5 ** (interval / half_life)
    for step, use in enumerate([0.0, 4.0, 4.0, 1.0, 0.0, 8.0] * 20, start=1):
        sampled = (1 - weight) * sampled + weight * use
        exact = exact.accrue(use, step * interval)
    assert exact.level(exact.as_of_s) == pytest.approx(sampled)


@given(half_lives, rates, seconds, seconds)
def test_it_does_not_matter_in_how_many_steps_use_is_told(
    half_life: float, rate: float, first_s: float, more_s: float
) -> None:
    start = DecayedUsage(half_life, 5.0)
    at_once = start.accrue(rate, first_s + more_s)
    in_two = start.accrue(rate, first_s).accrue(rate, first_s + more_s)
    assert close(at_once.value, in_two.value)


@given(half_lives, rates, seconds, seconds)
def test_it_does_not_matter_how_often_somebody_looks(
    half_life: float, value: float, first_s: float, more_s: float
) -> None:
    start = DecayedUsage(half_life, value)
    assert close(start.at(first_s + more_s).value, start.at(first_s).at(first_s + more_s).value)


@given(half_lives, rates, rates, seconds)
def test_use_adds_up(half_life: float, one: float, other: float, until_s: float) -> None:
    start = DecayedUsage(half_life)
    both = start.accrue(one + other, until_s).value
    assert close(both, start.accrue(one, until_s).value + start.accrue(other, until_s).value)


@given(half_lives, rates, seconds)
def test_the_level_is_never_above_the_highest_use(half_life: float, rate: float, until_s: float) -> None:
    assert DecayedUsage(half_life).accrue(rate, until_s).level(until_s) <= rate * (1 + 1e-9)


@given(half_lives, rates, seconds)
def test_a_clock_that_goes_back_changes_nothing(half_life: float, value: float, back_s: float) -> None:
    used = DecayedUsage(half_life, value, 1e8)
    assert used.at(1e8 - back_s) == used
    assert used.accrue(5.0, 1e8 - back_s).value == value
    assert used.add(3.0, 1e8 - back_s) == replace(used, value=value + 3.0)


@given(half_lives, rates, seconds)
def test_what_is_stored_comes_back(half_life: float, value: float, as_of_s: float) -> None:
    used = DecayedUsage(half_life, value, as_of_s)
    assert DecayedUsage.from_json(used.to_json()) == used


@pytest.mark.parametrize("half_life", [0.0, -1.0, math.nan, math.inf])
def test_a_half_life_is_a_positive_number(half_life: float) -> None:
    with pytest.raises(ValueError, match="half-life of"):
        DecayedUsage(half_life)


@pytest.mark.parametrize(("value", "as_of"), [(-1.0, 0.0), (math.inf, 0.0), (0.0, math.nan)])
def test_use_is_a_number_that_is_not_negative(value: float, as_of: float) -> None:
    with pytest.raises(ValueError, match="expected finite numbers"):
        DecayedUsage(WEEK_S, value, as_of)


def test_use_is_never_taken_back() -> None:
    with pytest.raises(ValueError, match="use of -1"):
        DecayedUsage().add(-1.0, 0.0)
    with pytest.raises(ValueError, match="use of -1"):
        DecayedUsage().accrue(-1.0, 1.0)
