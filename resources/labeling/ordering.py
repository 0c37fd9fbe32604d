"""The order in which people get questions: pure."""

from collections.abc import Sequence

from resources.asking import Why
from resources.labeling.model import Question


def in_order_of_work(questions: Sequence[Question]) -> list[Question]:
    """Those of the strategy in the order in which they come, the most useful first; the random ones spread
    evenly among them, so that a batch of which only the first half is answered has its share of them too.
    """
    by_chance = [question for question in questions if question.why is Why.RANDOM]
    others = [question for question in questions if question.why is not Why.RANDOM]
    if not others:
        return by_chance
    places = [(number + 0.5) / len(others) for number in range(len(others))]
    random_places = [(number + 0.5) / len(by_chance) for number in range(len(by_chance))]
    placed = [*zip(places, others, strict=True), *zip(random_places, by_chance, strict=True)]
    return [question for _, question in sorted(placed, key=lambda pair: pair[0])]
