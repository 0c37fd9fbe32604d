import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.errors import BadInput
from resources.learning.continual.forgetting import ForgettingMatrix


@st.composite
def matrices(draw: st.DrawFn) -> ForgettingMatrix:
    tasks = draw(st.integers(1, 5))
    row = st.tuples(*[st.floats(0, 1)] * tasks)
    return ForgettingMatrix(tuple(draw(row) for _ in range(tasks)))


def test_the_final_accuracy_is_the_mean_of_the_last_row_and_forgetting_is_the_fall_from_the_best() -> None:
    matrix = ForgettingMatrix(((0.9, 0.1, 0.0), (0.95, 0.8, 0.0), (0.7, 0.8, 0.6)))
    assert matrix.final_mean_accuracy == pytest.approx(0.7)
    assert matrix.forgotten_by_task == pytest.approx((0.25, 0.0))
    assert matrix.forgetting == pytest.approx(0.125)


def test_what_a_task_scored_before_it_was_learnt_is_not_forgotten() -> None:
    assert ForgettingMatrix(((0.5, 0.9), (0.5, 0.4))).forgetting == 0
    assert ForgettingMatrix(((0.5, 1.0, 1.0), (0.5, 0.4, 1.0), (0.5, 0.4, 0.4))).forgetting == 0


@given(matrices())
def test_nothing_is_forgotten_below_zero_or_beyond_all(matrix: ForgettingMatrix) -> None:
    assert 0 <= matrix.forgetting <= 1
    assert 0 <= matrix.final_mean_accuracy <= 1 + 1e-12
    assert len(matrix.forgotten_by_task) == len(matrix.accuracies) - 1


@pytest.mark.parametrize("rows", [(), ((0.1, 0.2),), ((0.1, 0.2), (0.1,))])
def test_what_is_no_square_is_refused(rows: tuple[tuple[float, ...], ...]) -> None:
    with pytest.raises(BadInput, match="one row for each task"):
        ForgettingMatrix(rows)
