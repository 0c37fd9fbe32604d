"""The front of what was measured, and what is chosen of it: pure."""

from collections.abc import Sequence

from resources.learning.structure.model import Measured


def front_of(measured: Sequence[Measured]) -> tuple[Measured, ...]:
    """Those that no other is at least as good as in accuracy, latency and size, and better in one of them."""
    return tuple(one for one in measured if not any(_dominates(other, one) for other in measured))


def choose(measured: Sequence[Measured], reference: Measured) -> Measured | None:
    """What is trained in full.

    1. Only what loses nothing on the validation parts: neither accuracy nor loss.
    2. Of these the one with the lowest loss; a larger or slower one only where it is more accurate, or its
       loss is lower by a twentieth.
    3. None where that is the reference itself.
    """
    sound = [one for one in measured if one.accuracy >= reference.accuracy and one.loss <= reference.loss]
    ahead = [
        one
        for one in sound
        if one.number != reference.number
        and (
            one.accuracy > reference.accuracy
            or one.loss <= 0.95 * reference.loss
            or one.parameters < reference.parameters
        )
    ]
    return min(ahead, key=lambda one: (one.loss, one.parameters), default=None)


def _dominates(one: Measured, other: Measured) -> bool:
    mine = (-one.accuracy, one.latency_ratio, one.parameters)
    theirs = (-other.accuracy, other.latency_ratio, other.parameters)
    return all(a <= b for a, b in zip(mine, theirs, strict=True)) and mine != theirs
