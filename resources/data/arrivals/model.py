"""The values of this subject."""

from dataclasses import dataclass
from datetime import datetime

from resources.data.manifest import Metadata
from resources.data.storage.objects import StoredObject
from resources.terms import DatasetName, SampleId, VersionKey


@dataclass(frozen=True)
class Arrival:
    """A sample that came, once; its content is in the object store."""

    dataset: DatasetName
    sample: SampleId
    name: str
    """The name of its source, and its own there."""
    stored: StoredObject
    arrived_at: datetime
    problem: str | None
    """Why it goes into no version; None for a sample that can be used."""
    version: VersionKey | None
    """The version that takes it up; None while it waits."""
    metadata: Metadata = ()
    """What its source said about it besides, by name."""
    texts: int | None = None
    """Of a file that holds many texts, which came each by itself, how many; None for a sample."""


@dataclass(frozen=True)
class Taken:
    """What one look at a place found."""

    new: tuple[Arrival, ...]
    """Samples, also those of no use."""
    strays: int
    """How many entries cannot be taken: no samples by their name, or not readable."""
    more: bool
    """Whether the look ended before the place did: what is left comes with the next one."""
