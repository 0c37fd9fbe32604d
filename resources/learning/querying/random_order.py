"""In which order random asking would have come by the labels that people gave to a strategy and to chance."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from resources.errors import BadInput
from resources.terms import SampleId


@dataclass(frozen=True)
class Batch:
    """What got its label out of one batch of questions."""

    random: tuple[SampleId, ...]
    """Drawn by chance from all that waited, before a strategy took any."""
    others: tuple[SampleId, ...]
    """Taken by a strategy, or given by people without a question."""
    waiting: int
    """How many samples had never been asked about when it was drawn, those of the batch among them."""


def random_order(first: Sequence[SampleId], batches: Sequence[Batch], seed: int) -> tuple[SampleId, ...]:
    """A uniform draw without repetition from the whole pool, as far as the labels that are there allow.

    The first labels are drawn at random, and so are the random picks, but from what was never asked: what a
    strategy took before is not among that. Who had asked at random all the time would have drawn each next
    sample from both. So before each pick, a sample that a strategy had taken by then is drawn as often as
    there are such samples among all that such a draw could hit, and its label is there, too. Each next sample
    is then any of those left with the same chance, whatever the strategy did. With all of a pool labelled the
    order is one of all of it.

    The same batches give the same order; one more batch at the end leaves what was before. Raises BadInput
    for a batch that is larger than what waited.
    """
    chance = Random(seed)  # noqa: S311 - a choice that can be repeated
    drawn, taken, left = list(first), list[SampleId](), 1
    for batch in batches:
        left = batch.waiting
        if left < len(batch.random) + len(batch.others):
            raise BadInput(
                f"a batch has {len(batch.random)} random picks and {len(batch.others)} others; "
                f"expected at most the {left} samples that waited",
                "Count the samples that were never asked about before the batch was drawn.",
            )
        for pick in batch.random:
            while chance.randrange(len(taken) + left) < len(taken):
                drawn.append(taken.pop(chance.randrange(len(taken))))
            drawn.append(pick)
            left -= 1
        taken += batch.others
        left -= len(batch.others)
    if left == 0:
        chance.shuffle(taken)
        drawn += taken
    return tuple(drawn)
