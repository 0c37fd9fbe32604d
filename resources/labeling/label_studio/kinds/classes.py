"""One class for each sample: a picture or a text and one choice, with a key for each class."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from resources.labeling.label_studio.kinds.form import (
    CONTROL,
    PICTURE,
    TEXT,
    options,
    ours,
    picture_tag,
    text_tag,
)
from resources.terms import Label


@dataclass(frozen=True)
class ClassForm:
    """One choice about ``shown``."""

    shown: str
    control: str = "Choices"
    takes_nothing: bool = False

    @property
    def instruction(self) -> str:
        """What people are told to do."""
        what = "picture" if self.shown == PICTURE else "text"
        does = "shows" if self.shown == PICTURE else "belongs to"
        return (
            f"Choose the one class that the {what} {does}. The model's guess is preselected: correct it "
            f"where it is wrong, then submit. Skip a {what} that nobody could tell."
        )

    def page(self, classes: Sequence[Label]) -> str:
        """The object, then the choices below it."""
        return (
            "<View>\n"
            f"{picture_tag() if self.shown == PICTURE else text_tag()}"
            f'  <Choices name="{CONTROL}" toName="{self.shown}" choice="single" required="true" '
            'requiredMessage="Choose one class, or skip the task" showInline="true">\n'
            f"{options('Choice', classes)}\n"
            "  </Choices>\n"
            "</View>"
        )

    def regions(self, answer: Label) -> list[dict[str, Any]]:
        """One choice."""
        value = {"choices": [answer]}
        return [{"from_name": CONTROL, "to_name": self.shown, "type": "choices", "value": value}]

    def answers(self, result: Any, data: Mapping[str, Any]) -> tuple[Label, ...]:  # noqa: ARG002
        """Every choice, sorted, each once: a usable annotation has exactly one."""
        chosen = {Label(str(choice)) for value in ours(result) for choice in value.get("choices") or ()}
        return tuple(sorted(chosen))


IMAGE_CLASSES = ClassForm(PICTURE)
TEXT_CLASSES = ClassForm(TEXT)
