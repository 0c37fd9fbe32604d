"""The values of a search for a better structure."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import fmean
from typing import Any

from resources.learning.model import ClassIndices, Images
from resources.terms import Label
from resources.train_settings import TrainSettings


@dataclass(frozen=True)
class Structure:
    """How wide and how deep."""

    channels: int
    """Feature maps of the first convolution; the later ones have twice as many."""
    depth: int
    """Residual blocks behind the last convolution."""
    columns: int = 1
    """Networks that the channels fall into; no weight leads from one to another."""


@dataclass(frozen=True)
class Candidate:
    """What a trial tries."""

    structure: Structure
    grows: bool
    """Whether it goes on from the champion, grown into this structure; else it begins from nothing."""
    settings: TrainSettings
    """With the structure and the epochs in them."""
    taught: bool = False
    """Whether it also learns what the champion and its siblings say of images without a label."""
    siblings: int = 0
    """How many networks are joined to the champion to make what it goes on from.

    Where it is taught, they are. They are trained from nothing, for the epochs of the settings.
    """

    @property
    def document(self) -> dict[str, Any]:
        """The same for a file."""
        return {
            "channels": self.structure.channels,
            "depth": self.structure.depth,
            "grows": self.grows,
            "settings": asdict(self.settings),
            **({"taught": True} if self.taught else {}),  # the documents of others stay as they were
            **({"siblings": self.siblings} if self.siblings else {}),
            **({"columns": self.structure.columns} if self.structure.columns > 1 else {}),
        }

    @classmethod
    def of(cls, document: dict[str, Any]) -> "Candidate":
        """What :attr:`document` says."""
        structure = Structure(document["channels"], document["depth"], document.get("columns", 1))
        settings = TrainSettings(**document["settings"])
        return cls(
            structure, document["grows"], settings, document.get("taught", False), document.get("siblings", 0)
        )

    def __str__(self) -> str:
        """In words."""
        how = "grown from the champion" if self.grows else "from nothing"
        passes = self.settings.incremental_epochs if self.grows else self.settings.epochs
        if self.siblings:
            how = (
                "the champion and 1 sibling"
                if self.siblings == 1
                else f"the champion and {self.siblings} siblings"
            )
        how = f"{how}, taught" if self.taught else how
        wide = f"{self.structure.channels} channels"
        wide = f"{wide} in {self.structure.columns} columns" if self.structure.columns > 1 else wide
        return f"{wide}, {self.structure.depth} blocks, {how}, {passes} epochs"


@dataclass(frozen=True)
class Problem:
    """What is searched for, and on which data; the test set is no part of it."""

    images: Images
    """The labelled training images: validation is carved out of these."""
    labels: ClassIndices
    classes: tuple[Label, ...]
    champion: bytes
    settings: TrainSettings
    """Those that the champion was trained with."""
    seed: int
    folds: int = 3
    """Into how many parts the images are cut; each is the validation part once."""
    pool: Images | None = None
    """Images without a label, to teach with; None where there are none."""


@dataclass(frozen=True)
class Validated:
    """How a candidate did on all labelled images, each while it was in the validation part."""

    accuracy: float
    losses: tuple[float, ...]
    """The cross-entropy of each image, in an order that all candidates share."""

    @property
    def loss(self) -> float:
        """On average."""
        return fmean(self.losses)


@dataclass(frozen=True)
class Measured:
    """How a candidate did; of validation the mean over all folds."""

    number: int
    """Of its trial; 0 is the champion's own structure, trained from nothing."""
    candidate: Candidate
    accuracy: float
    loss: float
    """Cross-entropy, which tells more of few images than the accuracy does."""
    latency_ratio: float
    """Its time for one batch ÷ the champion's, side by side."""
    parameters: int
    losses: tuple[float, ...] = ()
    """See :attr:`Validated.losses`."""
    again: Validated | None = None
    """How it did on other cuts, which it was not picked by; None where it was not tried on them."""


@dataclass(frozen=True)
class Told:
    """How far a search is."""

    trials: int
    pruned: int
    spent_gpu_h: float
    last: str
    """What was tried last, and how it did, in words."""


@dataclass(frozen=True)
class Outcome:
    """What a search found."""

    name: str
    reference: Measured
    """The champion's own structure, for a fair comparison trained on the same parts as the others."""
    measured: tuple[Measured, ...]
    """Those that were measured on all folds, the reference among them."""
    front: tuple[Measured, ...]
    """Of these the ones that none is better than in all of accuracy, latency and size."""
    chosen: Measured | None
    """What is to be trained in full; None where none is better than the reference."""
    pruned: int
    spent_gpu_h: float
    ended_because: str


def better_on(found: Measured, reference: Measured) -> Sequence[str]:
    """The axes on which ``found`` is ahead."""
    axes = {
        "accuracy": found.accuracy > reference.accuracy,
        "latency": found.latency_ratio < reference.latency_ratio,
        "size": found.parameters < reference.parameters,
    }
    return [axis for axis, ahead in axes.items() if ahead]
