import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.errors import BadInput
from resources.learning.continual.forgetting import ForgettingMatrix, VersionMatrix, VersionRow


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


def line(*rows: tuple[float | None, ...], tasks: int | None = None) -> VersionMatrix:
    """The matrix of a line of versions."""
    count = len(rows[-1]) if tasks is None and rows else (tasks or 0)
    named = tuple(VersionRow(f"v1.{number}", row) for number, row in enumerate(rows))
    return VersionMatrix(tuple(f"task {number}" for number in range(count)), named)


def test_a_version_may_bring_no_task_or_several() -> None:
    matrix = line((0.8,), (0.9,), (0.7, 0.6, 0.5), (0.6, 0.8, 0.5))
    assert [(one.task, one.best, one.best_version, one.now) for one in matrix.forgotten] == [
        ("task 0", 0.9, "v1.1", 0.6),
        ("task 1", 0.8, "v1.3", 0.8),
        ("task 2", 0.5, "v1.2", 0.5),
    ]
    assert matrix.forgetting == pytest.approx(0.1)
    assert matrix.backward_transfer == pytest.approx((-0.2 + 0.2 + 0.0) / 3)


def test_a_first_version_has_forgotten_nothing_and_neither_has_one_on_its_own_task() -> None:
    assert line((0.4,)).forgotten == ()
    assert (line((0.4,)).forgetting, line((0.4,)).backward_transfer) == (0.0, 0.0)
    assert [one.task for one in line((0.4,), (0.4, 0.1)).forgotten] == ["task 0"]


def test_what_cannot_be_measured_is_left_out() -> None:
    matrix = line((None,), (None, 0.5), (0.3, 0.4))
    assert [(one.task, one.lost) for one in matrix.forgotten] == [
        ("task 0", 0.0),
        ("task 1", pytest.approx(0.1)),
    ]
    assert line((None,), (None,)).forgotten == ()
    assert line((None,), (None,)).backward_transfer == 0.0


@given(matrices())
def test_a_line_with_a_task_for_each_version_forgets_what_the_square_matrix_says(
    square: ForgettingMatrix,
) -> None:
    matrix = line(*(row[: number + 1] for number, row in enumerate(square.accuracies)))
    assert matrix.forgetting == pytest.approx(square.forgetting)
    assert tuple(one.lost for one in matrix.forgotten) == pytest.approx(square.forgotten_by_task)
    assert matrix.backward_transfer >= -matrix.forgetting - 1e-12


@pytest.mark.parametrize(("rows", "tasks"), [((), 0), (((0.1, 0.2), (0.1,)), 1), (((0.1,),), 2)])
def test_what_is_no_line_of_versions_is_refused(rows: tuple[tuple[float, ...], ...], tasks: int) -> None:
    with pytest.raises(BadInput, match="are no line of versions"):
        line(*rows, tasks=tasks)
