"""What is right about the samples of a split."""

from resources.data.model import ImageSet
from resources.errors import NotFound
from resources.learning.model import ClassIndices
from resources.terms import Label


def labels_of(images: ImageSet) -> ClassIndices:
    """The labels of a split that has them. Raises :class:`NotFound`."""
    if images.labels is None:
        raise NotFound(
            f"{len(images.ids)} images came without labels; expected those of the split train or test",
            "Make the data version again.",
        )
    return images.labels


def answers_of(images: ImageSet) -> tuple[Label, ...]:
    """The answers of a split where they are known. Raises :class:`NotFound`."""
    if images.answers is None:
        raise NotFound(
            f"{len(images.ids)} samples came without answers; expected those of the split train or test",
            "Make the data version again.",
        )
    return images.answers
