"""The words of a comparison."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.trainplat_assets.comparison.examples import comparison
from trainplat_assets.comparison.reading import chance, reading

TRUTH = [0, 0, 0, 0, 1, 1, 1, 1, 2, 2]


def text(*args: list[int] | None, rounds: int | None = None) -> str:
    truth, new, old = args
    assert truth is not None
    assert new is not None
    return "\n".join(reading(comparison(truth, new, old, rounds=rounds)))


def test_the_first_round_says_that_there_is_nothing_to_compare_with() -> None:
    told = text(TRUTH, [0, 0, 0, 1, 1, 1, 1, 1, 2, 2], None)
    assert "**v1.0**, trained on 100 labelled samples, gets 90.0% of the 10 test images right" in told
    assert "the first champion: there is nothing to compare it with" in told
    assert "fixes" not in told
    assert "circle for cross (once)" in told


def test_a_better_model_is_told_with_what_it_fixed_and_broke() -> None:
    told = text(TRUTH, [0, 0, 0, 0, 1, 1, 1, 0, 2, 2], [1, 1, 0, 0, 1, 1, 1, 1, 2, 2])
    assert (
        "the champion before it, from v1.0, 80.0%. That is 1 test image more: it is the new champion." in told
    )
    assert (
        "fixes 2 test images that the champion had wrong, and breaks 1 test image that it had right" in told
    )
    assert "Recall rose most for class circle, from 50.0% to 100.0%." in told
    assert "Recall fell most for class cross, from 100.0% to 75.0%." in told
    assert "this can well be chance" in told


def test_a_worse_model_leaves_the_champion_where_it_is() -> None:
    told = text(TRUTH, [1, 1, 0, 0, 1, 1, 1, 1, 2, 2], TRUTH)
    assert "That is 2 test images fewer: the champion stays." in told


def test_equal_models_are_said_to_be_equal() -> None:
    told = text(TRUTH, [1, 0, 0, 0, 1, 1, 1, 1, 2, 2], [1, 0, 0, 0, 1, 1, 1, 1, 2, 2])
    assert "They are equally good: the champion stays." in told
    assert "Neither is better on this test set." in told
    assert "The recall of every class is what it was." in told


def test_a_large_gain_is_hardly_chance_and_no_class_lost() -> None:
    truth = [0] * 12 + [1] * 4
    told = text(truth, truth, [1] * 16)
    assert "this is hardly chance" in told
    assert "No class lost recall." in told
    assert "It takes no test image for another class." in told


def test_from_the_third_round_on_the_way_from_the_start_is_told() -> None:
    told = text(TRUTH, TRUTH, [1, 0, 0, 0, 1, 1, 1, 1, 2, 2], rounds=3)
    assert "Since v1.0, 100 more labels took the champion from 50.0% to 100.0%." in told


@pytest.mark.parametrize(
    ("fixed", "broken", "probability"), [(0, 0, 1.0), (1, 0, 1.0), (5, 0, 2 / 32), (8, 2, 112 / 1024)]
)
def test_chance_is_the_sign_test(fixed: int, broken: int, probability: float) -> None:
    assert chance(fixed, broken) == pytest.approx(probability)


@given(st.integers(0, 400), st.integers(0, 400))
def test_chance_is_a_probability_and_takes_no_side(fixed: int, broken: int) -> None:
    assert 0 <= chance(fixed, broken) <= 1
    assert chance(fixed, broken) == chance(broken, fixed)
