"""Choosing a batch: random picks from the whole pool first, then what the strategy makes of the rest.

The whole pool is all that was never asked before.
"""

import math
from collections.abc import Callable
from dataclasses import replace

from resources.asking import QueryPlan, Strategy, Why
from resources.errors import BadInput
from resources.learning.querying.badge import by_badge
from resources.learning.querying.balance import by_class_balance
from resources.learning.querying.committee import by_bald
from resources.learning.querying.covering import by_margin_cover
from resources.learning.querying.diversity import by_core_set, by_margin_k_centre
from resources.learning.querying.drawing import draw, draw_each
from resources.learning.querying.model import Choice, Ranking, Row, Snapshot
from resources.learning.querying.uncertainty import (
    by_chance,
    by_entropy,
    by_least_confidence,
    by_margin,
    highest,
)

Rule = Callable[[Snapshot, int, int], Ranking]
"""A strategy: from a sorted pool, a count and a seed to that many rows, all of them where there are fewer."""

RULES: dict[Strategy, Rule] = {
    Strategy.RANDOM: by_chance,
    Strategy.LEAST_CONFIDENCE: by_least_confidence,
    Strategy.MARGIN: by_margin,
    Strategy.ENTROPY: by_entropy,
    Strategy.MARGIN_K_CENTRE: by_margin_k_centre,
    Strategy.MARGIN_COVER: by_margin_cover,
    Strategy.CORE_SET: by_core_set,
    Strategy.BADGE: by_badge,
    Strategy.BALD: by_bald,
    Strategy.CLASS_BALANCED: by_class_balance,
}

NEED_EMBEDDINGS = frozenset(
    {Strategy.MARGIN_K_CENTRE, Strategy.MARGIN_COVER, Strategy.CORE_SET, Strategy.BADGE}
)
NEED_MEMBERS = frozenset({Strategy.BALD})
NEED_COUNTS = frozenset({Strategy.CLASS_BALANCED})


def choose(
    pool: Snapshot,
    count: int,
    strategy: Strategy,
    *,
    random_share: float = 0.0,
    seed: int = 0,
) -> list[Choice]:
    """The ``count`` samples that people are asked about next: the strategy's, the most useful first, then the
    random ones. All of the pool where it has fewer.

    Deterministic: the order in which the pool is given plays no part. ``random_share`` of the batch is drawn
    from the *whole* pool before the strategy takes any, else it would be a sample of what the strategy
    leaves; the strategy knows what was drawn, and asks nothing about the same. What the share makes of a
    pick is decided by chance, so that many small batches keep to it too.

    Raises :class:`BadInput` when the pool lacks what the strategy needs.
    """
    if count < 0:
        raise BadInput(f"{count} samples were asked for; expected 0 or more", "Ask for a number of samples.")
    plan = QueryPlan(strategy, random_share)
    if not pool.ids:
        return []  # and so lacks nothing that a strategy needs
    ordered = pool.sorted()
    rows = {sample: row for row, sample in enumerate(pool.ids)}
    drawn = highest(draw_each(ordered.ids, seed, "pick"), _how_many(plan.random_share, count, seed))
    taken = {row for row, _ in drawn}
    rest = [row for row in range(len(ordered.ids)) if row not in taken]
    left = replace(ordered.at(rest), drawn=ordered.at(sorted(taken)))
    ranked = RULES[plan.strategy](left, count - len(drawn), seed)
    # What the strategy "random" takes is drawn from the whole pool as well.
    why = Why.RANDOM if strategy is Strategy.RANDOM else Why.STRATEGY
    found: list[tuple[Row, float, Why]] = [(rest[row], value, why) for row, value in ranked]
    found += [(row, value, Why.RANDOM) for row, value in drawn]
    return [Choice(ordered.ids[row], rows[ordered.ids[row]], value, why) for row, value, why in found]


def _how_many(random_share: float, count: int, seed: int) -> int:
    wanted = round(random_share * count, 9)  # 0.29 of 100 is 29, whatever floats make of it
    whole = math.floor(wanted)
    return whole + (draw(seed, "random picks") < wanted - whole)
