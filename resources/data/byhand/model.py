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

Complaint = tuple[int, str]
"""A line, from 1, and what is wrong with it."""


@dataclass(frozen=True)
class GivenSpan:
    """One name in a text, as the file says it."""

    line: int
    where: str
    """How a complaint about one of its fields begins, such as ``spans[1].``; empty where the line is it."""
    start: int
    end: int
    """The first character after it. Both count code points."""
    label: str
    text: str | None = None
    """What is said to stand there."""


@dataclass(frozen=True)
class GivenBox:
    """One thing in a picture, as the file says it."""

    line: int
    where: str
    """As of a span."""
    x: float
    y: float
    width: float
    height: float
    label: str
    in_px: bool
    """In pixels of the picture as people see it; else in percent of its sides."""


@dataclass(frozen=True)
class GivenRow:
    """What the file says of one sample, as it stands there."""

    line: int
    """From 1, as an editor shows it."""
    name: str
    """The sample: its id, the name or path it is known by, or a file beside this one."""
    label: str
    """The class; empty where an answer is marks."""
    marks: tuple[GivenSpan | GivenBox, ...] = ()
    text: str | None = None
    """The sample itself, where it is a text that is given here."""
    is_whole: bool = True
    """Whether all its fields can be read."""


@dataclass(frozen=True)
class GivenLabel:
    """What the file says of one sample."""

    sample: SampleId
    label: Label
    row: GivenRow
    """Where it says so, for the first time."""


@dataclass(frozen=True)
class NewSample:
    """A picture or text that the data set does not have yet."""

    sample: SampleId
    name: str
    content: bytes


@dataclass(frozen=True)
class GivenLabels:
    """All that a file says, each sample once."""

    labels: tuple[GivenLabel, ...]
    """In the order of the file."""
    fresh: tuple[NewSample, ...]

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
    fresh: int = 0
    """Samples that the data set did not have."""
    known: int = 0
    """Labels that the version before has already: they are left out."""
