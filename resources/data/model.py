"""The values of this subject: versions, samples, labels, snapshots and what each stage reports."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from resources.terms import DatasetName, Label, SampleId, VersionKey

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Split(StrEnum):
    """Where a sample stands in one version."""

    TRAIN = "train"
    """Labelled, and trained on."""
    POOL = "pool"
    """Without a label: people may be asked about it."""
    TEST = "test"
    """Held out: models are measured on it, and never trained on it."""


class VersionState(StrEnum):
    """How far a version is."""

    PLANNED = "planned"
    SEALED = "sealed"
    """Its tree is written and never changes again."""
    RETIRED = "retired"
    """Sealed once, no longer to be used; kept for lineage."""


@dataclass(frozen=True)
class VersionRecord:
    """One version of a data set, from the moment it is planned."""

    dataset: DatasetName
    version: VersionKey
    parent: VersionKey | None
    state: VersionState
    planned_at: datetime
    sealed_at: datetime | None
    tree_md5: str | None
    """DVC's name of the tree, ``….dir``; None until sealed."""
    new_labels: int
    """How many confirmed labels it takes up beyond its parent."""
    labelled: int | None
    """Samples in the training split; None until sealed, like the two below."""
    pool: int | None
    test: int | None
    adopted: bool = False
    """Whether people committed or merged it, and no stages made it."""
    starts_from: str | None = None
    """The version whose model its training goes on from, or ``structure:NAME`` for what a search found; None
    for the champion before it."""


@dataclass(frozen=True)
class Sample:
    """One sample as it stands in one version."""

    id: SampleId
    path: Path
    """The file on this disk, read-only, named ``<id>.png`` or as its source was."""
    label: Label | None
    """None in the pool."""
    split: Split


@dataclass(frozen=True)
class ConfirmedLabel:
    """A label that people gave, as it goes into the next version."""

    sample: SampleId
    label: Label
    ref: str
    """Which answer it was, unique for ever: an answer that is changed later gets another one."""


@dataclass(frozen=True)
class ImageSet:
    """The images of one split, transformed, in the order of their ids."""

    ids: tuple[SampleId, ...]
    images: "NDArray[np.uint8]"
    """[sample, height, width], 0 is black."""
    labels: "NDArray[np.int64] | None"
    """[sample], as positions in the data set's classes; None for the pool, and where answers are marks."""
    answers: tuple[Label, ...] | None = None
    """For each sample what is known to be right about it; None for the pool."""


@dataclass(frozen=True)
class Snapshot:
    """What a training starts from, frozen."""

    id: str
    """SHA-256 over everything below but the path."""
    dataset: DatasetName
    dataset_version: VersionKey
    tree_md5: str
    split_rule: str
    transform: str
    code_version: str
    path: Path
    """Where it is written down, as JSON."""


@dataclass(frozen=True)
class Quarantined:
    """A file that was left out of a version, and why."""

    file: str
    """Its name in the source folder."""
    problem: str
    next_step: str


@dataclass(frozen=True)
class CollectReport:
    """What the source held."""

    files: int
    samples: int
    new_samples: int
    """Samples that the parent does not have."""
    duplicates: tuple[tuple[str, str], ...]
    """Pairs of file names with the same content: the one left out, and the one that counts."""
    digest: str
    """SHA-256 over what was collected."""


@dataclass(frozen=True)
class NearDuplicate:
    """Two samples that are nearly the same, in the order of their ids."""

    one: SampleId
    other: SampleId
    distance_bits: int
    """In how many of 64 bits their perceptual hashes differ."""
    resemblance: float
    """Correlation of their thumbnails, at most 1."""
    are_texts: bool = False
    """Whether they are texts: these say the same, but for blanks, case and forms of Unicode."""

    @property
    def how(self) -> str:
        """In which way they are, in words."""
        if self.are_texts:
            return "they say the same, but for blanks, case and forms of Unicode"
        return f"{self.distance_bits} of 64 bits differ, resemblance {self.resemblance:.3f}"


@dataclass(frozen=True)
class ValidateReport:
    """Which of the collected samples can be used."""

    samples: int
    quarantined: tuple[Quarantined, ...]
    digest: str
    near_duplicates: int = 0
    """Pairs of samples that are nearly the same; versions that were sealed earlier did not count them."""


@dataclass(frozen=True)
class TransformReport:
    """The images as a model sees them."""

    samples: int
    transform: str
    mean: float
    """Mean brightness of all pixels, 0 to 255."""
    deviation: float
    """Standard deviation of the same."""
    digest: str


@dataclass(frozen=True)
class SplitReport:
    """Who is in which split, and with which labels."""

    counts: Mapping[Split, int]
    balance: Mapping[Split, Mapping[Label, int]]
    """Labelled samples by class, for the training and the test split."""
    newly_labelled: int
    corrected: int
    """Labels of the parent that people have changed since."""
    held_back: int
    """Samples that are used nowhere: they came too late for the test set that their hash belongs to, or they
    are nearly the same as a test sample."""
    split_rule: str
    digest: str
    like_test: int = 0
    """Of those held back the ones that are nearly the same as a test sample."""


@dataclass(frozen=True)
class DriftMeasure:
    """How far what is new in a version is from its parent, in one respect."""

    what: str
    """``classes``, ``brightness``, ``contrast``, ``height`` or ``width``."""
    statistic: str
    """``PSI`` (population stability index of the training split's classes, this version against its parent)
    or ``KS`` (largest distance between the two distributions, new samples against the parent's)."""
    value: float
    limit: float
    p_value: float
    """How likely it is that chance alone makes new ones differ so much from the parent's: of a chi-square
    test of the classes, or of the Kolmogorov-Smirnov test."""
    p_limit: float
    before: int
    """Of the parent how many were compared."""
    new: int

    @property
    def drifted(self) -> bool:
        """Whether the difference is large, and not by chance."""
        return self.value >= self.limit and self.p_value <= self.p_limit
