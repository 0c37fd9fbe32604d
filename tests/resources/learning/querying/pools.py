"""Pools that hypothesis draws, and one of clusters."""

from dataclasses import replace

import numpy as np
from hypothesis import strategies as st

from resources.learning.querying.model import Snapshot
from resources.terms import SampleId


@st.composite
def pools(draw: st.DrawFn, *, least: int = 0, classes: int | None = None) -> Snapshot:
    """A small pool with everything that a strategy may need; many of its numbers are equal."""
    names = draw(
        st.lists(st.text("abcdef", min_size=1, max_size=4), unique=True, min_size=least, max_size=12)
    )
    width = classes or draw(st.integers(2, 4))
    members = draw(st.integers(1, 3))
    dice = np.random.default_rng(draw(st.integers(0, 2**32)))
    samples = len(names)
    weights = dice.integers(1, 5, (members + 1, samples, width)).astype(np.float64)
    tables = weights / weights.sum(axis=2, keepdims=True)
    return Snapshot(
        tuple(SampleId(name) for name in names),
        tables[0],
        dice.integers(0, 4, (samples, 3)).astype(np.float32),
        dice.integers(0, 4, (draw(st.integers(0, 3)), 3)).astype(np.float32),
        dice.integers(0, 9, width),
        tables[1:],
    )


def shuffled(pool: Snapshot, order: list[int]) -> Snapshot:
    """The same pool, given in another order; what is labelled too."""
    known = pool.labelled_embeddings
    return replace(pool.at(order), labelled_embeddings=None if known is None else known[::-1])


def ids(count: int) -> tuple[SampleId, ...]:
    """``count`` sample ids in their order."""
    return tuple(SampleId(f"{number:04}") for number in range(count))
