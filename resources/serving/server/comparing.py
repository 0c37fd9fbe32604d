"""Whether two versions say the same."""

import numpy as np

from resources.serving.replicas.outputs import ANSWER, LABEL
from resources.serving.tensors import Array, Tensors

RELATIVE = 0.01
"""By how much numbers may differ and count as the same, where no label says what is meant."""


def disagreeing_rows(one: Tensors, other: Tensors) -> int:
    """For how many samples two answers differ: by the label or the marks where there are any."""
    for name in (LABEL, ANSWER):
        if name in one and name in other:
            return int((one[name] != other[name]).sum())
    if set(one) != set(other):
        return _rows(one)
    apart = np.zeros(_rows(one), dtype=bool)
    for name, values in one.items():
        apart |= _differ(values, other[name])
    return int(apart.sum())


def is_sound(said: Tensors) -> bool:
    """Whether every number of an answer is one."""
    return all(values.dtype.kind != "f" or bool(np.isfinite(values).all()) for values in said.values())


def _differ(one: Array, other: Array) -> Array:
    if one.shape != other.shape:
        return np.ones(len(one), dtype=bool)
    if one.dtype.kind == "f" and other.dtype.kind == "f":
        apart = ~np.isclose(one, other, rtol=RELATIVE, atol=1e-6, equal_nan=True)
    else:
        apart = one != other
    return np.asarray(apart.reshape(len(one), -1).any(axis=1))


def _rows(said: Tensors) -> int:
    return len(next(iter(said.values()), ()))
