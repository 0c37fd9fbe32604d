"""What a model says about images."""

from collections.abc import Sequence

from resources.learning.model import Images, Probabilities
from resources.terms import Label


def predict(
    weights: bytes, images: Images, classes: Sequence[Label], *, device: str = "cpu", threads: int = 1
) -> Probabilities:
    """Probabilities [image, class], the columns in the order of ``classes``.

    Raises :class:`BadInput` when the model was trained for other classes or another image size.
    """
    from resources.learning import network

    return network.probabilities(weights, images, tuple(classes), device=device, threads=threads)
