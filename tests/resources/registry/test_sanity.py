from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.registry.sanity import accuracy_problems, chance_bar, forgotten_classes, measurement_problems
from resources.terms import VersionKey
from tests.resources.registry.examples import CLASSES, evaluation, scores

GOOD = evaluation("digits", "v1.1", 2, scores(90, 10), 1, scores(80, 20))


def test_a_sound_evaluation_has_no_problem() -> None:
    assert accuracy_problems(GOOD) == []
    assert measurement_problems(GOOD, None) == []
    assert measurement_problems(GOOD, replace(GOOD, version=VersionKey("v1.0"))) == []
    assert forgotten_classes(GOOD, 0.15) == []


@given(st.integers(1, 5000), st.integers(0, 5000))
def test_a_perfect_model_is_above_chance_and_a_guesser_is_not(right: int, wrong: int) -> None:
    measured = evaluation("digits", "v1.0", 1, scores(right, wrong))
    assert 0.5 <= chance_bar(measured) < 1
    assert bool(accuracy_problems(measured)) == (right / (right + wrong) <= chance_bar(measured))


def test_a_test_set_of_one_class_can_never_show_anything() -> None:
    one_class = replace(scores(5, 0), confusion=((10, 0), (0, 0)))
    assert "which guessing can reach" in accuracy_problems(evaluation("d", "v1.0", 1, one_class))[0]


@pytest.mark.parametrize("right", [50, 10])
def test_a_model_that_guesses_is_named_with_the_bar(right: int) -> None:
    problems = accuracy_problems(evaluation("digits", "v1.0", 1, scores(right, 100 - right)))
    assert problems == [f"accuracy {right / 100:.4f} is not above 0.6061, which guessing can reach"]


def test_an_accuracy_that_does_not_fit_the_confusion_table_is_named() -> None:
    problems = accuracy_problems(replace(GOOD, challenger_scores=replace(scores(90, 10), accuracy=0.99)))
    assert problems == [
        "accuracy 0.9900 does not fit the confusion table: 180 of 200 are right there",
    ]


def test_a_table_of_another_size_than_the_test_set_is_named() -> None:
    assert accuracy_problems(replace(GOOD, test_count=300))[0] == (
        "the challenger was measured on 200 images; the test set has 300"
    )


def test_another_test_set_than_the_parents_is_named_with_both() -> None:
    other = replace(GOOD, version=VersionKey("v1.0"), test_set="u" * 64, test_count=100)
    assert measurement_problems(GOOD, other) == [
        "the test set tttttttttttt (200 images) is not that of v1.0, uuuuuuuuuuuu (100 images)"
    ]


def test_models_that_were_measured_on_different_images_are_named() -> None:
    uneven = replace(scores(80, 20), confusion=((90, 20), (10, 80)))
    problems = measurement_problems(replace(GOOD, champion_scores=uneven), None)
    assert problems == ["challenger and champion were measured on different numbers of images per class"]


def test_a_champion_without_a_measurement_is_named() -> None:
    (problem,) = measurement_problems(replace(GOOD, champion_scores=None), None)
    assert "named without being measured" in problem


def test_a_class_that_the_new_model_forgot_is_named() -> None:
    forgot = replace(scores(90, 10), recalls={CLASSES[0]: 0.4, CLASSES[1]: None})
    assert forgotten_classes(replace(GOOD, challenger_scores=forgot), 0.15) == [
        "class cat: recall 40.0%, the champion's was 80.0%"
    ]
    assert forgotten_classes(evaluation("digits", "v1.0", 1, forgot), 0.15) == []


def test_with_more_classes_the_old_part_of_the_test_set_must_be_the_parents() -> None:
    parent = replace(GOOD, version=VersionKey("v1.0"), classes=CLASSES[:1], test_set="p" * 64)
    assert measurement_problems(GOOD, parent, "p" * 64) == []
    (problem,) = measurement_problems(GOOD, parent, "q" * 64)
    assert problem.startswith("the test set qqqqqqqqqqqq")
    assert len(measurement_problems(GOOD, parent)) == 1
