"""The front of what was measured, and what is chosen of it: pure."""

from collections.abc import Sequence
from math import inf

from resources.learning.structure.model import Measured
from resources.learning.structure.paired import Paired, paired

FINALISTS = 2
ROUNDING = 1e-9
"""Sums of equal accuracies differ by less."""


def front_of(measured: Sequence[Measured]) -> tuple[Measured, ...]:
    """Those that no other is at least as good as in accuracy, latency and size, and better in one of them."""
    return tuple(one for one in measured if not any(_dominates(other, one) for other in measured))


def finalists(measured: Sequence[Measured], reference: Measured) -> tuple[Measured, ...]:
    """Which candidates are tried once more on other cuts, the most promising first.

    1. What has a loss that is lower than that of the champion's own structure by a twentieth.
    2. What is more accurate.
    3. What is of fewer weights, and loses neither accuracy nor loss.
    4. Those come first whose loss is lower even if it is one standard error worse than it looks: who is
       ahead by luck has differences that vary. Of equal ones the smaller first.
    """
    ahead = [
        one
        for one in measured
        if one.number != reference.number
        and (
            one.loss <= 0.95 * reference.loss
            or one.accuracy > reference.accuracy
            or (
                one.parameters < reference.parameters
                and one.accuracy >= reference.accuracy
                and one.loss <= reference.loss
            )
        )
    ]
    order = sorted(ahead, key=lambda one: (_beside(one, reference).most, one.parameters, one.number))
    return tuple(order[:FINALISTS])


def choose(measured: Sequence[Measured], reference: Measured) -> Measured | None:
    """What is trained in full; None where nothing proved to be better.

    Whoever is picked as the best of many is so by luck, too. So on the other cuts, which picked nobody:

    1. Only what loses no loss on the other cuts, and no accuracy over all cuts together. One image more or
       less is luck: who has surely a lower loss on the other cuts may be behind in accuracy.
    2. Of these the one with the lowest loss on the other cuts; of equal ones the smaller.
    """
    if reference.again is None:
        return None
    sound = []
    for one in finalists(measured, reference):
        if one.again is None:
            continue
        lost = reference.accuracy + reference.again.accuracy - one.accuracy - one.again.accuracy
        surely = paired(one.again.losses, reference.again.losses).most < 0
        if surely or (lost <= ROUNDING and one.again.loss <= reference.again.loss):
            sound.append((one.again.loss, one.parameters, one.number, one))
    return min(sound, key=lambda found: found[:3])[3] if sound else None


def _beside(one: Measured, reference: Measured) -> Paired:
    """Those of an earlier release have no losses by image: of them nothing is sure."""
    if not one.losses or len(one.losses) != len(reference.losses):
        return Paired(one.loss - reference.loss, inf)
    return paired(one.losses, reference.losses)


def _dominates(one: Measured, other: Measured) -> bool:
    mine = (-one.accuracy, one.latency_ratio, one.parameters)
    theirs = (-other.accuracy, other.latency_ratio, other.parameters)
    return all(a <= b for a, b in zip(mine, theirs, strict=True)) and mine != theirs
