"""Committees, and the artefact of members that never saw a class."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.learning.querying.committee import bootstraps, by_bald, disagreement_nats
from resources.learning.querying.model import Snapshot
from tests.resources.learning.querying.pools import ids

SURE_OF = np.eye(3) * 0.94 + 0.02


def test_members_that_are_sure_of_different_classes_disagree_and_members_that_doubt_alike_do_not() -> None:
    disputed, doubted, agreed = SURE_OF[[0, 1]], np.full((2, 3), 1 / 3), SURE_OF[[2, 2]]
    found = disagreement_nats(np.stack([disputed, doubted, agreed], axis=1))
    assert found[0] > 0.4
    assert found[1:].tolist() == pytest.approx([0, 0], abs=1e-12)


def test_a_member_that_never_saw_a_class_does_not_make_all_of_that_class_look_disputed() -> None:
    """Half of the members know no class 2 and take it for class 0: that says nothing about its samples."""
    of_two, of_one, edge = SURE_OF[2], SURE_OF[1], np.array([0.49, 0.49, 0.02])
    full = [np.stack([of_two, of_one, edge + tilt]) for tilt in ([0.2, -0.2, 0], [-0.2, 0.2, 0])]
    blind = [np.stack([[0.9, 0.1, 0], [0.1, 0.9, 0], [0.5 + tilt, 0.5 - tilt, 0]]) for tilt in (0.3, -0.3)]
    members = np.stack([*full, *blind])

    found = disagreement_nats(members)

    naive = _information_of_all(members)
    assert naive.argmax() == 0, "the artefact is there"
    assert found[0] == pytest.approx(0, abs=1e-12)
    assert found.argmax() == 2, "what they truly dispute comes first"


def test_what_hardly_anybody_knows_is_not_called_disputed() -> None:
    members = np.stack([SURE_OF[[2]], [[0.9, 0.1, 0]], [[0.1, 0.9, 0]]])
    assert disagreement_nats(members).tolist() == [0]


@given(st.lists(st.integers(0, 4), min_size=1, max_size=30), st.integers(1, 6), st.integers(0, 99))
def test_no_bootstrap_misses_a_class_and_each_has_as_many_rows_of_it_as_the_labels(
    labels: list[int], members: int, seed: int
) -> None:
    given_labels = np.array(labels)
    drawn = bootstraps(given_labels, members, seed=seed)
    assert len(drawn) == members
    for rows in drawn:
        assert sorted(given_labels[rows]) == sorted(labels)
    assert [rows.tolist() for rows in drawn] == [
        rows.tolist() for rows in bootstraps(given_labels, members, seed=seed)
    ]


def test_the_disputed_are_likelier_to_be_asked_and_a_batch_is_not_just_the_top() -> None:
    dice = np.random.default_rng(0)
    sharp = np.concatenate([np.full(20, 4.0), np.full(180, 0.2)])
    raw = np.exp(dice.normal(size=(6, 200, 4)) * sharp[None, :, None])
    pool = Snapshot(ids(200), np.full((200, 4), 0.25), members=raw / raw.sum(axis=2, keepdims=True))
    batches = [[row for row, _ in by_bald(pool, 10, seed)] for seed in range(30)]
    assert np.mean([row < 20 for batch in batches for row in batch]) > 0.8
    assert len({tuple(batch) for batch in batches}) == 30


def test_one_that_is_disputed_three_times_as_much_comes_first_three_times_as_often() -> None:
    def torn(tilt: float) -> np.ndarray:  # type: ignore[type-arg]
        return np.array([[0.5 + tilt, 0.5 - tilt], [0.5 - tilt, 0.5 + tilt]])

    members = np.stack([torn(0.4), torn(0.2430)], axis=1)
    much, little = disagreement_nats(members)
    assert much / little == pytest.approx(3, abs=0.1)
    pool = Snapshot(ids(2), np.full((2, 2), 0.5), members=members)
    first = [by_bald(pool, 1, seed)[0][0] for seed in range(500)]
    assert 0.19 < first.count(1) / 500 < 0.31


def _information_of_all(members: np.ndarray) -> np.ndarray:  # type: ignore[type-arg]
    def entropy(table: np.ndarray) -> np.ndarray:  # type: ignore[type-arg]
        return np.asarray(-(table * np.log(np.maximum(table, 1e-300))).sum(axis=-1))

    return np.asarray(entropy(members.mean(axis=0)) - entropy(members).mean(axis=0))
