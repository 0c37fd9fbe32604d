"""The values of result snapshots."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from resources.data.merging.model import Policy
from resources.terms import DatasetName, VersionKey

TAG = "trainplat.result_snapshot"
"""The tag of a model and of a run in MLflow that holds the id of the result snapshot."""
RUN_TAG = "trainplat/result"
"""The same of a run in Dagster."""


class Follow(StrEnum):
    """What came of a branch after a training on it succeeded."""

    MERGED = "merged"
    CONFLICTS = "conflicts"
    """Its merge is open, with conflicts that people answer."""
    OFFERED = "offered"
    """Its merge would be clean, and is left to people by the data set's policy."""
    PASSED = "passed"
    """The branch went on, or was merged or closed by somebody: nothing is left to do for this training."""


@dataclass(frozen=True)
class AfterTraining:
    """What a data set wants done when a training on a branch has succeeded."""

    merges_clean: bool = True
    """Whether a merge without conflicts is done at once; False leaves it to people."""
    policy: Policy | None = None
    """For paths that both sides changed; None: that of the branch's merge, or annotation files by record."""


@dataclass(frozen=True)
class TrainingResult:
    """What a training leaves, before it is kept."""

    dataset: DatasetName
    version: VersionKey
    branch: str | None
    """Where the version lies; None for the main line."""
    snapshot_id: str
    """What it started from."""
    weights: bytes
    memory: bytes | None
    """What the next training is given beside the weights; None for nothing."""
    metrics: tuple[tuple[str, int, float], ...]
    """Name, step and value."""
    configuration: Mapping[str, object]
    """All that decided how it was trained."""
    log: str
    run_id: str


@dataclass(frozen=True)
class ResultSnapshot:
    """A result that is kept."""

    dataset: DatasetName
    """Of the version that was trained on."""
    version: VersionKey
    branch: str | None
    snapshot_id: str
    weights_sha256: str
    results: DatasetName
    """The data set that the result is a version of."""
    key: VersionKey
    run_id: str
    model: str | None
    """The registered model, such as ``models:/digits/3``; None while it is not registered."""
    made_at: datetime
    follow: Follow | None = None
    """For a training on a branch what came of the branch; None while nobody looked."""

    @property
    def id(self) -> str:
        """How people and tags call it: ``digits_results v1.3``."""
        return f"{self.results} {self.key}"
