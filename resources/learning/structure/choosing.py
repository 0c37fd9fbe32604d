"""The front of what was measured, and what is chosen of it: pure."""

from collections.abc import Sequence
from math import inf

from resources.learning.structure.model import Measured, Validated
from resources.learning.structure.paired import Paired, paired

FINALISTS = 2
"""Of those that join several networks, and of the others."""
ROUNDING = 1e-9
"""Sums of equal accuracies differ by less."""


def front_of(measured: Sequence[Measured]) -> tuple[Measured, ...]:
    """Those that no other is at least as good as in accuracy, latency and size, and better in one of them."""
    return tuple(one for one in measured if not any(_dominates(other, one) for other in measured))


def is_behind(one: Validated, own: Validated) -> bool:
    """Whether it loses more than the champion's own structure on the same images, by two standard errors."""
    return paired(one.losses, own.losses).least > 0


def finalists(measured: Sequence[Measured], reference: Measured) -> tuple[Measured, ...]:
    """Which candidates are tried once more on another cut, the most promising first.

    1. Of those that join several networks to the champion the two best that are not behind.
    2. The two best of the others, of what has a loss that is lower than that of the champion's own structure
       by a twentieth, is more accurate, or is smaller and loses neither accuracy nor loss.
    3. Better is whose loss is lower even if it is two standard errors worse than it looks: who is ahead by
       luck has differences that vary. Of equal ones the smaller.
    """
    others = [one for one in measured if one.number != reference.number]
    order = sorted(others, key=lambda one: (_beside(one, reference).most, one.parameters, one.number))
    joined = [one for one in order if one.candidate.siblings and _beside(one, reference).least <= 0]
    ahead = [one for one in order if not one.candidate.siblings and _is_ahead(one, reference)]
    picked = {one.number for one in (*joined[:FINALISTS], *ahead[:FINALISTS])}
    return tuple(one for one in order if one.number in picked)


def choose(measured: Sequence[Measured], reference: Measured) -> Measured | None:
    """What is trained in full; None where nothing proved to be better.

    Whoever is picked as the best of many is so by luck, too. So each is looked at on both cuts together, of
    which the second picked nobody.

    1. What joins several networks has to be not behind, for a lead is expected of it: the mean of what they
       say, in logits, loses no more than they do on average (Jensen). A hundred images tell no lead of half
       a percent.
    2. Anything else has to have a lower loss by two standard errors, on the second cut too, and to lose no
       accuracy.
    3. Of these that no other is ahead of by two standard errors: what keeps the champion as it is before what
       does not, and the smaller before the larger. Validation compares structures, by stand-ins; it cannot
       tell whether this champion was trained with luck, which only what keeps it keeps.
    """
    if reference.again is None:
        return None
    sound = [one for one in finalists(measured, reference) if _is_sound(one, reference)]
    unbeaten = [one for one in sound if not any(_on_both(one, other).least > 0 for other in sound)]
    rank = [(not one.candidate.siblings, one.parameters, one.number, one) for one in unbeaten or sound]
    return min(rank, key=lambda found: found[:3])[3] if rank else None


def _is_ahead(one: Measured, reference: Measured) -> bool:
    return (
        one.loss <= 0.95 * reference.loss
        or one.accuracy > reference.accuracy
        or (
            one.parameters < reference.parameters
            and one.accuracy >= reference.accuracy
            and one.loss <= reference.loss
        )
    )


def _is_sound(one: Measured, reference: Measured) -> bool:
    if one.again is None or reference.again is None:
        return False
    both = _on_both(one, reference)
    if one.candidate.siblings:
        return both.least <= 0
    lost = reference.accuracy + reference.again.accuracy - one.accuracy - one.again.accuracy
    return both.most < 0 and one.again.loss <= reference.again.loss and lost <= ROUNDING


def _on_both(one: Measured, other: Measured) -> Paired:
    """Their losses on both cuts, image by image."""
    mine, its = one.again, other.again
    if mine is None or its is None:
        return Paired(0.0, inf)
    return paired((*one.losses, *mine.losses), (*other.losses, *its.losses))


def _beside(one: Measured, reference: Measured) -> Paired:
    """Those of an earlier release have no losses by image: of them nothing is sure."""
    if not one.losses or len(one.losses) != len(reference.losses):
        return Paired(one.loss - reference.loss, inf)
    return paired(one.losses, reference.losses)


def _dominates(one: Measured, other: Measured) -> bool:
    mine = (-one.accuracy, one.latency_ratio, one.parameters)
    theirs = (-other.accuracy, other.latency_ratio, other.parameters)
    return all(a <= b for a, b in zip(mine, theirs, strict=True)) and mine != theirs
