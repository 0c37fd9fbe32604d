"""How model versions do on each part of the test set."""

from collections.abc import Sequence
from dataclasses import dataclass

from resources.registry.evaluations.model import Measurement, SliceName

CLASS = "class"


@dataclass(frozen=True)
class Heat:
    """Model by part. A model that has no score of a part has None there."""

    numbers: tuple[int, ...]
    parts: tuple[SliceName, ...]
    scores: tuple[tuple[float | None, ...], ...]
    """[model, part], 0 to 1."""
    gains: tuple[tuple[float | None, ...], ...]
    """The same less what the baseline has, -1 to 1; None too without a baseline."""
    counts: tuple[int, ...]
    """Samples of each part, in the first model that has it."""


def kind_of(part: SliceName) -> str:
    """What a part is told apart by, such as ``class`` or ``brightness``."""
    return part.partition(":")[0]


def which_of(part: SliceName) -> str:
    """Which of those it is."""
    return part.partition(":")[2]


def heat_of(measurements: Sequence[Measurement], baseline: Measurement | None, *, of_classes: bool) -> Heat:
    """By class, or by all other parts; parts in the order in which they were measured."""
    names: dict[SliceName, int] = {}
    for one in measurements:
        for name, score in one.slices.items():
            if (kind_of(name) == CLASS) is of_classes:
                names.setdefault(name, score.count)
    before = {} if baseline is None else baseline.slices
    scores, gains = [], []
    for one in measurements:
        found = [one.slices.get(name) for name in names]
        scores.append(tuple(None if score is None else score.value for score in found))
        old = [before.get(name) for name in names]
        gains.append(
            tuple(
                None if new is None or was is None else new.value - was.value
                for new, was in zip(found, old, strict=True)
            )
        )
    return Heat(
        tuple(one.number for one in measurements),
        tuple(names),
        tuple(scores),
        tuple(gains),
        tuple(names.values()),
    )
