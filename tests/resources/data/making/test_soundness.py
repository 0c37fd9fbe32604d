from pathlib import Path

from resources.data.making.soundness import (
    changed_test_set,
    in_two_splits,
    labels_lost,
    leaks,
    outside_classes,
)
from resources.data.model import ConfirmedLabel, NearDuplicate, Sample, Split
from resources.terms import Label, SampleId

DARK, LIGHT = Label("dark"), Label("light")


def one(name: str, split: Split, label: Label | None = None) -> Sample:
    return Sample(SampleId(name), Path(name), label, split)


GOOD = [one("a", Split.TRAIN, DARK), one("b", Split.POOL), one("c", Split.TEST, LIGHT)]


def test_a_good_version_has_no_findings() -> None:
    later = [one("a", Split.TRAIN, DARK), one("b", Split.TRAIN, LIGHT), one("c", Split.TEST, LIGHT)]
    confirmed = [ConfirmedLabel(SampleId("b"), DARK, "1"), ConfirmedLabel(SampleId("b"), LIGHT, "2")]
    for samples, parent, labels in ((GOOD, [], []), (later, GOOD, confirmed)):
        assert in_two_splits(samples, parent) == []
        assert changed_test_set(samples, parent) == []
        assert outside_classes(samples, [DARK, LIGHT]) == []
        assert labels_lost(samples, parent, labels) == []


def test_a_sample_in_two_splits_is_found() -> None:
    found = in_two_splits([*GOOD, one("c", Split.TRAIN, LIGHT)], [])
    assert found == ["sample c stands 2 times in the version"]


def test_a_sample_that_leaked_across_versions_is_found() -> None:
    later = [one("a", Split.TEST, DARK), one("b", Split.POOL), one("c", Split.TRAIN, LIGHT)]
    assert in_two_splits(later, GOOD) == [
        "sample a is in the test split, and was trained on or asked about in the parent",
        "sample c is in the train split, and was tested with in the parent",
    ]


def test_any_change_of_the_test_set_is_found() -> None:
    parent = [one("c", Split.TEST, LIGHT), one("d", Split.TEST, DARK)]
    later = [one("c", Split.TEST, DARK), one("e", Split.TEST, DARK)]
    assert changed_test_set(later, parent) == [
        "test sample d is missing; the parent has it",
        "test sample e is new; the parent does not have it",
        "test sample c is labelled dark; in the parent it is light",
    ]
    assert changed_test_set([one("a", Split.TRAIN, DARK)], []) == ["the test set is empty"]


def test_a_class_that_the_parent_does_not_test_may_gain_test_samples_from_the_pool() -> None:
    green = Label("green")
    parent = [*GOOD, one("d", Split.POOL)]
    later = [*GOOD[:1], one("b", Split.TRAIN, green), *GOOD[2:], one("d", Split.TEST, green)]
    confirmed = [ConfirmedLabel(SampleId(name), green, name) for name in ("b", "d")]
    assert in_two_splits(later, parent) == []
    assert changed_test_set(later, parent) == []
    assert labels_lost(later, parent, confirmed) == []
    tested = [*parent, one("e", Split.TEST, green)]
    assert in_two_splits([*later, tested[-1]], tested) == [
        "sample d is in the test split, and was trained on or asked about in the parent"
    ]
    assert changed_test_set([*later, tested[-1]], tested) == [
        "test sample d is new; the parent does not have it"
    ]
    trained = [*GOOD[1:], one("a", Split.TEST, green)]
    assert in_two_splits(trained, parent) == [
        "sample a is in the test split, and was trained on or asked about in the parent"
    ]


def test_labels_outside_the_classes_and_shown_in_the_pool_are_found() -> None:
    samples = [one("a", Split.TRAIN, Label("green")), one("b", Split.POOL, DARK), one("c", Split.TEST)]
    assert outside_classes(samples, [DARK, LIGHT]) == [
        "train sample a has the label 'green': none of dark, light",
        "pool sample b has the label 'dark'; the pool has none",
        "test sample c has the label None: none of dark, light",
    ]


def test_labels_that_were_lost_or_not_taken_up_are_found() -> None:
    confirmed = [ConfirmedLabel(SampleId("b"), LIGHT, "1")]
    assert labels_lost([one("b", Split.TRAIN, DARK)], GOOD, confirmed) == [
        "sample a should be labelled dark, and is not in training",
        "sample b should be labelled light, and is labelled dark",
    ]


def test_samples_that_are_nearly_test_samples_are_found_new_ones_apart_from_old_ones() -> None:
    samples = [*GOOD, one("d", Split.TEST, DARK), one("e", Split.POOL)]
    pairs = [
        NearDuplicate(SampleId(first), SampleId(second), 2, 0.97)
        for first, second in (("a", "c"), ("c", "e"), ("a", "b"), ("c", "d"), ("c", "gone"))
    ]
    new, old = leaks(samples, GOOD, pairs)
    assert new == [
        "pool sample e is nearly the same as test sample c: 2 of 64 bits differ, resemblance 0.970"
    ]
    assert old == [
        "train sample a is nearly the same as test sample c: 2 of 64 bits differ, resemblance 0.970"
    ]
