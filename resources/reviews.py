"""How the labels of a data set are looked at again, in the words that data sets and labeling share."""

from dataclasses import dataclass

from resources.errors import BadInput


@dataclass(frozen=True)
class AnswerRules:
    """By what the answers about one sample are judged."""

    least_agreement: float = 1.0
    people: int = 1
    """So many are waited for."""


@dataclass(frozen=True)
class ReviewPlan:
    """What goes back to people before it counts. Raises :class:`BadInput` for values that cannot work."""

    share: float = 0.1
    """At most this share of the labels goes back because a model doubts them; 0 sends none back."""
    least_agreement: float = 1.0
    """With several answers for one sample, so many of them must say the same for it to be confirmed."""
    least_alpha: float = 0.667
    """Below this agreement between annotators, Krippendorff's alpha, a check of the data set warns."""
    people_per_sample: int = 1
    """So many people are asked about each sample; none of it is confirmed before that many have answered."""
    known_share: float = 0.0
    """So many of each batch of questions, as a share of it, are about test samples whose answer is known."""

    def __post_init__(self) -> None:
        """Refuse what is no share."""
        for name in ("share", "known_share"):
            if not 0 <= getattr(self, name) <= 1:
                _refuse(name, getattr(self, name), "from 0 to 1")
        if not 0.5 < self.least_agreement <= 1:
            _refuse("least_agreement", self.least_agreement, "more than 0.5, so that one answer has it, to 1")
        if self.people_per_sample < 1:
            _refuse("people_per_sample", self.people_per_sample, "1 or more")
        if not -1 <= self.least_alpha <= 1:
            _refuse("least_alpha", self.least_alpha, "from -1 to 1")

    @property
    def rules(self) -> AnswerRules:
        """By what answers are judged."""
        return AnswerRules(self.least_agreement, self.people_per_sample)

    @property
    def doubts(self) -> bool:
        """Whether a model looks for labels that are likely to be wrong."""
        return self.share > 0


def _refuse(name: str, value: float, expected: str) -> None:
    raise BadInput(f"{name} of a review is {value}; expected {expected}", f"Correct {name}.")
