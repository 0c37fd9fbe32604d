from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.data.making.drift import class_drift, stability_index, value_drift
from resources.data.spec import DriftLimits
from resources.terms import Label

DARK, LIGHT, GREEN = Label("dark"), Label("light"), Label("green")
LIMITS = DriftLimits()
COUNTS = st.dictionaries(st.sampled_from([DARK, LIGHT, GREEN]), st.integers(0, 500), min_size=1)


@given(COUNTS, COUNTS)
def test_the_index_is_zero_for_equal_shares_the_same_both_ways_and_never_negative(
    one: dict[Label, int], other: dict[Label, int]
) -> None:
    assert stability_index(one, one) == 0.0
    assert stability_index(one, other) == pytest.approx(stability_index(other, one))
    assert stability_index(one, other) >= 0.0


def test_the_index_of_two_known_mixtures() -> None:
    before, now = Counter({DARK: 5_000_000, LIGHT: 5_000_000}), Counter({DARK: 6_000_000, LIGHT: 4_000_000})
    assert stability_index(before, now) == pytest.approx(0.1 * np.log(1.2) - 0.1 * np.log(0.8), rel=1e-5)


def test_classes_that_shifted_by_far_are_told_with_their_numbers() -> None:
    before, new = [DARK] * 60 + [LIGHT] * 60, [DARK] * 5 + [LIGHT] * 115
    found = class_drift(before, new, [*before, *new], LIMITS)
    assert found is not None
    assert (found.what, found.statistic, found.before, found.new) == ("classes", "PSI", 120, 120)
    assert found.value > 0.2
    assert found.p_value < 1e-10
    assert found.drifted


def test_a_difference_that_chance_explains_is_no_drift() -> None:
    before, new = [DARK] * 12 + [LIGHT] * 8, [DARK] * 4 + [LIGHT] * 16
    found = class_drift(before, new, new, LIMITS)
    assert found is not None
    assert found.value > found.limit
    assert found.p_value > 0.01
    assert not found.drifted


def test_nothing_is_said_about_a_few() -> None:
    assert class_drift([DARK] * 100, [LIGHT] * 19, [DARK] * 100 + [LIGHT] * 19, LIMITS) is None
    few, many = np.zeros(19, dtype=np.float32), np.ones(100, dtype=np.float32)
    assert value_drift("width", few, many, LIMITS) is None
    assert value_drift("width", many, few, LIMITS) is None


def test_one_class_alone_does_not_drift() -> None:
    found = class_drift([DARK] * 30, [DARK] * 30, [DARK] * 60, LIMITS)
    assert found is not None
    assert not found.drifted


def test_values_that_shifted_are_told_and_values_from_the_same_source_are_not() -> None:
    draw = np.random.default_rng(0)
    before, same, brighter = (draw.normal(mean, 20, 400).astype(np.float32) for mean in (100.0, 100.0, 125.0))
    like, unlike = (value_drift("brightness", before, new, LIMITS) for new in (same, brighter))
    assert like is not None
    assert not like.drifted
    assert unlike is not None
    assert unlike.drifted
    assert 0.3 < unlike.value < 0.7
