"""The values of retention."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from resources.data.versions.model import Branch, Version
from resources.errors import BadInput
from resources.terms import Actor, DatasetName, VersionKey


@dataclass(frozen=True)
class Rule:
    """What of a data set is kept. A version that any of its parts keeps is kept."""

    dataset: DatasetName
    keep_last: int | None
    """So many of the newest versions of the main line; None: no version is kept for its place."""
    keep_younger_s: int | None
    """Versions that are younger than this; None: no version is kept for its age."""
    close_after_s: int | None
    """A branch without a commit for so long is closed; None: none is."""
    said_by: Actor
    said_at: datetime

    def __post_init__(self) -> None:
        """Raises BadInput for a rule that says nothing, or that keeps no version at all."""
        if (self.keep_last, self.keep_younger_s, self.close_after_s) == (None, None, None):
            raise BadInput(
                f"the rule of {self.dataset} says nothing; expected one of --keep-last, --keep-younger and "
                "--close-branches",
                "Say what is to be kept, or take the rule away with --remove.",
            )
        if self.keep_last is not None and self.keep_last < 1:
            raise BadInput(
                f"--keep-last is {self.keep_last}; expected at least 1",
                "The newest version is always kept.",
            )


@dataclass(frozen=True)
class Standing:
    """A data set as retention sees it."""

    versions: Sequence[Version]
    """Oldest first."""
    branches: Sequence[Branch]
    held: Mapping[VersionKey, Sequence[str]]
    """For each version that something depends on: tags, pins, locks, models, runs, in words."""
    worked_on: Mapping[str, datetime]
    """The branches that somebody merges, or has locked, and when he last did."""


class Fate(StrEnum):
    """What becomes of a version or a branch."""

    KEEP = "keep"
    RETIRE = "retire"
    """A version that is not to be used any more; its files and its record stay."""
    CLOSE = "close"
    """A branch that was given up; its versions stay."""


@dataclass(frozen=True)
class Verdict:
    """What becomes of one version or one branch, and why."""

    name: str
    """The version's key, or the branch's name."""
    fate: Fate
    reason: str
    """A :class:`~resources.texts.Filled`, to be said in its reader's language."""


@dataclass(frozen=True)
class Plan:
    """What a rule does to a data set now."""

    rule: Rule
    versions: tuple[Verdict, ...]
    """Of those that are in use, oldest first."""
    branches: tuple[Verdict, ...]
    """Of those that are open, oldest first."""

    @property
    def retires(self) -> tuple[Verdict, ...]:
        """The versions that are to be retired."""
        return tuple(one for one in self.versions if one.fate is Fate.RETIRE)

    @property
    def closes(self) -> tuple[Verdict, ...]:
        """The branches that are to be closed."""
        return tuple(one for one in self.branches if one.fate is Fate.CLOSE)
