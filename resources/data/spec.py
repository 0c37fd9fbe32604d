"""What is declared about a data set before any version of it exists."""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from resources.errors import BadInput
from resources.terms import DatasetName, Label

SEED_VARIABLE = "TRAINPLAT_SEED"
DEFAULT_SEED = 0

_NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True)
class DatasetSpec:
    """One data set as its owner declares it. Raises :class:`BadInput` for values that cannot work."""

    name: DatasetName
    title: str
    """How people call it."""
    classes: tuple[Label, ...]
    """The labels that exist, in the order in which a model's outputs stand."""
    image_size_px: tuple[int, int]
    """Height and width of the images that a model sees."""
    first_labelled: int
    """How many samples are labelled in the first version."""
    test_count: int
    """How many samples are held out for testing, the same ones in every version of one major number."""
    labels_per_round: int
    """How many samples people are asked about at a time, and how many answers start the next round."""
    seed: int | None = None
    """What chance is drawn from; None leaves it to ``TRAINPLAT_SEED``, see :meth:`seed_in_use`."""
    fill_source: Callable[[Path], None] | None = None
    """Writes the source folder when it is not complete; None where people fill it themselves."""

    def __post_init__(self) -> None:
        """Refuse what no version could be made of."""
        if _NAME.fullmatch(self.name) is None:
            raise BadInput(
                f"data set name {self.name!r} is not of the form [a-z][a-z0-9_]*",
                "Choose a name such as digits.",
            )
        if len(set(self.classes)) != len(self.classes) or len(self.classes) < 2:
            raise BadInput(
                f"classes of {self.name} are {list(self.classes)}; expected two or more, none of them twice",
                "List each class once.",
            )
        counts = {
            "image height": self.image_size_px[0],
            "image width": self.image_size_px[1],
            "first_labelled": self.first_labelled,
            "test_count": self.test_count,
            "labels_per_round": self.labels_per_round,
        }
        for what, value in counts.items():
            if value < 1:
                raise BadInput(
                    f"{what} of {self.name} is {value}; expected 1 or more", "Give a positive number."
                )

    def seed_in_use(self) -> int:
        """The seed, read now: the spec's own, else ``TRAINPLAT_SEED``, else 0. Raises :class:`BadInput`."""
        if self.seed is not None:
            return self.seed
        given = os.environ.get(SEED_VARIABLE, str(DEFAULT_SEED))
        if not given.strip().isdecimal():
            raise BadInput(
                f"{SEED_VARIABLE} is {given!r}; expected a whole number, 0 or more",
                f"Set it to a number such as 0, or unset it to use {DEFAULT_SEED}.",
            )
        return int(given)
