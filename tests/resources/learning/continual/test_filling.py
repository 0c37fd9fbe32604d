import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.continual import ContinualSettings, Fill
from resources.learning.continual.buffer import Buffer, to_bytes
from resources.learning.continual.filling import (
    bounded,
    fill,
    least_sure,
    nearest_to_centres,
    representatives,
    reservoir,
    shares_of,
)
from tests.resources.learning.continual.examples import remembered


@given(st.sampled_from(Fill), st.integers(1, 20), st.lists(st.integers(1, 30), min_size=1, max_size=4))
def test_a_buffer_never_holds_more_than_its_bound_nor_a_sample_twice(
    how: Fill, capacity: int, sizes: list[int]
) -> None:
    buffer = Buffer.empty(capacity)
    offered: set[str] = set()
    for task, size in enumerate(sizes):
        buffer = fill(buffer, remembered(size, task=task), ContinualSettings(fill=how), seed=1)
        offered |= {f"{task}-{row}" for row in range(size)}
        assert buffer.kept is not None
        ids = buffer.kept.ids.tolist()
        assert len(ids) == len(set(ids)) == min(capacity, sum(sizes[: task + 1]), len(ids))
        assert set(ids) <= offered
    assert buffer.seen == sum(sizes)
    if how is Fill.RESERVOIR or len(sizes) == 1:
        assert len(buffer) == min(capacity, sum(sizes))


@pytest.mark.parametrize("how", Fill)
def test_the_same_samples_and_seed_fill_it_alike(how: Fill) -> None:
    def filled(seed: int) -> bytes:
        settings = ContinualSettings(fill=how)
        first = fill(Buffer.empty(5), remembered(20), settings, seed)
        return to_bytes(fill(first, remembered(20, task=1), settings, seed))

    assert filled(3) == filled(3)


def test_a_reservoir_keeps_each_sample_with_the_same_probability_whenever_it_came() -> None:
    draws, capacity = 3000, 6
    sizes = (10, 4, 10)
    kept = {f"{task}-{row}": 0 for task, size in enumerate(sizes) for row in range(size)}
    for seed in range(draws):
        buffer = Buffer.empty(capacity)
        for task, size in enumerate(sizes):
            buffer = reservoir(buffer, remembered(size, task=task), seed)
        assert buffer.kept is not None
        for one in buffer.kept.ids:
            kept[one] += 1
    share = capacity / sum(sizes)
    deviation = (draws * share * (1 - share)) ** 0.5
    assert all(abs(count - draws * share) < 4.5 * deviation for count in kept.values())


def test_each_class_of_each_task_has_as_many_representatives() -> None:
    buffer = Buffer.empty(24)
    for task in range(3):
        buffer = fill(buffer, remembered(80, task=task, classes=4), ContinualSettings(), seed=0)
    assert buffer.kept is not None
    pairs, counts = np.unique(np.stack([buffer.kept.tasks, buffer.kept.labels]), axis=1, return_counts=True)
    assert pairs.shape[1] == 12
    assert set(counts.tolist()) == {2}


def test_representatives_are_those_that_the_model_is_less_sure_of_while_they_fill_the_room() -> None:
    offered = remembered(40, classes=1)
    margins = np.abs(offered.logits[:, 0] - offered.logits[:, 1])
    unsure = set(offered.ids[np.argsort(margins)[:10]].tolist())
    for room, from_unsure in ((6, 6), (10, 10), (30, 10)):
        kept = representatives(Buffer.empty(room), offered, unsure_share=0.25).kept
        assert kept is not None
        assert len(kept) == room
        assert len(set(kept.ids.tolist()) & unsure) == from_unsure


def test_the_least_sure_are_those_with_the_two_likeliest_classes_side_by_side() -> None:
    logits = np.array([[0, 5, 1], [2, 2, 0], [9, 0, 8]], dtype=np.float32)
    assert least_sure(logits, 2).tolist() == [1, 2]
    assert least_sure(logits[:, :1], 2).tolist() == [0, 1]


@given(st.lists(st.integers(0, 30), max_size=12), st.integers(0, 100))
def test_shares_are_as_even_as_the_groups_allow_and_use_all_the_room(sizes: list[int], room: int) -> None:
    shares = shares_of(sizes, room)
    assert sum(shares) == min(room, sum(sizes))
    assert all(share <= size for share, size in zip(shares, sizes, strict=True))
    cut = [share for share, size in zip(shares, sizes, strict=True) if share < size]
    assert not cut or max(shares) <= min(cut) + 1


def test_what_cannot_be_split_evenly_goes_to_the_latest_groups() -> None:
    assert shares_of([5, 5, 5], 4) == [1, 1, 2]
    assert shares_of([5, 5, 5], 5) == [1, 2, 2]


def test_a_buffer_with_a_smaller_bound_has_still_seen_all_that_it_saw() -> None:
    settings = ContinualSettings(buffer_size=4)
    less = bounded(fill(Buffer.empty(9), remembered(20), ContinualSettings(), seed=1), settings, seed=1)
    assert (less.capacity, len(less), less.seen) == (4, 4, 20)


@given(st.integers(1, 30), st.integers(0, 40), st.integers(0, 5), st.booleans())
def test_representatives_are_different_rows_even_of_equal_samples(
    size: int, count: int, seed: int, equal: bool
) -> None:
    points = np.random.default_rng(seed).normal(size=(size, 3)) * (not equal)
    rows = nearest_to_centres(points, count)
    assert len(set(rows.tolist())) == len(rows) == min(size, count)


def test_representatives_come_from_every_heap() -> None:
    random = np.random.default_rng(0)
    places = np.array([[0, 0], [9, 0], [0, 9], [9, 9]])
    which = np.repeat(np.arange(4), [40, 3, 20, 5])
    rows = nearest_to_centres(places[which] + random.normal(scale=0.3, size=(68, 2)), 4)
    assert sorted(which[rows].tolist()) == [0, 1, 2, 3]
