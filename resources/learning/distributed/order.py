"""Which samples are taken when: a function of the seed and the step alone.

So a training can be taken up at any step, and by another number of processes, without a state to keep.
"""

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Places = NDArray[np.int64]
"""Places of samples in the data of a task."""


def batch_places(step: int, *, count: int, batch_size: int, seed: int) -> Places:
    """The samples of step ``step`` (from 0), in order: epoch after epoch, each a permutation of all."""
    found, at, left = [], step * batch_size, batch_size
    while left:
        epoch, begin = divmod(at, count)
        part = _permutation(seed, epoch, count)[begin : begin + left]
        found.append(part)
        at, left = at + len(part), left - len(part)
    return np.concatenate(found)


def parts_of(places: Places, *, process: int, processes: int, accumulation: int) -> Iterator[Places]:
    """What one process takes of a batch, in ``accumulation`` parts of the same size."""
    yield from np.split(np.split(places, processes)[process], accumulation)


@lru_cache(maxsize=2)
def _permutation(seed: int, epoch: int, count: int) -> Places:
    # Philox draws from its key alone (Salmon et al., SC 2011): epochs need no state of the ones before.
    drawn = np.random.Generator(np.random.Philox(key=[seed, epoch])).permutation(count)
    drawn.flags.writeable = False
    return drawn
