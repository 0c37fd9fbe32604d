"""Which samples are taken when: laws that let a training be taken up anywhere, by any number of processes."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from resources.learning.distributed.order import batch_places, parts_of

COUNTS, BATCHES, SEEDS = st.integers(1, 60), st.integers(1, 40), st.integers(0, 2**32 - 1)


@given(count=COUNTS, batch_size=BATCHES, seed=SEEDS, epochs=st.integers(1, 3))
def test_each_sample_is_taken_once_an_epoch(count: int, batch_size: int, seed: int, epochs: int) -> None:
    steps = -(-count * epochs // batch_size)
    taken = np.concatenate(
        [batch_places(step, count=count, batch_size=batch_size, seed=seed) for step in range(steps)]
    )
    for epoch in range(epochs):
        assert sorted(taken[epoch * count : (epoch + 1) * count]) == list(range(count))


@given(
    count=COUNTS,
    parts=st.integers(1, 4),
    accumulation=st.integers(1, 3),
    processes=st.integers(1, 4),
    seed=SEEDS,
    step=st.integers(0, 1000),
)
def test_all_processes_together_take_the_batch_however_many_they_are(
    count: int, parts: int, accumulation: int, processes: int, seed: int, step: int
) -> None:
    batch = batch_places(step, count=count, batch_size=parts * accumulation * processes, seed=seed)
    shares = [
        np.concatenate(list(parts_of(batch, process=one, processes=processes, accumulation=accumulation)))
        for one in range(processes)
    ]
    assert {len(share) for share in shares} == {parts * accumulation}
    assert np.array_equal(np.concatenate(shares), batch)


@given(count=COUNTS, batch_size=BATCHES, seed=SEEDS, step=st.integers(0, 10**6))
def test_a_step_takes_the_same_whatever_was_asked_before(
    count: int, batch_size: int, seed: int, step: int
) -> None:
    alone = batch_places(step, count=count, batch_size=batch_size, seed=seed)
    for before in range(max(0, step - 3), step):
        batch_places(before, count=count, batch_size=batch_size, seed=seed)
    assert np.array_equal(alone, batch_places(step, count=count, batch_size=batch_size, seed=seed))


def test_epochs_and_seeds_differ() -> None:
    first, second = (batch_places(step, count=50, batch_size=50, seed=0) for step in (0, 1))
    other = batch_places(0, count=50, batch_size=50, seed=1)
    assert not np.array_equal(first, second)
    assert not np.array_equal(first, other)
