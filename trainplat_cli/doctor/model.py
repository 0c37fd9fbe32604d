"""What a check finds."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from resources.errors import TrainplatError
from resources.home import Home


class Verdict(StrEnum):
    """How a check ended."""

    WELL = "well"
    WARNING = "warning"
    """It works, and something should be known."""
    ILL = "ill"
    SKIPPED = "skipped"
    """It could not be looked at: the stack does not run."""


@dataclass(frozen=True)
class Finding:
    """The result of one check. What is not well says what to do."""

    subject: str
    verdict: Verdict
    detail: str
    next_step: str = ""

    def __post_init__(self) -> None:
        if self.verdict in (Verdict.WARNING, Verdict.ILL) and not self.next_step:
            raise ValueError(f"the finding about {self.subject} says no next step")


Check = Callable[[Home], Iterable[Finding]]


def well(subject: str, detail: str) -> Finding:
    """Nothing to do."""
    return Finding(subject, Verdict.WELL, detail)


def ill(subject: str, error: TrainplatError) -> Finding:
    """What an error of ours says."""
    return Finding(subject, Verdict.ILL, error.problem, error.next_step)
