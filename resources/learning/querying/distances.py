"""Squared Euclidean distances of embeddings. Letters: n and m samples, f features."""

import numpy as np
from numpy.typing import NDArray

from resources.learning.model import Embeddings

BLOCK = 4096
"""Rows that are compared with everything at a time; bounds the memory."""


def to_nearest(points_nf: Embeddings, others_mf: Embeddings) -> NDArray[np.float64]:
    """For each point the squared distance to the nearest of the others; infinite where there are none."""
    nearest_n = np.full(len(points_nf), np.inf)
    for first in range(0, len(others_mf), BLOCK):
        for start in range(0, len(points_nf), BLOCK):
            rows = slice(start, start + BLOCK)
            found = _pairs(points_nf[rows], others_mf[first : first + BLOCK]).min(axis=1)
            nearest_n[rows] = np.minimum(nearest_n[rows], found)
    return nearest_n


def between(points_nf: Embeddings, others_mf: Embeddings) -> NDArray[np.float32]:
    """The squared distance of each point to each of the others: [n, m], in the half of the memory."""
    found_nm = np.empty((len(points_nf), len(others_mf)), dtype=np.float32)
    for start in range(0, len(points_nf), BLOCK):
        found_nm[start : start + BLOCK] = _pairs(points_nf[start : start + BLOCK], others_mf)
    return found_nm


def to_one(points_nf: Embeddings, one_f: Embeddings | NDArray[np.float64]) -> NDArray[np.float64]:
    """For each point the squared distance to one other."""
    away_nf = points_nf.astype(np.float64) - one_f.astype(np.float64)
    return np.asarray(np.einsum("nf,nf->n", away_nf, away_nf), dtype=np.float64)


def _pairs(a_nf: Embeddings, b_mf: Embeddings) -> NDArray[np.float64]:
    # |a - b|² = |a|² - 2ab + |b|²: one product of matrices instead of n·m·f differences.
    a, b = a_nf.astype(np.float64), b_mf.astype(np.float64)
    squares_nm = (a**2).sum(axis=1)[:, None] - 2.0 * (a @ b.T) + (b**2).sum(axis=1)[None, :]
    return np.asarray(np.maximum(squares_nm, 0.0), dtype=np.float64)
