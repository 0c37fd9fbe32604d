"""What is labelled in a data set, in the words that data, labeling and learning share."""

from enum import StrEnum


class Kind(StrEnum):
    """What a sample is, and what people say about it."""

    IMAGE_CLASSES = "image_classes"
    """Pictures, each of one class."""
    TEXT_CLASSES = "text_classes"
    """Texts, each of one class."""
    ENTITIES = "entities"
    """Texts, and what is named where in them."""
    BOXES = "boxes"
    """Pictures, and what is to be seen where in them."""

    @property
    def is_text(self) -> bool:
        """Whether samples are texts; else they are pictures."""
        return self in (Kind.TEXT_CLASSES, Kind.ENTITIES)

    @property
    def has_one_class(self) -> bool:
        """Whether an answer is the name of a class; else it is a list of marks, see `resources.marks`."""
        return self in (Kind.IMAGE_CLASSES, Kind.TEXT_CLASSES)
