"""What a training is told of the ones before it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from resources.continual import ContinualSettings
from resources.errors import BadInput


@dataclass(frozen=True, eq=False)
class Lesson:
    """Which images of a training are new, by which method, and what the training before it kept.

    Raises :class:`BadInput` where it is not of as many images as it names.
    """

    settings: ContinualSettings
    ids: tuple[str, ...]
    """Who each image is, in the order of the images."""
    is_new: NDArray[np.bool_]
    """For each image whether it, or its label, is not what the earlier weights were trained with."""
    memory: bytes | None = None
    """What the training of those weights kept; None for nothing."""
    takes_all: bool = False
    """Whether this training is on all images, whatever the method: a joint one."""

    def __post_init__(self) -> None:
        """Refuse what does not belong together."""
        if len(self.ids) != len(self.is_new):
            raise BadInput(
                f"{len(self.ids)} images are said to be new or old {len(self.is_new)} times; "
                "expected once for each",
                "Say of each image whether it is new.",
            )

    @property
    def trained_with(self) -> NDArray[np.int64]:
        """The rows of the images that the steps are made with; all where nothing is new."""
        takes_all = self.takes_all or not self.is_new.any()
        return np.flatnonzero(self.is_new | takes_all).astype(np.int64)

    @property
    def memory_sha256(self) -> str:
        """Which memory it is; empty for none."""
        return "" if self.memory is None else sha256(self.memory).hexdigest()

    @property
    def starts_anew(self) -> bool:
        """Whether it starts from fresh weights: for a first version, and where the method wants it."""
        return self.takes_all and self.settings.joint_starts_anew

    def fingerprint(self) -> str:
        """Differs when anything that decides the outcome differs."""
        settings = sorted((name, str(value)) for name, value in asdict(self.settings).items())
        told = (settings, self.ids, self.is_new.tolist(), self.takes_all, self.memory_sha256)
        return sha256(repr(told).encode()).hexdigest()


def lesson_of(
    settings: ContinualSettings,
    ids: Sequence[str],
    labels: Iterable[int | str],
    known: Mapping[str, int | str] | Mapping[str, int] | Mapping[str, str] | None,
    memory: bytes | None,
    number: int,
) -> Lesson:
    """The lesson of a version with ``number`` versions before it.

    ``known`` are the images that the earlier weights were trained with, and their labels then; None where
    nobody can say. An image that has another label now is new: it is learnt again, and what is remembered of
    it goes. Nothing is known to weights that are fresh.
    """
    takes_all = known is None or settings.is_joint(number)
    is_fresh = known is None or (takes_all and settings.joint_starts_anew)
    before = {} if known is None or is_fresh else known
    is_new = [before.get(one) != label for one, label in zip(ids, labels, strict=True)]
    return Lesson(
        settings,
        tuple(ids),
        np.array(is_new, dtype=np.bool_),
        None if is_fresh else memory,
        takes_all=takes_all,
    )
