"""Chance that depends on a seed and a sample's id alone, not on the order or the rest of the pool."""

from collections.abc import Sequence
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from resources.terms import SampleId

_DIGITS = 13
"""Hexadecimal digits of a drawn number: 52 bits, as many as a float holds."""
_NUMBERS = 1 << 4 * _DIGITS


def draw(seed: int, purpose: str) -> float:
    """A number in [0, 1) of its own for each seed and purpose."""
    digest = sha256(f"{seed}:{purpose}".encode()).hexdigest()
    return int(digest[:_DIGITS], 16) / _NUMBERS


def draw_each(ids: Sequence[SampleId], seed: int, purpose: str) -> NDArray[np.float64]:
    """For each sample a number in [0, 1)."""
    return np.array([draw(seed, f"{purpose}:{sample}") for sample in ids], dtype=np.float64)


def generator(seed: int, purpose: str) -> np.random.Generator:
    """A stream of random numbers of its own for each seed and purpose."""
    return np.random.default_rng(int(draw(seed, purpose) * _NUMBERS))
