import hashlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.data.model import ConfirmedLabel, Split
from resources.data.splitting import Division, first_division, next_division
from resources.errors import BadInput
from resources.terms import Label, SampleId
from tests.resources.data.shapes import SHAPES

CLASSES = st.sampled_from(SHAPES.classes)


def sample(number: int) -> SampleId:
    return SampleId(hashlib.sha256(str(number).encode()).hexdigest())


def source(count: int, *, unlabelled: set[int] | None = None) -> dict[SampleId, Label | None]:
    hidden = unlabelled or set()
    return {sample(one): None if one in hidden else SHAPES.classes[one % 2] for one in range(count)}


def chosen(division: Division, split: Split) -> set[SampleId]:
    return {one for one, place in division.places.items() if place.split is split}


def test_the_lowest_hashes_test_and_the_counts_are_exact() -> None:
    division = first_division(SHAPES, source(40))
    test = chosen(division, Split.TEST)
    assert len(test) == SHAPES.test_count
    assert max(test) == division.rule.test_threshold
    assert all(one > division.rule.test_threshold for one in division.places if one not in test)
    assert len(chosen(division, Split.TRAIN)) == SHAPES.first_labelled
    assert not division.held_back


def test_the_pool_shows_no_label() -> None:
    division = first_division(SHAPES, source(40))
    assert all(division.places[one].label is None for one in chosen(division, Split.POOL))


def test_another_seed_labels_other_samples_and_tests_with_the_same() -> None:
    one, other = (first_division(replace(SHAPES, seed=seed), source(60)) for seed in (1, 2))
    assert chosen(one, Split.TEST) == chosen(other, Split.TEST)
    assert chosen(one, Split.TRAIN) != chosen(other, Split.TRAIN)


def test_too_few_labelled_samples_are_refused_with_the_counts() -> None:
    with pytest.raises(BadInput, match=r"9 usable samples .* needs 10: 6 to test, 4 to train"):
        first_division(SHAPES, source(9))


@given(st.integers(10, 60), st.sets(st.integers(0, 9), max_size=5), st.randoms())
def test_the_order_of_the_source_changes_nothing(count: int, unlabelled: set[int], draw: object) -> None:
    labels = source(count + len(unlabelled), unlabelled=unlabelled)
    turned = dict(reversed(labels.items()))
    assert first_division(SHAPES, labels) == first_division(SHAPES, turned)


@given(st.sets(st.integers(0, 30), max_size=12))
def test_an_unlabelled_sample_on_the_test_side_is_held_back(unlabelled: set[int]) -> None:
    labels = source(60, unlabelled=unlabelled)
    division = first_division(SHAPES, labels)
    assert division.held_back == {
        one for one, label in labels.items() if label is None and one <= division.rule.test_threshold
    }
    assert division.places.keys() | division.held_back == labels.keys()


@given(
    st.lists(
        st.tuples(
            st.sets(st.integers(0, 200), max_size=20),
            st.lists(st.tuples(st.integers(0, 99), CLASSES), max_size=6),
        ),
        max_size=5,
    )
)
def test_no_later_version_moves_a_sample_across_the_test_border_or_loses_a_label(
    rounds: list[tuple[set[int], list[tuple[int, Label]]]],
) -> None:
    first = first_division(SHAPES, source(30))
    division = first
    for number, (arrivals, given_labels) in enumerate(rounds):
        askable = sorted(chosen(division, Split.TRAIN) | chosen(division, Split.POOL))
        labels = [
            ConfirmedLabel(askable[place % len(askable)], label, f"{number}-{order}")
            for order, (place, label) in enumerate(given_labels)
        ]
        before = division
        division = next_division(before.places, before.rule, [sample(one) for one in arrivals], labels)
        assert chosen(division, Split.TEST) == chosen(first, Split.TEST)
        assert all(
            one > first.rule.test_threshold
            for split in (Split.TRAIN, Split.POOL)
            for one in chosen(division, split)
        )
        assert chosen(before, Split.TRAIN) <= chosen(division, Split.TRAIN)
        last = {label.sample: label.label for label in labels}
        assert all(division.places[one].label == label for one, label in last.items())
        grown = len(chosen(division, Split.TRAIN)) - len(chosen(before, Split.TRAIN))
        assert division.newly_labelled == grown
        assert division.corrected <= len(last)


def test_arrivals_join_the_pool_in_any_order_the_same() -> None:
    first = first_division(SHAPES, source(30))
    late = [sample(one) for one in range(30, 90)]
    at_once = next_division(first.places, first.rule, late, [])
    one_by_one = first
    for one in reversed(late):
        one_by_one = next_division(one_by_one.places, first.rule, [one], [])
    assert at_once.places == one_by_one.places
    assert at_once.held_back
    assert not at_once.held_back & at_once.places.keys()


def test_a_changed_answer_corrects_and_an_equal_one_changes_nothing() -> None:
    first = first_division(SHAPES, source(30))
    labelled = min(chosen(first, Split.TRAIN))
    was = first.places[labelled].label
    other = next(label for label in SHAPES.classes if label != was)
    assert was is not None
    same = next_division(first.places, first.rule, [], [ConfirmedLabel(labelled, was, "a")])
    assert (same.newly_labelled, same.corrected, same.places) == (0, 0, first.places)
    mended = next_division(first.places, first.rule, [], [ConfirmedLabel(labelled, other, "a")])
    assert (mended.newly_labelled, mended.corrected) == (0, 1)
    assert mended.places[labelled].label == other


def test_a_test_sample_takes_no_label() -> None:
    first = first_division(SHAPES, source(30))
    with pytest.raises(ValueError, match="test set"):
        next_division(
            first.places, first.rule, [], [ConfirmedLabel(first.rule.test_threshold, SHAPES.classes[0], "a")]
        )


@given(st.sets(st.tuples(st.integers(0, 59), st.integers(0, 59)), max_size=12), st.integers(30, 59))
def test_what_is_nearly_a_test_sample_is_neither_trained_on_nor_asked_about_whenever_it_comes(
    numbers: set[tuple[int, int]], first: int
) -> None:
    twins = [(sample(one), sample(other)) for one, other in numbers]
    labels = source(first)
    start = first_division(SHAPES, labels, twins)
    late = next_division(start.places, start.rule, [sample(one) for one in range(60)], [], twins)
    test = chosen(late, Split.TEST)
    assert test == chosen(first_division(SHAPES, labels), Split.TEST)
    for one, other in (*twins, *((other, one) for one, other in twins)):
        if one in test and other not in test:
            assert other in late.held_back
            assert other in late.like_test or other <= start.rule.test_threshold
    assert late.like_test <= late.held_back
    assert not late.held_back & late.places.keys()


def test_a_sample_that_the_parent_has_stays_where_it_is_whatever_it_resembles() -> None:
    first = first_division(SHAPES, source(30))
    test, pool = min(chosen(first, Split.TEST)), min(chosen(first, Split.POOL))
    later = next_division(first.places, first.rule, [pool], [], [(pool, test)])
    assert later.places == first.places
    assert later.like_test == frozenset()


def test_too_few_samples_that_differ_from_the_test_set_are_refused() -> None:
    labels = source(10)
    test = first_division(SHAPES, labels).rule.test_threshold
    trained = max(labels)
    with pytest.raises(BadInput, match="1 are nearly the same as a test sample; 3 are left to train"):
        first_division(SHAPES, labels, [(test, trained)])
