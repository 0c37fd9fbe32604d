"""The values of merges."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from resources.data.merging.model import Conflict, Outcome, Policy, Resolution
from resources.data.versions.model import Version
from resources.terms import Actor, DatasetName, VersionKey

if TYPE_CHECKING:
    from resources.data.schemas.comparing import SchemaChange


class MergeState(StrEnum):
    """How far a merge is."""

    OPEN = "open"
    """It has conflicts that nobody has answered yet."""
    MERGED = "merged"
    GIVEN_UP = "given_up"


@dataclass(frozen=True)
class Merge:
    """The merge of one branch, as it is written down."""

    dataset: DatasetName
    branch: str
    state: MergeState
    policy: Policy
    conflicts: int
    """Left when it was last tried."""
    base: VersionKey
    """The version that both were made from."""
    ours: VersionKey
    """The newest version of the main line when it was last tried."""
    theirs: VersionKey
    """The newest version of the branch then."""
    merged_as: VersionKey | None
    begun_by: Actor
    changed_at: datetime


@dataclass(frozen=True)
class Answer:
    """A resolution, and who gave it when."""

    number: int
    resolution: Resolution
    given_by: Actor
    given_at: datetime


@dataclass(frozen=True)
class Tried:
    """What a merge came to now."""

    merge: Merge
    version: Version | None
    """The version that it made; None while conflicts are left."""
    outcome: Outcome
    schema_changes: "tuple[SchemaChange, ...]" = ()
    """Of that version since the one before it on the main line."""

    @property
    def conflicts(self) -> tuple[Conflict, ...]:
        """Those left."""
        return self.outcome.conflicts
