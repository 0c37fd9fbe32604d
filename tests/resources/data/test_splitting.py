import hashlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.data.manifest import from_json, to_json
from resources.data.model import ConfirmedLabel, Split
from resources.data.spec import DatasetSpec
from resources.data.splitting import Division, SplitRule, first_division, next_division
from resources.errors import BadInput
from resources.kinds import Kind
from resources.marks import Span, classes_in, written
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


ONE_THRESHOLD = replace(SHAPES, stratified=False)
"""The rule of versions that were sealed before each class gave its share."""
RULES = pytest.mark.parametrize("spec", [SHAPES, ONE_THRESHOLD], ids=["stratified", "one threshold"])


def test_the_lowest_hashes_of_all_classes_together_test_where_it_is_declared_so() -> None:
    division = first_division(ONE_THRESHOLD, source(40))
    test = chosen(division, Split.TEST)
    assert len(test) == SHAPES.test_count
    assert max(test) == division.rule.test_threshold
    assert all(one > division.rule.test_threshold for one in division.places if one not in test)
    assert len(chosen(division, Split.TRAIN)) == SHAPES.first_labelled
    assert not division.held_back
    assert str(division.rule).startswith(
        f"test: content hash up to {division.rule.test_threshold} (6 samples); "
    )


@given(
    st.lists(st.integers(0, 40), min_size=1, max_size=6).filter(lambda counts: sum(counts) >= 12),
    st.integers(1, 8),
)
def test_each_class_gives_its_share_of_the_test_set_to_the_nearest_sample(
    counts: list[int], test_count: int
) -> None:
    numbers = iter(range(sum(counts)))
    labels: dict[SampleId, Label | None] = {
        sample(next(numbers)): Label(f"class-{place}")
        for place, count in enumerate(counts)
        for _ in range(count)
    }
    division = first_division(replace(SHAPES, test_count=test_count), labels)
    test = chosen(division, Split.TEST)
    assert len(test) == test_count
    for place, count in enumerate(counts):
        of_class = {one for one, label in labels.items() if label == f"class-{place}"}
        share = test_count * count / sum(counts)
        assert abs(len(test & of_class) - share) < 1
        assert test & of_class == set(sorted(of_class)[: len(test & of_class)])
        assert division.rule.by_class.get(Label(f"class-{place}")) == max(test & of_class, default=None)
    assert len(chosen(division, Split.TRAIN)) == SHAPES.first_labelled
    assert not division.held_back


def test_a_class_of_two_does_not_keep_most_of_what_comes_later_away_from_the_pool() -> None:
    rare = max((sample(one) for one in range(400)), default=sample(0))
    labels: dict[SampleId, Label | None] = {sample(one): SHAPES.classes[0] for one in range(18)}
    labels |= {rare: SHAPES.classes[1], SampleId("f" * 64): SHAPES.classes[1]}
    first = first_division(SHAPES, labels)
    assert first.places[rare].split is Split.TEST
    late = next_division(first.places, first.rule, [sample(one) for one in range(1000, 2000)], [])
    assert 500 < len(late.held_back) < 700, "the share of the test set is 30 %"


@RULES
def test_a_rule_can_be_read_back_as_it_was_written(spec: DatasetSpec) -> None:
    rule = first_division(spec, source(40)).rule
    assert from_json(SplitRule, to_json(rule)) == rule


def test_the_rule_of_a_version_that_was_sealed_before_there_were_classes_in_it_stays_readable() -> None:
    rule = first_division(ONE_THRESHOLD, source(40)).rule
    written = (
        f'{{"test_threshold": "{rule.test_threshold}", "test_count": 6, "first_labelled": 4, "seed": 7}}'
    )
    assert from_json(SplitRule, written.encode()) == rule


def test_what_a_source_says_about_splits_is_followed() -> None:
    labels = source(60)
    ordered = sorted(labels)
    wanted = dict.fromkeys(ordered[20:30], "test") | dict.fromkeys(ordered[30:], "pool")
    division = first_division(SHAPES, labels, (), wanted)
    test = chosen(division, Split.TEST)
    assert test < set(ordered[20:30])
    assert division.held_back == set(ordered[20:30]) - test
    assert chosen(division, Split.TRAIN) < set(ordered[:20])
    assert set(ordered[30:]) <= chosen(division, Split.POOL)
    arrivals = [sample(one) for one in range(60, 90)]
    later = next_division(division.places, division.rule, arrivals, [], (), {arrivals[0]: "test"})
    assert later.held_back == {arrivals[0]}


def test_what_is_to_train_or_to_wait_is_never_drawn_for_the_test_set() -> None:
    labels = source(60)
    wanted = {one: "train" if place % 2 else "pool" for place, one in enumerate(sorted(labels)[:30])}
    division = first_division(SHAPES, labels, (), wanted)
    assert not chosen(division, Split.TEST) & wanted.keys()
    assert all(division.places[one].split is Split.POOL for one, side in wanted.items() if side == "pool")
    assert not division.held_back


def test_too_few_samples_to_draw_the_test_set_from_are_refused() -> None:
    labels = source(60)
    with pytest.raises(BadInput, match="leave 5 labelled samples to draw the test set from"):
        first_division(SHAPES, labels, (), dict.fromkeys(sorted(labels)[:5], "test"))


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


@RULES
@given(count=st.integers(10, 60), unlabelled=st.sets(st.integers(0, 9), max_size=5))
def test_the_order_of_the_source_changes_nothing(spec: DatasetSpec, count: int, unlabelled: set[int]) -> None:
    labels = source(count + len(unlabelled), unlabelled=unlabelled)
    turned = dict(reversed(labels.items()))
    assert first_division(spec, labels) == first_division(spec, turned)


