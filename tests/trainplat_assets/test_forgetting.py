"""The matrix of versions, from what their rounds measured."""

from dataclasses import replace

import pytest

from resources.errors import BadInput
from resources.kinds import Measure
from resources.learning.continual.tasks import matrix_of
from resources.learning.kinds.model import UNMARKED
from resources.registry.model import RoundEvaluation, Scores
from resources.terms import Label, VersionKey
from tests.resources.registry.examples import CLASSES, evaluation, scores
from trainplat_assets.forgetting import problems_of, table_of
from trainplat_assets.model_pictures import forgetting_picture

MORE = (*CLASSES, Label("fox"), Label("hen"), Label("owl"), Label("pig"), Label("rat"))


def round_of(version: str, confusion: tuple[tuple[int, ...], ...]) -> RoundEvaluation:
    right = sum(row[k] for k, row in enumerate(confusion))
    measured = Scores(right / sum(map(sum, confusion)), {}, confusion)
    one = evaluation("pets", version, 1, scores(1, 0))
    return replace(one, classes=MORE[: len(confusion)], challenger_scores=measured)


FIRST = round_of("v1.0", ((9, 1), (0, 10)))
SECOND = round_of("v1.1", ((8, 0, 2), (0, 10, 0), (1, 0, 4)))
THIRD = round_of("v1.2", ((2, 0, 8), (0, 10, 0), (0, 0, 5)))


def test_a_task_is_the_classes_that_came_with_a_version_measured_on_their_test_images() -> None:
    matrix = matrix_of([FIRST, SECOND, THIRD])
    assert matrix.tasks == ("v1.0: cat, dog", "v1.1: fox")
    assert [(row.version, row.accuracies) for row in matrix.rows] == [
        ("v1.0", (0.95,)),
        ("v1.1", (0.9, 0.8)),
        ("v1.2", (0.6, 1.0)),
    ]


def test_the_table_has_a_row_for_each_version_and_the_best_of_each_task_is_bold() -> None:
    assert table_of(matrix_of([FIRST, SECOND, THIRD])).splitlines() == [
        "| model of | v1.0: cat, dog | v1.1: fox |",
        "|---|---:|---:|",
        "| v1.0 | **95.0%** |  |",
        "| v1.1 | 90.0% | 80.0% |",
        "| v1.2 | 60.0% | **100.0%** |",
    ]


def test_what_is_forgotten_beyond_the_limit_is_told_with_the_version_that_knew_it() -> None:
    matrix = matrix_of([FIRST, SECOND, THIRD])
    assert problems_of(matrix, 0.35) == []
    assert problems_of(matrix, 0.1) == [
        "v1.0: cat, dog: 60.0% are right, 35.0 points less than with the model of v1.0; 10 are allowed"
    ]
    assert problems_of(matrix_of([FIRST]), 0.0) == []


def test_many_classes_are_named_in_part() -> None:
    many = round_of("v1.1", tuple(tuple(int(k == row) for k in range(7)) for row in range(7)))
    assert matrix_of([FIRST, many]).tasks[1] == "v1.1: fox, hen, owl, pig … +1"


def test_a_class_becomes_a_task_when_it_has_test_images() -> None:
    declared = round_of("v1.1", ((9, 1, 0), (0, 10, 0), (0, 0, 0)))
    matrix = matrix_of([FIRST, declared, replace(SECOND, version=VersionKey("v1.2"))])
    assert matrix.tasks == ("v1.0: cat, dog", "v1.2: fox")
    assert [len(row.accuracies) for row in matrix.rows] == [1, 1, 2]
    gone = round_of("v1.3", ((9, 1), (0, 10)))
    assert matrix_of([FIRST, SECOND, gone]).rows[-1].accuracies == (0.95, None)


def test_the_picture_of_a_long_line_stays_small() -> None:
    short = forgetting_picture(matrix_of([FIRST, SECOND, THIRD]))
    long = forgetting_picture(
        matrix_of([FIRST, *(replace(SECOND, version=VersionKey(f"v1.{number}")) for number in range(1, 200))])
    )
    assert short.startswith(b"\x89PNG")
    assert len(long) < 60_000


def test_no_round_has_no_matrix() -> None:
    with pytest.raises(BadInput, match="are no line of versions"):
        matrix_of([])


def test_of_marks_what_the_model_made_up_is_no_class_of_a_task() -> None:
    marks = replace(SECOND.challenger_scores, measure=Measure.SPAN_F1)
    of_marks = replace(SECOND, classes=(*MORE[:2], UNMARKED), challenger_scores=marks)
    assert matrix_of([of_marks]).tasks == ("v1.1: cat, dog",)
    assert matrix_of([of_marks]).rows[0].accuracies == (0.9,)
