"""What is labelled in a data set, in the words that data, labeling and learning share."""

from enum import StrEnum

from resources.texts import Translate, mark


class Measure(StrEnum):
    """By what a model is measured, 0 to 1."""

    ACCURACY = "accuracy"
    """Share of the samples that were guessed rightly."""
    SPAN_F1 = "span_f1"
    """F1 of the spans: one is right where it begins, ends and is called as a person said."""
    BOX_AP = "box_ap50"
    """Average precision of the boxes at an intersection over union of 0.5, the mean over the classes."""

    @property
    def is_of_marks(self) -> bool:
        """Whether answers are marks in a sample; else each is the name of a class."""
        return self is not Measure.ACCURACY

    @property
    def words(self) -> str:
        """What people call it, in English: to be translated where it is shown."""
        return _MEASURES[self]

    def heading(self, translate: Translate) -> str:
        """The same where a text begins with it."""
        words = translate(self.words)
        return words[:1].upper() + words[1:]


_MEASURES = {
    Measure.ACCURACY: mark("accuracy"),
    Measure.SPAN_F1: mark("span F1"),
    Measure.BOX_AP: mark("average precision"),
}


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
    def measure(self) -> Measure:
        """By what a model of it is measured."""
        if self.has_one_class:
            return Measure.ACCURACY
        return Measure.SPAN_F1 if self is Kind.ENTITIES else Measure.BOX_AP

    @property
    def has_one_class(self) -> bool:
        """Whether an answer is the name of a class; else it is a list of marks, see `resources.marks`."""
        return self in (Kind.IMAGE_CLASSES, Kind.TEXT_CLASSES)
