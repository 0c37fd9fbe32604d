import numpy as np
from hypothesis import given

from resources.learning.querying.badge import _Gradients, by_badge
from resources.learning.querying.model import Snapshot
from tests.resources.learning.querying.pools import ids, pools


@given(pools(least=1))
def test_distances_are_those_of_the_gradients_written_out(pool: Snapshot) -> None:
    assert pool.embeddings is not None
    errors = pool.probabilities.copy()
    errors[np.arange(len(errors)), errors.argmax(axis=1)] -= 1
    written = np.einsum("nk,nf->nkf", errors, pool.embeddings).reshape(len(errors), -1)
    short = _Gradients(errors, pool.embeddings.astype(np.float64))
    for row in range(len(errors)):
        assert np.allclose(short.to_row(row), ((written - written[row]) ** 2).sum(axis=1), atol=1e-9)


def test_the_largest_gradient_comes_first_and_a_copy_of_it_never_while_others_are_left() -> None:
    torn, sure = [0.5, 0.5], [1.0, 0.0]
    pool = Snapshot(
        ids(5),
        np.array([torn, torn, torn, sure, sure]),
        np.array([[9, 0], [9, 0], [0, 1], [50, 50], [0, 50]], dtype=np.float32),
    )
    for seed in range(20):
        rows = [row for row, _ in by_badge(pool, 3, seed)]
        assert rows[0] == 0
        assert 1 not in rows  # the copy is at no distance


def test_one_that_is_three_times_as_far_is_drawn_nine_times_as_often() -> None:
    pool = Snapshot(
        ids(3), np.full((3, 2), 0.5), np.array([[10, 0], [9, 0], [7, 0]], dtype=np.float32)
    )  # at squared distances of 0.5 and 4.5 from the first
    second = [by_badge(pool, 2, seed)[1][0] for seed in range(500)]
    assert 0.07 < second.count(1) / 500 < 0.14


def test_a_seed_decides_what_is_drawn() -> None:
    dice = np.random.default_rng(0)
    table = dice.random((60, 4))
    pool = Snapshot(
        ids(60), table / table.sum(axis=1, keepdims=True), dice.normal(size=(60, 3)).astype(np.float32)
    )
    drawn = {tuple(row for row, _ in by_badge(pool, 5, seed)) for seed in range(6)}
    assert len(drawn) > 1
