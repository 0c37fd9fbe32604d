"""The values of labels that are given in a file."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from resources.data.arrivals.model import Arrival
from resources.data.manifest import SampleRow
from resources.data.model import VersionRecord
from resources.data.spec import DatasetSpec
from resources.terms import Label, SampleId


@dataclass(frozen=True)
class GivenRow:
    """One line of the file, as it stands there."""

    line: int
    """From 1, as an editor shows it."""
    name: str
    """The sample: its id, the name or path it is known by, or a picture beside the file."""
    label: str


@dataclass(frozen=True)
class GivenLabel:
    """What the file says of one sample."""

    sample: SampleId
    label: Label
    row: GivenRow
    """Where it says so, for the first time."""


@dataclass(frozen=True)
class NewPicture:
    """A picture that the data set does not have yet."""

    sample: SampleId
    name: str
    content: bytes


@dataclass(frozen=True)
class GivenLabels:
    """All that a file says, each sample once."""

    labels: tuple[GivenLabel, ...]
    """In the order of the file."""
    pictures: tuple[NewPicture, ...]

    @property
    def identity(self) -> str:
        """The same for all files that say the same of the same samples, in whatever order and format."""
        told = "\n".join(sorted(f"{one.sample} {one.label}" for one in self.labels))
        return hashlib.sha256(told.encode()).hexdigest()[:32]


@dataclass(frozen=True)
class Understood:
    """A file whose every line means something, beside what the data set had then."""

    spec: DatasetSpec
    path: Path
    given: GivenLabels
    newest: VersionRecord
    """The newest sealed version."""
    samples: Sequence[SampleRow]
    """Its samples."""
    came: Mapping[SampleId, Arrival]
    """What came by itself and is not among them."""


class Fate(StrEnum):
    """What became of a file of labels."""

    PLANNED = "planned"
    """A version was planned that takes them up."""
    TAKEN = "taken"
    """A version had taken up the same labels before."""
    KNOWN = "known"
    """The newest version has all of them; nothing was planned."""


@dataclass(frozen=True)
class PlannedByHand:
    """What became of a file of labels, and by which version they are or will be had."""

    version: VersionRecord
    fate: Fate
    given: int
    newly_labelled: int = 0
    """Samples that were in the pool, or nowhere."""
    corrected: int = 0
    """Samples that were trained on with another label."""
    pictures: int = 0
    """Samples that the data set did not have."""
    known: int = 0
    """Labels that the version before has already: they are left out."""
