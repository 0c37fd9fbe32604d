"""What a kind of answer needs in Label Studio."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol
from xml.sax.saxutils import quoteattr

from resources.terms import Label

CONTROL = "label"
"""What the control is called in the labeling configuration and in every result."""

PICTURE, TEXT = "image", "text"
"""What is shown, as the configuration, the data of a task and every result call it."""

PICTURE_WIDTH_PX = 320


class Form(Protocol):
    """One kind of answer. Pure."""

    @property
    def shown(self) -> str:
        """:data:`PICTURE` or :data:`TEXT`."""
        ...

    @property
    def control(self) -> str:
        """The tag of the control that people answer with."""
        ...

    @property
    def instruction(self) -> str:
        """What people are told to do."""
        ...

    @property
    def takes_nothing(self) -> bool:
        """Whether it is an answer to mark nothing."""
        ...

    def page(self, classes: Sequence[Label]) -> str:
        """The labeling configuration for ``classes``, in their order."""
        ...

    def regions(self, answer: Label) -> list[dict[str, Any]]:
        """``answer`` as the result of a prediction or an annotation."""
        ...

    def answers(self, result: Any, data: Mapping[str, Any]) -> tuple[Label, ...]:
        """What a result says about the sample of ``data``, whatever a changed configuration put beside it."""
        ...


def picture_tag() -> str:
    """The picture on a labeling page."""
    return f'  <Image name="{PICTURE}" value="${PICTURE}" maxWidth="{PICTURE_WIDTH_PX}px" zoom="true"/>\n'


def text_tag() -> str:
    """The text on a labeling page; what is marked in it ends where words end."""
    return f'  <Text name="{TEXT}" value="${TEXT}" valueType="text" granularity="word"/>\n'


def options(tag: str, classes: Sequence[Label]) -> str:
    """A line for each class, with its key."""
    keys = hotkeys(classes)
    return "\n".join(
        f"    <{tag} value={quoteattr(label)} hotkey={quoteattr(keys[label])}/>"
        if label in keys
        else f"    <{tag} value={quoteattr(label)}/>"
        for label in classes
    )


def hotkeys(classes: Sequence[Label]) -> dict[Label, str]:
    """A key for each class: its own character where it is a single one, else 1 to 9 in order."""
    own: dict[Label, str] = {
        label: label for label in classes if len(label) == 1 and label.isascii() and label.isalnum()
    }
    if len(own) == len(classes):
        return own
    return {label: str(number) for number, label in enumerate(classes[:9], start=1)}


def ours(result: Any) -> list[dict[str, Any]]:
    """The values of our control in a result."""
    regions = [region for region in result if isinstance(region, dict)] if isinstance(result, list) else []
    values = [region.get("value") for region in regions if region.get("from_name") == CONTROL]
    return [value for value in values if isinstance(value, dict)]
