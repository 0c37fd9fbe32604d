"""What a candidate is measured by: laws."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.learning.structure.scoring import PartScore, validated

row = st.tuples(*[st.floats(-6, 0)] * 3)
parts = st.lists(st.tuples(row, st.integers(0, 2)), min_size=2, max_size=12)


def part(rows: Sequence[tuple[tuple[float, ...], int]], sharp: float = 1.0) -> PartScore:
    logs = tuple(tuple(sharp * one for one in logits) for logits, _ in rows)
    return PartScore(logs, tuple(label for _, label in rows))


@given(parts)
def test_no_candidate_is_measured_at_less_than_its_best_certainty(
    rows: list[tuple[tuple[float, ...], int]],
) -> None:
    logits = np.array([one for one, _ in rows])
    labels = [label for _, label in rows]
    as_said = np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(len(rows)), labels]
    assert validated([part(rows)]).loss <= as_said.mean() + 1e-9


@given(parts)
def test_who_is_twice_as_certain_of_the_same_is_as_right(rows: list[tuple[tuple[float, ...], int]]) -> None:
    once, twice = validated([part(rows)]), validated([part(rows, 0.5)])
    assert once.accuracy == twice.accuracy


def test_how_certain_one_is_does_not_change_the_loss() -> None:
    rows = [((0.0, -2.0, -3.0), 0), ((-2.0, 0.0, -1.0), 1), ((0.0, -1.0, -2.0), 1), ((-3.0, -1.0, 0.0), 2)]
    once, half = validated([part(rows)]), validated([part(rows, 0.5)])
    assert half.losses == pytest.approx(once.losses)


@given(parts, parts)
def test_parts_count_as_if_they_were_one(
    one: list[tuple[tuple[float, ...], int]], other: list[tuple[tuple[float, ...], int]]
) -> None:
    assert validated([part(one), part(other)]) == validated([part(one + other)])
