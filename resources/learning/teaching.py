"""What a network is taught besides its labels: what others say of images without one (Hinton et al. 2015)."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

import numpy as np

from resources.errors import BadInput
from resources.learning.model import Images, Probabilities
from resources.terms import Label


@dataclass(frozen=True, eq=False)
class Teaching:
    """Images without a label, and what is said of them. Raises :class:`BadInput` where they do not fit."""

    images: Images
    said: Probabilities
    """By image and class."""

    def __post_init__(self) -> None:
        """Refuse what does not belong together."""
        if len(self.images) == 0 or len(self.images) != len(self.said):
            raise BadInput(
                f"{len(self.images)} images came with {len(self.said)} rows of probabilities; expected "
                "as many, and at least one",
                "Teach with what the teachers say of these images.",
            )

    def fingerprint(self) -> str:
        """Differs when anything that decides the outcome differs."""
        digest = sha256(repr(self.images.shape).encode())
        digest.update(np.ascontiguousarray(self.images).tobytes())
        digest.update(np.ascontiguousarray(self.said, dtype=np.float64).tobytes())
        return digest.hexdigest()


def teaching_of(
    teachers: Sequence[bytes],
    images: Images,
    classes: tuple[Label, ...],
    *,
    device: str = "cpu",
    threads: int = 1,
) -> Teaching:
    """What the teachers say of the images, on average: they are wrong in different places."""
    from resources.learning.prediction import predict

    said = [predict(one, images, classes, device=device, threads=threads) for one in teachers]
    return Teaching(images, np.mean(said, axis=0))
