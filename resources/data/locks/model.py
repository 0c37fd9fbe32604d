"""The values of version locks."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from resources.holder import Holder
from resources.terms import Actor, DatasetName, VersionKey

MAIN_LINE = ""
"""How the main line is written where a branch has its name."""


class LockKind(StrEnum):
    """What a lock is for."""

    READ = "read"
    """The version is used: it is neither retired nor erased. Any number at once."""
    WRITE = "write"
    """Its holder makes the next version of a line; whoever else commits there gets a branch. One a line."""


class LockState(StrEnum):
    """How far a lock is."""

    ASKED = "asked"
    """Written down, and not decided yet."""
    HELD = "held"
    REFUSED = "refused"


@dataclass(frozen=True)
class VersionLock:
    """One lock, or the wish for one."""

    id: str
    dataset: DatasetName
    key: VersionKey
    """The version that is used, or after which something is to come."""
    kind: LockKind
    line: str
    """The branch that is written to, ``MAIN_LINE`` for the main line; of a reader that of its version."""
    state: LockState
    owner: Actor
    user: str
    """Whose branch it is where one is needed."""
    purpose: str
    """What it is for, in a few words."""
    priority: int
    """The higher one goes first of those who ask at once."""
    can_branch: bool
    """Whether its owner is content with a branch from the same version."""
    holder: Holder | None
    """The process with which it ends; None for one that only time ends."""
    asked_at: datetime
    until: datetime
    """When it ends at the latest, unless it is renewed."""
    asked_line: str = MAIN_LINE
    """The line that its owner asked for: ``line``, unless another one writes there and he got a branch."""

    def is_over(self, now: datetime) -> bool:
        """Whether nobody holds it any more: its process is dead, or its time is over."""
        return now >= self.until or (self.holder is not None and self.holder.is_dead() is True)

    @property
    def told(self) -> str:
        """Who holds it and when it expires, for those who have to wait."""
        ends = f"{self.until:%Y-%m-%d %H:%M} UTC"
        if self.holder is None:
            return f"{self.owner} ({self.purpose}) until {ends}"
        process = f"process {self.holder.pid} on {self.holder.host}"
        return f"{self.owner} ({self.purpose}) until {process} ends, at the latest {ends}"
