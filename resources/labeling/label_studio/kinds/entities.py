"""What is named where in a text: spans of characters, each of one class."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from resources.labeling.label_studio.kinds.form import CONTROL, TEXT, options, ours, text_tag
from resources.marks import Span, spans_in, written
from resources.terms import Label


@dataclass(frozen=True)
class EntityForm:
    """Labels that are put on parts of a text."""

    shown: str = TEXT
    control: str = "Labels"
    takes_nothing: bool = True
    instruction: str = (
        "Mark every name in the text: choose its class, then select its words. What the model found is "
        "marked already: correct it where it is wrong, then submit. A text without any name is submitted as "
        "it is."
    )

    def page(self, classes: Sequence[Label]) -> str:
        """The classes, then the text below them."""
        return (
            "<View>\n"
            f'  <Labels name="{CONTROL}" toName="{TEXT}">\n{options("Label", classes)}\n  </Labels>\n'
            f"{text_tag()}"
            "</View>"
        )

    def regions(self, answer: Label) -> list[dict[str, Any]]:
        """One region for each span."""
        return [
            {
                "id": f"span{number}",
                "from_name": CONTROL,
                "to_name": TEXT,
                "type": "labels",
                "value": {"start": span.start, "end": span.end, "labels": [span.label]},
            }
            for number, span in enumerate(spans_in(answer), start=1)
        ]

    def answers(self, result: Any, data: Mapping[str, Any]) -> tuple[Label, ...]:
        """One answer always; a region without a class names the class ``""``, which is none."""
        text = str(data.get(TEXT, ""))
        spans = [
            Span(*places, Label(str(label)))
            for value in ours(result)
            if (places := _places(value, text)) is not None
            for label in value.get("labels") or ("",)
        ]
        return (written(spans),)


def _places(value: Mapping[str, Any], text: str) -> tuple[int, int] | None:
    """Where a region begins and ends, in characters, without blanks at its ends; None where it marks nothing.

    Label Studio counts characters, as we do, each end of a line by its characters too; browsers, and what is
    imported from elsewhere, may count in UTF-16, where some are two: what the region says it holds decides.
    How it says the ends of lines plays no part.
    """
    try:
        start, end = int(value["start"]), int(value["end"])
    except (KeyError, TypeError, ValueError):
        return None
    if "text" in value and not _alike(text[start:end], value["text"]):
        units = text.encode("utf-16-le")
        before, held = units[: 2 * start], units[2 * start : 2 * end].decode("utf-16-le", errors="replace")
        if _alike(held, value["text"]):
            start = len(before.decode("utf-16-le", errors="replace"))
            end = start + len(held)
    start, end = max(0, start), min(end, len(text)) if text else end
    held = text[start:end]
    if text and not held.strip():
        return None
    start += len(held) - len(held.lstrip())
    return start, end - (len(held) - len(held.rstrip()))


def _alike(held: str, said: object) -> bool:
    """Whether both are the same but for the ends of lines: a page shows each as a break."""
    return held.translate(_NO_ENDS) == str(said).translate(_NO_ENDS)


_NO_ENDS = str.maketrans("", "", "\r\n")
ENTITIES = EntityForm()
