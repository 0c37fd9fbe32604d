"""In which parameters model versions differ: the others tell nothing."""

from collections.abc import Sequence
from dataclasses import dataclass

from resources.registry.evaluations.model import Measurement


@dataclass(frozen=True)
class Differing:
    """The parameters that are not the same in all, and what they are in each."""

    names: tuple[str, ...]
    """By name."""
    numbers: tuple[int, ...]
    """Of the models, in the order in which they were given."""
    values: tuple[tuple[str | None, ...], ...]
    """[model, name]; None where a model does not have it."""
    same: int
    """How many parameters are the same in all."""


def differing(measurements: Sequence[Measurement]) -> Differing:
    """Those of many versions. A parameter that one of them lacks differs."""
    every = sorted({name for one in measurements for name in one.params})
    names = tuple(name for name in every if len({one.params.get(name) for one in measurements}) > 1)
    return Differing(
        names,
        tuple(one.number for one in measurements),
        tuple(tuple(one.params.get(name) for name in names) for one in measurements),
        len(every) - len(names),
    )
