"""Pairs of pictures that are nearly the same: pure, by hashes first and thumbnails where these agree.

Two pictures are a pair when their 64-bit pHashes differ in at most so many bits **and** their thumbnails
correlate at least so much. Small pictures have little to tell them apart by: below 24 pixels they are a pair
only when hardly more than the encoding differs. Pictures of one plain colour are in no pair: their hash is
noise. ``benchmarks/data/near_duplicates.py`` measures what this finds, and what it finds wrongly.

Every new picture is compared with every other one: for the first 100,000 that is 5,000 million comparisons,
ten seconds or so in numpy, where hashing them takes longer. An index over parts of the hash would save little
at this distance: to be exact it has to look at every third pair.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SMALL_PX = 24
"""Pictures with a side shorter than this are small."""
MAX_DISTANCE = 14
LEAST_RESEMBLANCE = 0.85
MAX_DISTANCE_SMALL = 12
LEAST_RESEMBLANCE_SMALL = 0.997
PLAIN_BELOW = 3.0
"""Standard deviation of a thumbnail, in grey levels, below which a picture is plain."""

_ROWS, _COLUMNS = 32, 8192
"""A tile of the comparison: its 2 MiB stay in the processor's cache."""
_AT_ONCE = 65_536


@dataclass(frozen=True)
class Pair:
    """Two rows that are nearly the same; ``later`` has the higher number."""

    earlier: int
    later: int
    distance_bits: int
    resemblance: float
    """Correlation of the thumbnails, at most 1."""


def near_pairs(looks: "NDArray[np.void]", first_new: int = 0) -> list[Pair]:
    """All pairs of which at least one row is ``first_new`` or later, by their rows."""
    import numpy as np

    usable = np.flatnonzero(_deviation(looks["thumbnail"]) >= PLAIN_BELOW)
    chosen = looks[usable]
    hashes = np.ascontiguousarray(chosen["hash"])
    shorter = np.minimum(chosen["height_px"], chosen["width_px"])
    found = []
    for earlier, later, distance in _candidates(hashes, int(np.searchsorted(usable, first_new))):
        resemblance = _resemblance(chosen["thumbnail"][earlier], chosen["thumbnail"][later])
        small = np.minimum(shorter[earlier], shorter[later]) < SMALL_PX
        alike = np.where(
            small,
            (distance <= MAX_DISTANCE_SMALL) & (resemblance >= LEAST_RESEMBLANCE_SMALL),
            resemblance >= LEAST_RESEMBLANCE,
        )
        found += [
            Pair(int(usable[earlier[at]]), int(usable[later[at]]), int(distance[at]), float(resemblance[at]))
            for at in np.flatnonzero(alike)
        ]
    return sorted(found, key=lambda pair: (pair.earlier, pair.later))


def _candidates(
    hashes: "NDArray[np.uint64]", first_new: int
) -> "Iterator[tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.uint8]]]":
    """Rows (earlier, later, bits that differ) of all pairs whose hashes are near enough."""
    import numpy as np

    differing = np.empty(_ROWS * _COLUMNS, dtype=np.uint64)
    counted = np.empty(_ROWS * _COLUMNS, dtype=np.uint8)
    for top in range(first_new, len(hashes), _ROWS):
        rows = hashes[top : top + _ROWS, None]
        for left in range(0, top + len(rows), _COLUMNS):
            columns = hashes[left : min(left + _COLUMNS, top + len(rows))]
            size = len(rows) * len(columns)
            tile = differing[:size].reshape(len(rows), len(columns))
            bits = np.bitwise_count(np.bitwise_xor(rows, columns, out=tile).ravel(), out=counted[:size])
            near = np.flatnonzero(bits <= MAX_DISTANCE)
            later, earlier = near // len(columns) + top, near % len(columns) + left
            near, later, earlier = (one[earlier < later] for one in (near, later, earlier))
            for start in range(0, len(near), _AT_ONCE):
                part = slice(start, start + _AT_ONCE)
                yield earlier[part], later[part], bits[near[part]]


def _deviation(thumbnails: "NDArray[np.uint8]") -> "NDArray[np.float64]":
    import numpy as np

    found: NDArray[np.float64] = np.zeros(len(thumbnails))
    for start in range(0, len(thumbnails), _AT_ONCE):
        found[start : start + _AT_ONCE] = thumbnails[start : start + _AT_ONCE].std(axis=1)
    return found


def _resemblance(one: "NDArray[np.uint8]", other: "NDArray[np.uint8]") -> "NDArray[np.float32]":
    import numpy as np

    first, second = (_centred(side.astype(np.float32)) for side in (one, other))
    found: NDArray[np.float32] = (first * second).sum(axis=1)
    return found


def _centred(thumbnails: "NDArray[np.float32]") -> "NDArray[np.float32]":
    import numpy as np

    centred = thumbnails - thumbnails.mean(axis=1, keepdims=True)
    unit: NDArray[np.float32] = centred / np.sqrt((centred**2).sum(axis=1, keepdims=True))
    return unit
