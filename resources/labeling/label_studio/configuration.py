"""The labeling page of a project: one picture and one choice, with a key for each class."""

from collections.abc import Sequence
from xml.sax.saxutils import quoteattr

from resources.labeling.label_studio.client import CHOICES_NAME, IMAGE_NAME
from resources.terms import Label

INSTRUCTION = (
    "Choose the one class that the picture shows. The model's guess is preselected: correct it where it is "
    "wrong, then submit. Skip a picture that nobody could tell."
)

PICTURE_WIDTH_PX = 320


def labeling_page(classes: Sequence[Label]) -> str:
    """The labeling configuration for ``classes``, in their order."""
    keys = hotkeys(classes)
    choices = "\n".join(
        f"    <Choice value={quoteattr(label)} hotkey={quoteattr(keys[label])}/>"
        if label in keys
        else f"    <Choice value={quoteattr(label)}/>"
        for label in classes
    )
    return (
        "<View>\n"
        f'  <Image name="{IMAGE_NAME}" value="${IMAGE_NAME}" maxWidth="{PICTURE_WIDTH_PX}px" zoom="true"/>\n'
        f'  <Choices name="{CHOICES_NAME}" toName="{IMAGE_NAME}" choice="single" required="true" '
        f'requiredMessage="Choose one class, or skip the task" showInline="true">\n{choices}\n'
        "  </Choices>\n"
        "</View>"
    )


def hotkeys(classes: Sequence[Label]) -> dict[Label, str]:
    """A key for each class: its own character where it is a single one, else 1 to 9 in order."""
    own: dict[Label, str] = {
        label: label for label in classes if len(label) == 1 and label.isascii() and label.isalnum()
    }
    if len(own) == len(classes):
        return own
    return {label: str(number) for number, label in enumerate(classes[:9], start=1)}