@given(st.sets(st.integers(0, 30), max_size=12))
def test_an_unlabelled_sample_on_the_test_side_is_held_back(unlabelled: set[int]) -> None:
    labels = source(60, unlabelled=unlabelled)
    division = first_division(SHAPES, labels)
    assert division.held_back == {
        one for one, label in labels.items() if label is None and one <= division.rule.test_threshold
    }
    assert division.places.keys() | division.held_back == labels.keys()


@RULES
@given(
    rounds=st.lists(
        st.tuples(
            st.sets(st.integers(0, 200), max_size=20),
            st.lists(st.tuples(st.integers(0, 99), CLASSES), max_size=6),
        ),
        max_size=5,
    )
)
def test_no_later_version_moves_a_sample_across_the_test_border_or_loses_a_label(
    spec: DatasetSpec,
    rounds: list[tuple[set[int], list[tuple[int, Label]]]],
) -> None:
    first = first_division(spec, source(30))
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
            for one in chosen(division, split) - first.places.keys()
        )
        assert not chosen(division, Split.TEST) & (
            chosen(division, Split.TRAIN) | chosen(division, Split.POOL) | division.held_back
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


GREEN, BLUE = Label("green"), Label("blue")


@given(st.integers(0, 9), st.integers(0, 20), st.integers(0, 3))
def test_of_a_class_that_is_declared_later_some_labels_are_held_out_once_and_the_others_train(
    green: int, blue: int, corrected: int
) -> None:
    first = first_division(SHAPES, source(30))
    late = [sample(one) for one in range(100, 160)]
    pool = next_division(first.places, first.rule, late, [])
    askable = sorted(chosen(pool, Split.POOL))
    labels = [ConfirmedLabel(one, GREEN, f"g{one}") for one in askable[:green]]
    labels += [ConfirmedLabel(one, BLUE, f"b{one}") for one in askable[green : green + blue]]
    labels += [ConfirmedLabel(one, GREEN, f"c{one}") for one in sorted(chosen(pool, Split.TRAIN))[:corrected]]
    division = next_division(pool.places, pool.rule, [], labels, later_classes=(GREEN, BLUE))
    new = chosen(division, Split.TEST) - chosen(pool, Split.TEST)
    assert chosen(pool, Split.TEST) <= chosen(division, Split.TEST)
    assert not new & chosen(pool, Split.TRAIN), "what was trained on never tests"
    each = SHAPES.test_count // len(SHAPES.classes)
    of_class = {label: {one for one in new if division.places[one].label == label} for label in (GREEN, BLUE)}
    assert len(of_class[GREEN]) == min(each, green // 2)
    assert len(of_class[BLUE]) == min(each, blue // 2)
    assert division.rule.test_count == pool.rule.test_count + len(new)
    for label, held_out in of_class.items():
        trained = {one for one in chosen(division, Split.TRAIN) if division.places[one].label == label}
        assert all(one < other for one in held_out for other in trained - chosen(pool, Split.TRAIN))
    again = next_division(division.places, division.rule, [], [], later_classes=(GREEN, BLUE))
    assert again.places == division.places
    assert again.rule == division.rule
    more = [ConfirmedLabel(one, GREEN, f"m{one}") for one in sorted(chosen(division, Split.POOL))[:6]]
    if of_class[GREEN]:
        later = next_division(division.places, division.rule, [], more, later_classes=(GREEN, BLUE))
        assert chosen(later, Split.TEST) == chosen(division, Split.TEST)


def test_a_sample_that_is_nearly_another_is_not_held_out_for_a_later_class() -> None:
    first = first_division(SHAPES, source(30))
    pool = sorted(chosen(first, Split.POOL))
    labels = [ConfirmedLabel(one, GREEN, one) for one in pool[:4]]
    twins = [(pool[0], pool[9])]
    division = next_division(first.places, first.rule, [], labels, twins, later_classes=(GREEN,))
    new = chosen(division, Split.TEST) - chosen(first, Split.TEST)
    assert new == set(pool[1:3])
    assert str(division.rule) != str(first.rule)


@given(st.lists(st.sampled_from(["none", "green", "blue", "both"]), max_size=12))
def test_of_marks_whatever_names_a_later_class_may_be_held_out_once_with_its_whole_answer(
    said: list[str],
) -> None:
    def answer(*labels: str) -> Label:
        return written(Span(place, place + 1, Label(label)) for place, label in enumerate(labels))

    names = {"none": (), "green": ("green",), "blue": ("blue", "dark"), "both": ("green", "blue")}
    spec = replace(SHAPES, kind=Kind.ENTITIES, image_size_px=(1, 8))
    told = {one: label and answer(label) for one, label in source(30).items()}
    first = first_division(spec, told)
    pool = sorted(chosen(first, Split.POOL))
    answers = {one: answer(*names[word]) for one, word in zip(pool, said, strict=False)}
    labels = [ConfirmedLabel(one, label, one) for one, label in answers.items()]
    division = next_division(
        first.places, first.rule, [], labels, later_classes=(GREEN, BLUE), kind=Kind.ENTITIES
    )
    new = chosen(division, Split.TEST) - chosen(first, Split.TEST)
    assert all(division.places[one].label == label for one, label in answers.items())
    assert all({"green", "blue"} & {*classes_in(Kind.ENTITIES, answers[one])} for one in new)
    assert division.rule.test_count == spec.test_count + len(new)
    assert division.rule.by_class == {}
    for label in (GREEN, BLUE):
        naming = {one for one, it in answers.items() if label in classes_in(Kind.ENTITIES, it)}
        assert len(naming & new) <= len(naming) // 2, "each has some to train with"
    again = next_division(
        division.places, division.rule, [], [], later_classes=(GREEN, BLUE), kind=Kind.ENTITIES
    )
    assert again.places == division.places
