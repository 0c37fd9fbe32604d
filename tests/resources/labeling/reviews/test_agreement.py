"""Agreement: the textbook's numbers, and the laws that hold for any answers."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.labeling.reviews.agreement import AnnotatorId, krippendorff_alpha, measure_agreement
from resources.terms import Label, SampleId

KRIPPENDORFF = [
    ["1", "1", "1"],
    ["2", "2", "3", "2"],
    ["3", "3", "3", "3"],
    ["3", "3", "3", "3"],
    ["2", "2", "2", "2"],
    ["1", "2", "3", "4"],
    ["4", "4", "4", "4"],
    ["1", "1", "2", "1"],
    ["2", "2", "2", "2"],
    ["5", "5", "5"],
    ["1", "1"],
    ["3"],
]
"""The example of four observers in Krippendorff 2011, page 3: alpha is 0.743 for names."""

LABELS = st.sampled_from(["a", "b", "c"])
UNITS = st.lists(st.lists(LABELS, min_size=1, max_size=4), max_size=12)


def labels(units: Sequence[Sequence[str]]) -> list[list[Label]]:
    return [[Label(one) for one in unit] for unit in units]


def answers(**said: str) -> dict[SampleId, dict[AnnotatorId, Label]]:
    """``s1="abc"``: the first annotator says a, the second b, the third c; a blank is no answer."""
    return {
        SampleId(sample): {AnnotatorId(who): Label(one) for who, one in enumerate(line, 1) if one != " "}
        for sample, line in said.items()
    }


def test_alpha_is_the_one_in_the_book() -> None:
    assert krippendorff_alpha(labels(KRIPPENDORFF)) == pytest.approx(0.743, abs=5e-4)


@given(UNITS)
def test_alpha_is_one_where_nobody_differs_and_never_more(units: list[list[str]]) -> None:
    found = krippendorff_alpha(labels(units))
    assert found is None or found <= 1
    alike = krippendorff_alpha(labels([unit[:1] * len(unit) for unit in units]))
    assert alike is None or alike == pytest.approx(1)


@given(UNITS, st.randoms(use_true_random=False))
def test_alpha_does_not_depend_on_any_order(units: list[list[str]], chance: st.DataObject) -> None:
    shuffled = [sorted(unit) for unit in sorted(units)]
    first, second = krippendorff_alpha(labels(units)), krippendorff_alpha(labels(shuffled))
    assert (first is None) == (second is None)
    assert first is None or second is None or first == pytest.approx(second)


def test_alpha_says_nothing_where_nothing_can_differ() -> None:
    assert krippendorff_alpha([]) is None
    assert krippendorff_alpha(labels([["a"], ["b"]])) is None
    assert krippendorff_alpha(labels([["a", "a"], ["a", "a"]])) is None


def test_each_sample_and_each_class_has_its_own_agreement() -> None:
    found = measure_agreement(answers(s1="aa", s2="ab", s3="bb", s4="c "))

    assert found.samples == 3
    assert found.by_sample == {"s1": 1.0, "s2": 0.0, "s3": 1.0}
    assert found.by_class == {"a": pytest.approx(2 / 3), "b": pytest.approx(2 / 3)}


def test_an_annotator_is_compared_with_the_majority_of_the_others() -> None:
    found = measure_agreement(answers(s1="aab", s2="bbb", s3="abc", s4="a  "))
    first, second, third = found.annotators

    assert (first.answered, first.compared, first.with_consensus) == (4, 1, 1)
    assert (third.answered, third.compared, third.with_consensus) == (3, 2, 1)
    assert second.agreement == 1.0
    assert third.agreement == 0.5


def test_an_annotator_is_measured_by_what_is_known() -> None:
    truth = {SampleId("s1"): Label("a"), SampleId("s2"): Label("b"), SampleId("unasked"): Label("a")}
    first, second = measure_agreement(answers(s1="ab", s2="ba", s3="aa"), truth).annotators

    assert (first.known, first.known_right, first.accuracy) == (2, 2, 1.0)
    assert (second.known, second.accuracy) == (2, 0.0)
    assert measure_agreement(answers(s1="aa")).annotators[0].accuracy is None
