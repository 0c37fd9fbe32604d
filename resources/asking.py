"""How people are asked, in the words that data sets, learning and labeling share."""

from dataclasses import dataclass
from enum import StrEnum

from resources.errors import BadInput


class Strategy(StrEnum):
    """How the value of a question is measured; ``resources/learning/querying`` tells each in full."""

    RANDOM = "random"
    """Any sample: the yardstick for the others."""
    LEAST_CONFIDENCE = "least_confidence"
    """The likeliest class is not very likely."""
    MARGIN = "margin"
    """The two likeliest classes are nearly as likely."""
    ENTROPY = "entropy"
    """The answer is spread over many classes."""
    MARGIN_K_CENTRE = "margin_k_centre"
    """Small margins, and of those the ones that lie farthest from all that is known."""
    MARGIN_COVER = "margin_cover"
    """Small margins, and of those the ones that speak for the most others in doubt."""
    CORE_SET = "core_set"
    """The samples farthest from all that is known, whatever the model thinks of them."""
    BADGE = "badge"
    """Samples that would move the model far, and each its own way."""
    BALD = "bald"
    """The members of a committee, or passes with dropout, disagree though each is sure."""
    CLASS_BALANCED = "class_balanced"
    """Small margins, of the classes that have few labels."""


class Why(StrEnum):
    """Why a sample is asked about."""

    STRATEGY = "strategy"
    """The strategy took it: its answer teaches the model, and says nothing about the pool as a whole."""
    RANDOM = "random"
    """Chance took it from all that was never asked: the model's quality is estimated from these alone."""
    KNOWN = "known"
    """Its answer is known: whoever answers is measured by it, and no version takes it up."""


@dataclass(frozen=True)
class QueryPlan:
    """How a data set asks people. Raises :class:`BadInput` for values that cannot work."""

    strategy: Strategy = Strategy.MARGIN_COVER
    random_share: float = 0.1
    """The share of each batch that is drawn at random from all that was never asked."""
    against_random: bool = True
    """Whether a small model is trained now and then on what random asking would have had by then."""

    @property
    def is_held_against_random(self) -> bool:
        """Whether there is anything to hold against random asking, and to do it with."""
        return self.against_random and self.random_share > 0 and self.strategy is not Strategy.RANDOM

    def __post_init__(self) -> None:
        """Refuse what is no strategy, and what is no share."""
        if self.strategy not in list(Strategy):
            raise BadInput(
                f"query strategy {self.strategy!r} does not exist", f"Choose one of: {', '.join(Strategy)}."
            )
        if not 0 <= self.random_share <= 1:
            raise BadInput(
                f"the share of random picks is {self.random_share}; expected from 0 to 1",
                "Give a share such as 0.1.",
            )
