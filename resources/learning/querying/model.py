"""The values of querying: what a strategy sees, and what is chosen."""

from collections.abc import Iterator, Set
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from resources.asking import Why
from resources.errors import BadInput
from resources.learning.model import Embeddings, Probabilities
from resources.terms import SampleId

Row = int
"""A place in the pool of a snapshot."""

Ranking = list[tuple[Row, float]]
"""Rows in the order in which a strategy takes them, each with its value by the strategy's own measure."""


@dataclass(frozen=True, eq=False)
class Snapshot:
    """A pool as one model sees it, frozen. Raises :class:`BadInput` for parts that do not fit together."""

    ids: tuple[SampleId, ...]
    """The samples that may be asked about; each once."""
    probabilities: Probabilities
    """[sample, class]."""
    embeddings: Embeddings | None = None
    """[sample, feature]: what the model's head is given."""
    labelled_embeddings: Embeddings | None = None
    """[labelled sample, feature], by the same model, in any order."""
    labelled_counts: NDArray[np.int64] | NDArray[np.float64] | None = None
    """How many samples of each class have a label; one that is asked about counts for each class as likely
    as the model holds it."""
    members: NDArray[np.float64] | None = None
    """[member, sample, class]: what each member of a committee says, or each pass with dropout."""
    drawn: "Snapshot | None" = None
    """What chance took for the same batch: not in the pool any more, and labelled as soon as the rest is."""

    def __post_init__(self) -> None:
        """Refuse what does not fit together."""
        if self.probabilities.ndim != 2 or len(self.ids) != len(self.probabilities):
            raise BadInput(
                f"{len(self.ids)} sample ids came with probabilities of shape {self.probabilities.shape}; "
                "expected one row each",
                "Predict exactly the samples that are to be chosen from.",
            )
        if len(set(self.ids)) != len(self.ids):
            raise BadInput("a sample stands in the pool twice", "Give each sample of the pool once.")
        for problem in self._misfits():
            raise BadInput(f"the pool has {problem}", "Take all of them from one model and one data set.")

    def sorted(self) -> "Snapshot":
        """The same pool by sample id, and what is labelled in an order of its own: any two that say the same
        are the same after this, bit by bit.
        """
        rows = sorted(range(len(self.ids)), key=self.ids.__getitem__)
        known = self.labelled_embeddings
        return replace(self.at(rows), labelled_embeddings=None if known is None else np.unique(known, axis=0))

    @property
    def covered_embeddings(self) -> Embeddings | None:
        """Of all that has a label, or will have one with this batch; None where nothing is known of any."""
        drawn = None if self.drawn is None else self.drawn.embeddings
        known = [one for one in (self.labelled_embeddings, drawn) if one is not None]
        return np.concatenate(known) if known else None

    def without(self, asked: Set[SampleId]) -> "Snapshot":
        """The pool without what was asked before, which counts as labelled: it will be."""
        fresh = [row for row, sample in enumerate(self.ids) if sample not in asked]
        waiting = self.at([row for row, sample in enumerate(self.ids) if sample in asked])
        counts = self.labelled_counts
        return replace(
            self.at(fresh),
            labelled_embeddings=replace(self, drawn=waiting).covered_embeddings,
            labelled_counts=None if counts is None else counts + waiting.probabilities.sum(axis=0),
        )

    def at(self, rows: list[Row]) -> "Snapshot":
        """A pool of these rows only."""
        return replace(
            self,
            ids=tuple(self.ids[row] for row in rows),
            probabilities=self.probabilities[rows],
            embeddings=None if self.embeddings is None else self.embeddings[rows],
            members=None if self.members is None else self.members[:, rows],
        )

    def _misfits(self) -> Iterator[str]:
        samples, classes = self.probabilities.shape
        if self.embeddings is not None and (self.embeddings.ndim != 2 or len(self.embeddings) != samples):
            yield f"{samples} samples and embeddings of shape {self.embeddings.shape}"
        if self.labelled_embeddings is not None and (
            self.embeddings is None or self.labelled_embeddings.shape[1:] != self.embeddings.shape[1:]
        ):
            yield f"labelled samples of shape {self.labelled_embeddings.shape}, unlike its own embeddings"
        if self.labelled_counts is not None and self.labelled_counts.shape != (classes,):
            yield f"{classes} classes and counts of shape {self.labelled_counts.shape}"
        if self.members is not None and self.members.shape[1:] != self.probabilities.shape:
            yield f"probabilities of shape {self.probabilities.shape} and members' of {self.members.shape}"
        for name in ("probabilities", "embeddings", "labelled_embeddings", "members"):
            values = getattr(self, name)
            if values is not None and not np.isfinite(values).all():
                yield f"{name.replace('_', ' ')} that are not finite"


@dataclass(frozen=True)
class Choice:
    """One sample that is worth a question."""

    sample: SampleId
    index: Row
    """Its row in the snapshot."""
    score: float
    """Its value by the strategy's own measure; for a random pick the number that was drawn, 0 to 1."""
    why: Why
