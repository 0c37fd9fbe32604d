"""Following the training of a data set: what whoever follows it is told, and what they give it."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from resources.learning.distributed.plan import Plan
from resources.learning.model import TrainedWeights
from resources.learning.rounds.telling import Telling
from resources.learning.trainings.model import TrainingId
from resources.terms import VersionKey

Learn = Callable[[Telling | None], TrainedWeights]
"""Trains to the end, and tells of it."""


@dataclass(frozen=True)
class AskedTraining:
    """The training of one snapshot, as others are to see it."""

    id: TrainingId
    plan: Plan
    snapshot_id: str
    version: VersionKey
    params: Mapping[str, str]
    hang_s: float
    """Without a step for so long it hangs."""
    write: Callable[[Path], None]
    """Puts what decides its outcome into a folder, for other processes that train it."""


class Followed(Protocol):
    """One training that somebody follows."""

    @property
    def checkpoint(self) -> Path:
        """Where its state is kept."""

    def train(self, learn: Learn) -> TrainedWeights:
        """Let it train."""

    def curves(self) -> str | None:
        """The run in MLflow that has its curves by now; None where there is none."""

    def became(self, model: str) -> None:
        """It is registered as ``model``."""


class Follower(Protocol):
    """Who follows trainings."""

    def following(self, asked: AskedTraining) -> AbstractContextManager[Followed]:
        """Follow one until its model is registered."""


@dataclass(frozen=True)
class Unfollowed:
    """Nobody is told; the state is kept all the same."""

    checkpoint: Path

    @contextmanager
    def following(self, asked: AskedTraining) -> Iterator["Unfollowed"]:
        """Follow nothing."""
        del asked
        yield self

    def train(self, learn: Learn) -> TrainedWeights:
        """Let it train."""
        return learn(None)

    def curves(self) -> None:
        """There are none."""

    def became(self, model: str) -> None:
        """Nobody notes it."""
