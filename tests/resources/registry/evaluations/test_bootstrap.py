"""The paired bootstrap: laws, and what it says of models that differ and that do not."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.errors import BadInput
from resources.registry.evaluations import bootstrap
from resources.registry.evaluations.bootstrap import differences, paired_difference, paired_differences
from resources.terms import SampleId
from tests.resources.registry.evaluations.examples import answers_of, with_scores

SCORES = st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=40)


@given(SCORES)
def test_the_difference_lies_in_its_interval_and_turns_with_the_sides(
    pairs: list[tuple[float, float]],
) -> None:
    old, new = (with_scores(np.array(side)) for side in zip(*pairs, strict=True))
    there, back = paired_difference(old, new), paired_difference(new, old)
    assert -1 <= there.low <= there.value <= there.high <= 1
    assert there.value == pytest.approx(-back.value)
    assert there.low == pytest.approx(-back.high, abs=1e-5)
    assert there.high == pytest.approx(-back.low, abs=1e-5)
    assert there.count == len(pairs)


@given(SCORES)
def test_a_model_is_no_better_than_itself(pairs: list[tuple[float, float]]) -> None:
    same = with_scores(np.array([one for one, _ in pairs]))
    found = paired_difference(same, same)
    assert (found.low, found.value, found.high) == (0, 0, 0)
    assert not found.is_clear


@given(SCORES, st.integers(0, 5))
def test_many_at_once_are_as_each_alone(pairs: list[tuple[float, float]], seed: int) -> None:
    old = with_scores(np.array([one for one, _ in pairs]))
    new = with_scores(np.array([other for _, other in pairs]), 2)
    alone = [paired_difference(old, one, seed) for one in (new, old, new)]
    for one, other in zip(paired_differences(old, [new, old, new], seed), alone, strict=True):
        assert (one.low, one.value, one.high) == pytest.approx((other.low, other.value, other.high), abs=1e-6)


def test_the_same_seed_gives_the_same_interval_and_another_one_hardly_another() -> None:
    old, new = answers_of(1, count=300, right=0.8), answers_of(2, count=300, right=0.85)
    first = paired_difference(old, new)
    assert paired_difference(old, new) == first
    other = paired_difference(old, new, seed=7)
    assert other != first
    assert other.low == pytest.approx(first.low, abs=0.02)


def test_a_clear_gain_is_told_from_chance() -> None:
    old = answers_of(1, count=300, right=0.6)
    assert paired_difference(old, answers_of(2, count=300, right=0.9)).is_clear
    assert not paired_difference(old, answers_of(3, count=300, right=0.6)).is_clear


def test_the_interval_is_as_wide_as_statistics_say() -> None:
    """Of independent samples the percentile interval nears that of the normal distribution."""
    gains = np.random.default_rng(1).normal(0.1, 0.3, size=(2000, 1))
    (found,) = differences(gains)
    half = 1.96 * gains.std() / np.sqrt(2000)
    assert found.high - found.value == pytest.approx(half, rel=0.12)
    assert found.value - found.low == pytest.approx(half, rel=0.12)


def test_the_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    drawn = np.random.default_rng(5)
    gains = drawn.choice([-1.0, 0.0, 1.0], p=[0.1, 0.7, 0.2], size=(200, 400))
    held = [one.low <= 0.1 <= one.high for one in differences(gains)]
    assert 0.9 <= np.mean(held) <= 0.985


def test_a_table_of_draws_that_is_too_large_to_keep_gives_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    gains = np.random.default_rng(3).normal(0.1, 0.3, size=(300, 4))
    at_once = differences(gains)
    monkeypatch.setattr(bootstrap, "_KEPT", 0)
    monkeypatch.setattr(bootstrap, "_AT_ONCE", 7_000)
    for one, other in zip(differences(gains), at_once, strict=True):
        assert (one.low, one.value, one.high) == pytest.approx((other.low, other.value, other.high), abs=1e-6)


def test_only_samples_that_both_answered_count() -> None:
    old, new = answers_of(1, count=40), answers_of(2, count=60)
    turned = replace(new, sample_ids=new.sample_ids[::-1], scores=new.scores[::-1])
    assert paired_difference(old, turned).count == 40
    assert paired_difference(old, turned).value == pytest.approx(paired_difference(old, new).value)


def test_models_without_a_common_sample_cannot_be_compared() -> None:
    new = answers_of(2)
    apart = replace(new, sample_ids=tuple(SampleId(f"other-{one}") for one in new.sample_ids))
    with pytest.raises(BadInput, match="models 1 and 2 of pets were measured on test sets without a common"):
        paired_difference(answers_of(1), apart)
