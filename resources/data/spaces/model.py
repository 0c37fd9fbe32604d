"""The values of spaces."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from resources.terms import DatasetName, VersionKey


class Kind(StrEnum):
    """How a space shares its content with the version that it was made from."""

    SNAPSHOT = "snapshot"
    """A snapshot of btrfs: made at once, each file the user's own."""
    REFLINK = "reflink"
    """Each file is a clone: it shares the blocks of its object until it is written."""
    OVERLAY = "overlay"
    """A mount over the version: made at once, a file is copied when it is written."""
    HARDLINK = "hardlink"
    """Each file is its object, which the user cannot write: he puts new files in its place."""
    COPY = "copy"


class SpaceState(StrEnum):
    """How far a space is."""

    MAKING = "making"
    """Its files are on their way; whoever made it may have died."""
    MADE = "made"
    REMOVING = "removing"
    """It is going; whoever removed it may have died."""


@dataclass(frozen=True)
class Space:
    """One space."""

    user: str
    name: str
    dataset: DatasetName
    base: VersionKey
    """The version that it is at: the one that it was made from, or that was committed from it last."""
    path: Path
    """Its ``data``: what the user works on."""
    kind: Kind
    reason: str
    """Why it is of this kind, in English: it is said in its reader's language where it is shown."""
    created_at: datetime
    is_open: bool = True
    """False for an overlay that is not mounted, as after a start of the machine, and for what is not made."""
    state: SpaceState = SpaceState.MADE


@dataclass(frozen=True)
class UserFolders:
    """What is a user's own. The folders beside ``data`` are shared by all of his spaces."""

    root: Path

    @property
    def data(self) -> Path:
        """One folder for each space."""
        return self.root / "data"

    @property
    def cache(self) -> Path:
        """What can be made again."""
        return self.root / "cache"

    @property
    def results(self) -> Path:
        """What trainings leave."""
        return self.root / "results"

    @property
    def models(self) -> Path:
        """Weights."""
        return self.root / "models"

    @property
    def all(self) -> tuple[Path, ...]:
        """All four, and what holds them."""
        return self.root, self.data, self.cache, self.results, self.models
