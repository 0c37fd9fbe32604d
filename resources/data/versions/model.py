"""The values of versions, branches and work trees."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from resources.terms import Actor, DatasetName, VersionKey

if TYPE_CHECKING:
    from resources.data.schemas.comparing import SchemaChange

NOTHING_SAID = "{}"
"""The schema of versions about whose files nothing was read or declared."""


class State(StrEnum):
    """What a version is good for."""

    SEALED = "sealed"
    """It never changes, and can be used."""
    RETIRED = "retired"
    """No longer to be used; kept for lineage."""
    ERASED = "erased"
    """Its bytes are gone for good; the record is kept."""


class BranchState(StrEnum):
    """How far a branch is."""

    OPEN = "open"
    MERGED = "merged"
    CLOSED = "closed"
    """Given up; its versions are kept."""


@dataclass(frozen=True)
class Version:
    """One version of a data set."""

    dataset: DatasetName
    key: VersionKey
    """``v1.3`` on the main line, ``<branch>@2`` on a branch."""
    number: int
    """Its place among all versions of the data set, in the order in which they were committed."""
    branch: str | None
    """None on the main line."""
    state: State
    tree_md5: str
    """DVC's name of its tree, ``….dir``."""
    tree_sha256: str
    """SHA-256 of the tree's text."""
    files: int
    size_bytes: int
    schema: str
    """What its files have in common, as JSON; what breaks readers makes the next major version."""
    author: Actor
    message: str
    committed_at: datetime
    parents: tuple[VersionKey, ...]


@dataclass(frozen=True)
class Branch:
    """A line of versions beside the main one."""

    dataset: DatasetName
    name: str
    base: VersionKey
    head: VersionKey
    user: str
    state: BranchState
    merged_as: VersionKey | None
    created_at: datetime


@dataclass(frozen=True)
class WorkTree:
    """What a folder was the last time that somebody committed it or gave a version out into it."""

    root: Path
    dataset: DatasetName
    base: VersionKey
    tree_md5: str
    branch: str | None = None
    """Where what is committed from it goes; None for the main line."""


@dataclass(frozen=True)
class Committed:
    """What a commit made."""

    version: Version
    is_new: bool
    """False where nothing had changed: then it is the version that the folder is at."""
    added: int
    changed: int
    removed: int
    new_bytes: int
    """Of content that the store did not have."""
    overtaken_by: VersionKey | None
    """The version that somebody else committed meanwhile; then this one went to a branch."""
    held_by: str | None = None
    """Who has the lock to write where it was to go; then it went to a branch, too."""
    instead_of: Branch | None = None
    """The branch that the folder was on, where that is not open any more; then it went to a new one."""
    schema_changes: "tuple[SchemaChange, ...]" = ()
    """What is different in its schema from that of the version that the folder was at."""
