from collections import Counter
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.errors import BadInput
from resources.learning.querying.random_order import Batch, random_order
from resources.terms import SampleId

POOL = [SampleId(f"{number:02}") for number in range(12)]
FIRST = 2


def asked(seed: int, batches: int, size: int) -> tuple[list[SampleId], list[Batch]]:
    """First labels, and batches: one random pick, and the lowest of what waits, which a strategy takes."""
    chance = Random(seed)
    waits = chance.sample(POOL, len(POOL))
    first, waits = waits[:FIRST], sorted(waits[FIRST:])
    made = []
    for _ in range(batches):
        waiting = len(waits)
        pick = waits.pop(chance.randrange(len(waits)))
        others, waits = tuple(waits[: size - 1]), waits[size - 1 :]
        made.append(Batch((pick,), others, waiting))
        if not waits:
            break
    return first, made


@given(st.integers(0, 999), st.integers(0, 4), st.integers(1, 4))
def test_each_label_comes_once_and_the_random_ones_in_their_order(seed: int, batches: int, size: int) -> None:
    first, made = asked(seed, batches, size)
    order = random_order(first, made, seed)
    labelled = {*first, *(one for batch in made for one in (*batch.random, *batch.others))}
    certain = [*first, *(one for batch in made for one in batch.random)]
    assert len(set(order)) == len(order)
    assert set(certain) <= set(order) <= labelled
    assert [one for one in order if one in certain] == certain


@given(st.integers(0, 999), st.integers(1, 3))
def test_another_batch_leaves_what_was_before_and_the_same_ones_give_the_same(
    seed: int, batches: int
) -> None:
    first, made = asked(seed, batches, 3)
    order = random_order(first, made, seed)
    assert random_order(first, made[:-1], seed) == order[: len(random_order(first, made[:-1], seed))]
    assert random_order(first, made, seed) == order


@given(st.integers(0, 999), st.integers(2, 5))
def test_with_all_of_a_pool_labelled_the_order_has_all_of_it(seed: int, size: int) -> None:
    first, made = asked(seed, len(POOL), size)
    assert set(random_order(first, made, seed)) == set(POOL)


def test_what_a_strategy_took_is_drawn_as_often_as_by_chance_alone() -> None:
    draws, known = 3000, FIRST + 3
    found: Counter[SampleId] = Counter()
    for seed in range(draws):
        first, made = asked(seed, 3, 3)
        found.update(random_order(first, made, seed + draws)[:known])
    expected = draws * known / len(POOL)
    deviation = (expected * (1 - known / len(POOL))) ** 0.5
    assert set(found) == set(POOL)
    assert all(abs(count - expected) < 4 * deviation for count in found.values())


def test_a_batch_of_more_than_waited_is_refused() -> None:
    with pytest.raises(BadInput, match="1 random picks and 1 others; expected at most the 1 samples"):
        random_order((), [Batch((POOL[0],), (POOL[1],), 1)], 0)
