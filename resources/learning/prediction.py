"""What a model says about images."""

from collections.abc import Sequence

from resources.learning.model import LOOKING, Images, LookSettings, Outlook, Probabilities
from resources.terms import Label


def predict(
    weights: bytes, images: Images, classes: Sequence[Label], *, device: str = "cpu", threads: int = 1
) -> Probabilities:
    """Probabilities [image, class], the columns in the order of ``classes``.

    A class that was added after the model was trained has probability 0. Raises :class:`BadInput` when the
    model was trained for other classes or another image size.
    """
    from resources.learning import looking

    return looking.probabilities(weights, images, tuple(classes), device=device, threads=threads)


def look(weights: bytes, images: Images, classes: Sequence[Label], how: LookSettings = LOOKING) -> Outlook:
    """Probabilities and embeddings in one pass: what the head of the network is given, at most 512 numbers.

    With members also what so many thinned copies of the network say, drawn from the seed: each goes
    without a part of the embedding. Raises what :func:`predict` raises.
    """
    from resources.learning import looking

    return looking.look(weights, images, tuple(classes), how)
